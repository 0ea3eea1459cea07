"""Redis servers of another kind: they evict, they are full, they are a cluster.

Each test has a server of its own, as it changes its settings.
"""

import shutil
import socket
import subprocess
import time

import pytest
import redis

from twopi_token_auth import (
    ConfigurationError,
    SessionError,
    SessionManager,
    SessionToken,
    StoreUnavailableError,
)
from twopi_token_auth.stores.redis import RedisStore

pytestmark = pytest.mark.services
SECRET = "thirty-two bytes, enough for all of HS256"


class Token(SessionToken):
    def dump(self, secret=SECRET):
        return super().dump(secret)


def make_manager(client, **options):
    store = RedisStore(client, **options)
    return SessionManager(store, Token, secrets=lambda: [SECRET])


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def serve(tmp_path):
    """Start a server; return its port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    processes = []

    def serve(*options):
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        process = subprocess.Popen(
            [*command, "--dir", str(tmp_path), *options], stdout=subprocess.DEVNULL
        )
        processes.append(process)
        deadline = time.monotonic() + 60
        with redis.Redis(port=port) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                else:
                    return port

    yield serve
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def client(serve):
    with redis.Redis(port=serve()) as client:
        yield client


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-random", "volatile-ttl"])
def test_a_server_that_evicts_is_refused_by_name(client, policy):
    client.config_set("maxmemory-policy", policy)
    manager = make_manager(client)

    for call in (manager.store.check, lambda: manager.start("ada")):
        with pytest.raises(ConfigurationError, match=f"{policy}.*noeviction"):
            call()
    allowed = make_manager(client, allow_eviction=True)
    assert allowed.start("ada")
    client.config_set("maxmemory-policy", "noeviction")
    assert manager.start("ada")
    manager.store.check()


def test_a_server_that_tells_nothing_is_accepted(client):
    client.acl_setuser(
        "app", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"]
    )
    with redis.Redis(
        port=client.connection_pool.connection_kwargs["port"],
        username="app",
        password="x",
    ) as limited:
        assert make_manager(limited).start("ada")


def test_sessions_can_be_ended_while_the_memory_is_full(client):
    manager = make_manager(client)
    one, two, three = (manager.start("ada") for _ in range(3))
    old = one.refresh_token
    one = manager.renew(manager.renew(old).refresh_token)
    client.config_set("maxmemory", 1)

    with pytest.raises(StoreUnavailableError):
        manager.start("ada")
    with pytest.raises(SessionError, match="reused"):
        manager.renew(old)
    assert manager.revoke(two.session.id)
    assert manager.revoke_all("ada") == 1
    assert manager.list("ada") == []
    client.config_set("maxmemory", 0)
    for grant in (one, two, three):
        with pytest.raises(SessionError, match="revoked"):
            manager.renew(grant.refresh_token)


@pytest.mark.parametrize("prefix", ["twopi:", "{shop}:"])
def test_a_cluster_works(serve, prefix):
    port = serve("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with redis.Redis(port=port) as node:
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + 60
        while b"cluster_state:ok" not in node.execute_command("CLUSTER", "INFO"):
            assert time.monotonic() < deadline
    with redis.RedisCluster(host="127.0.0.1", port=port) as client:
        manager = make_manager(client, prefix=prefix)
        grant = manager.renew(manager.start("ada").refresh_token)
        manager.start("ada")
        assert manager.get(grant.session.id) == grant.session
        assert len(manager.list("ada")) == 2
        assert manager.revoke(grant.session.id)
        assert manager.revoke_all("ada") == 1
        manager.store.check()
