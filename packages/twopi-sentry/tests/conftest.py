import base64
import html
import http.server
import json
import threading
import time
import zlib
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

DSN = "https://key@sentry.invalid/1"


class Recording(Transport):
    """Keeps the bytes that would have been sent."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def capture_envelope(self, envelope):
        self.sent.append(envelope.serialize())

    def items(self, *kinds):
        """Return the JSON payloads of the items of these *kinds*, or of all."""
        return [
            json.loads(payload)
            for header, payload in self._items()
            if header["type"] in kinds or (not kinds and header["type"] != "attachment")
        ]

    def _items(self):
        """Yield the header and the payload of each item."""
        for envelope in self.sent:
            rest = envelope.partition(b"\n")[2]
            while rest:
                line, _, rest = rest.partition(b"\n")
                header = json.loads(line)
                length = header.get("length")
                if length is None:
                    length = rest.find(b"\n")
                payload, rest = rest[:length], rest[length + 1 :]
                yield header, payload

    def kinds(self):
        """Return the kind of each item."""
        return [header["type"] for header, _ in self._items()]

    @property
    def events(self):
        return self.items("event")

    def leaks(self, secret):
        """Return the texts that *secret* is in, in whatever encoding."""
        forms = [*_forms(secret)]
        return [text for text in self._all() if any(form in text for form in forms)]

    def leaked(self, planted):
        """Name those of the secrets *planted* that are in what was sent."""
        everything = "\n".join(self._all())
        found = []
        for name, secret in planted.items():
            if any(form in everything for form in _forms(secret)):
                found.append(name)
        return found

    def _all(self):
        """Return all texts, decoded, and the envelopes as they are."""
        raw = [envelope.decode("utf-8", "replace") for envelope in self.sent]
        return [*_texts(self.items()), *raw]


def _forms(secret):
    forms = {secret, html.escape(secret)}
    forms |= {repr(form)[1:-1] for form in [*forms]}
    forms |= {json.dumps(form)[1:-1] for form in [*forms]}
    forms |= {repr(form)[1:-1] for form in [*forms]}
    forms |= {quote(secret), quote(secret, ""), quote_plus(secret)}
    forms |= {secret.encode().decode("latin-1"), repr(secret.encode())[2:-1]}
    return forms | {*_base64(secret)}


def _base64(secret):
    """Yield what is in base64 wherever *secret* starts in what was encoded."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(b"x" * before + secret.encode() + b"x" * 3).decode()
            digits = whole[
                before + (before > 0) : (before + len(secret.encode())) * 4 // 3
            ]
            yield from (digits, quote(digits, safe=""))


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


class Sentry(http.server.BaseHTTPRequestHandler):
    """Takes envelopes as Sentry does."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompress(body, 31)
        self.server.recording.sent.append(body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Loopback(Recording):
    """Keeps what reaches a Sentry on this machine; `dsn` is where to send it."""

    def wait(self, count, process, seconds=300):
        """Wait until *count* errors have come, or *process* has ended."""
        deadline = time.monotonic() + seconds
        mark = b'"exception":{"values"'
        while time.monotonic() < deadline and process.poll() is None:
            if sum(mark in envelope for envelope in self.sent) >= count:
                return
            time.sleep(0.2)

    @property
    def errors(self):
        """The events that are no log lines."""
        return [event for event in self.events if "exception" in event]


@contextmanager
def running_sentry():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    server.recording = Loopback()
    server.recording.dsn = f"http://key@127.0.0.1:{server.server_port}/1"
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield server.recording
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(name="loopback")
def sentry_on_this_machine():
    with running_sentry() as recording:
        yield recording


@pytest.fixture(name="recording")
def recording_transport():
    return Recording()


@pytest.fixture(name="new_recording", scope="session")
def class_of_recording():
    return Recording


@pytest.fixture(name="dsn", scope="session")
def valid_dsn():
    return DSN


@pytest.fixture(autouse=True)
def _own_scopes():
    """Nothing that a test binds to a scope outlives it."""
    before = sentry_sdk.get_global_scope().client
    with sentry_sdk.isolation_scope():
        yield
    sentry_sdk.get_global_scope().set_client(before)
    assert not sentry_sdk.get_client().is_active()
