import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

POLL = 0.05


def wait(condition, seconds=120):
    """Wait for another process: return the first true value of *condition*.

    So many *seconds*, because a busy machine is slow, which is no failure.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the other process did not answer"
        time.sleep(POLL)
    return value


@pytest.fixture
def wait_for():
    return wait


def group_exists(pid):
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Worker:
    """A Celery worker in processes of its own, and a client's view of it."""

    def __init__(self, folder, pool, concurrency, log, options=()):
        self.folder = folder
        self.log = log
        self.name = f"{log.parent.name}-{os.getpid()}@{socket.gethostname()}"
        command = [sys.executable, "-m", "celery", "-A", "tasks:celery", "worker"]
        command += ["--pool", pool, "--concurrency", str(concurrency)]
        command += ["--hostname", f"{log.parent.name}-{os.getpid()}@%h"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--loglevel", "INFO", *options],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self):
        def ready():
            assert self.process.poll() is None, self.log.read_text()
            return " ready." in self.log.read_text()

        wait(ready)

    def run(self, celery, name, *args):
        """Send a task and return its result."""
        result = celery.send_task(f"tasks.{name}", args)
        return result.get(timeout=120, interval=POLL)

    def stop(self, number=signal.SIGTERM):
        """Send a signal to the worker alone; return once all its processes are gone."""
        self.process.send_signal(number)
        self.process.wait(120)
        wait(lambda: not group_exists(self.process.pid))

    def kill(self):
        if group_exists(self.process.pid):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)


@pytest.fixture(scope="session")
def start_worker(tmp_path_factory):
    """A context manager that runs a worker for the text of a module of tasks."""

    @contextmanager
    def start(source, pool="solo", concurrency=2, options=()):
        folder = tmp_path_factory.mktemp("worker")
        (folder / "tasks.py").write_text(textwrap.dedent(source))
        worker = Worker(folder, pool, concurrency, folder / "worker.log", options)
        try:
            worker.wait_until_ready()
            yield worker
        finally:
            worker.kill()

    return start


@pytest.fixture
def run_python(tmp_path):
    """Run a script in a process of its own, since a fork takes along all of pytest."""

    def run(source):
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


class Proxy:
    """A TCP server in front of another one, which can be away for a while."""

    def __init__(self):
        self._target = None
        self._sockets = []
        self._silent = set()
        self._all_silent = False
        self._listen()
        self._port = self._listening.getsockname()[1]

    def url(self, url):
        """Return the *url* of the server by way of this one."""
        parts = urlsplit(url)
        self._target = parts.hostname, parts.port
        user = parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{self._port}" if user else f"127.0.0.1:{self._port}"
        return parts._replace(netloc=netloc).geturl()

    def close(self):
        with contextlib.suppress(OSError):  # also wakes the thread that accepts
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        while self._sockets:
            _shut(self._sockets.pop())

    def silence(self, *, connected_only=False):
        """Forward nothing any more: of present connections, or of all."""
        self._silent.update(self._sockets)
        self._all_silent = not connected_only

    def speak(self):
        """Forward what new connections send; the present ones are closed."""
        self._all_silent = False
        while self._sockets:
            _shut(self._sockets.pop())

    def cut(self, seconds):
        """Break all connections and refuse new ones for so many *seconds*."""
        self.close()
        time.sleep(seconds)
        self._listen(self._port)

    def _listen(self, port=0):
        self._listening = socket.create_server(("127.0.0.1", port))
        threading.Thread(
            target=self._accept, args=[self._listening], daemon=True
        ).start()

    def _accept(self, listening):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._all_silent and source not in self._silent:
                    target.sendall(data)
        if source not in self._silent:
            _shut(source)
            _shut(target)


def _shut(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@pytest.fixture
def proxy():
    with contextlib.closing(Proxy()) as proxy:
        yield proxy


def server(name):
    @pytest.fixture(name=name.lower())
    def url():
        return os.environ[f"TWOPI_TEST_{name}_URL"]

    return url


postgres = server("POSTGRES")
mariadb = server("MARIADB")
redis = server("REDIS")
rabbitmq = server("RABBITMQ")
