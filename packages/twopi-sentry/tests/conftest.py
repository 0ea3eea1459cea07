import html
import json
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
        found = []
        for envelope in self.sent:
            rest = envelope.partition(b"\n")[2]
            while rest:
                line, _, rest = rest.partition(b"\n")
                header = json.loads(line)
                length = header.get("length")
                if length is None:
                    length = rest.find(b"\n")
                payload, rest = rest[:length], rest[length + 1 :]
                if not kinds or header["type"] in kinds:
                    found.append(payload)
        return [json.loads(payload) for payload in found]

    @property
    def events(self):
        return self.items("event")

    def leaks(self, secret):
        """Return the texts that *secret* is in, in whatever encoding."""
        forms = {secret, html.escape(secret)}
        forms |= {repr(form)[1:-1] for form in [*forms]}
        forms |= {json.dumps(form)[1:-1] for form in [*forms]}
        forms |= {repr(form)[1:-1] for form in [*forms]}
        forms |= {quote(secret), quote(secret, ""), quote_plus(secret)}
        forms |= {secret.encode().decode("latin-1"), repr(secret.encode())[2:-1]}
        texts = [*_texts(self.items())] + [
            envelope.decode("utf-8", "replace") for envelope in self.sent
        ]
        return [text for text in texts for form in forms if form in text]


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


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
