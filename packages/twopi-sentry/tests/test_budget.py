"""What is sent when more would have to be looked at than is worth it."""

import pytest
import sentry_sdk
from flask import Flask
from sentry_sdk.attachments import Attachment
from sentry_sdk.scrubber import DEFAULT_DENYLIST, EventScrubber

from twopi_config import Vocabulary
from twopi_sentry import inject_sentry
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.scrubber import Scrubber


def failing(dsn, recording, **options):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(app, transport=recording, **options)

    @app.post("/")
    def view():
        raise RuntimeError("no paper")

    return app.test_client(use_cookies=False), client


def test_a_body_of_too_many_values_leaves_an_event_that_says_so(recording, dsn):
    browser, client = failing(dsn, recording, traces_sample_rate=1.0)
    body = "[" + "[]," * 300_000 + '{"password": "zq-secret"}]'

    browser.post("/?token=zq-token", data=body, content_type="application/json")
    client.flush()

    [event] = recording.events
    [transaction] = recording.items("transaction")
    for each in (event, transaction):
        assert each["extra"] == {
            "twopi_sentry": "values were left out: more values than are looked at"
        }
        assert each["transaction"] == "view"
    [error] = event["exception"]["values"]
    frame = error["stacktrace"]["frames"][-1]
    assert (error["type"], frame["function"]) == ("RuntimeError", "view")
    assert "value" not in error
    assert "vars" not in frame
    assert recording.leaks("zq-") == []


@pytest.mark.parametrize(
    "budget", [{"characters": 10}, {"milliseconds": -1}, {"steps": 0}]
)
@pytest.mark.parametrize(
    "event",
    [
        {"message": "x" * 99, "extra": {"a": {}}},
        {"type": "transaction", "spans": [{"op": "db", "description": "x" * 99}]},
        {"body": "x" * 99, "severity_text": "error", "attributes": {"a": {}}},
        {"name": "x" * 99, "attributes": {"a": {}}, "value": 1},
        {"type": "check_in", "status": "ok", "monitor_config": {"a": "x" * 99}},
    ],
)
def test_no_kind_is_sent_as_it_is_and_none_is_lost(budget, event):
    if budget == {"steps": 0} and "attributes" not in event and "extra" not in event:
        event = {**event, "monitor_config": {"a": [{}]}}

    sent = Scrubber(KnownSecrets(), budget=Budget(**budget)).event(event)

    assert "xxx" not in str(sent)
    assert "values were left out" in str(sent)
    for name in ("type", "status", "severity_text", "value"):
        assert sent.get(name) == event.get(name)


def test_an_attachment_that_is_too_long_is_a_note():
    scrubber = Scrubber(KnownSecrets(), budget=Budget(characters=10))

    scrubbed = scrubber.attachment(Attachment(b"x" * 99, filename="zq.txt"))

    content = scrubbed.to_envelope_item().get_bytes()
    assert content == b"values were left out: more text than is looked at"
    assert scrubbed.filename == "left-out.txt"


def test_twenty_thousand_tokens_of_a_body_are_taken_out(recording, dsn):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)
    planted = [f"t{each:06}x" for each in range(20_000)]

    @app.post("/")
    def view():
        raise RuntimeError(f"seen {planted[7]}, {planted[-1]} and 7")

    app.test_client().post("/", json={"token": planted})

    [event] = recording.events
    [error] = event["exception"]["values"]
    assert error["value"] == "seen [Filtered], [Filtered] and 7"


def test_names_of_ones_own(recording, dsn):
    browser, _ = failing(
        dsn,
        recording,
        vocabulary=Vocabulary(extra=["reference"]),
        event_scrubber=EventScrubber(denylist=[*DEFAULT_DENYLIST, "card_details"]),
    )

    browser.post("/", json={"reference": "zq-1", "a": {"card_details": "zq-2", "b": 1}})

    [first] = recording.events
    assert first["request"]["data"]["reference"] == "[Filtered]"
    assert first["request"]["data"]["a"] == {"card_details": "[Filtered]", "b": 1}
    assert recording.leaks("zq-") == []


def test_a_variable_of_a_request_that_did_not_fail(recording, dsn):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(app, transport=recording, traces_sample_rate=1.0)

    @app.get("/")
    def view():
        api_token = f"zq-{'of-view'}"
        for _ in range(20):
            with sentry_sdk.start_span(op="x", name=f"call {api_token}"):
                pass
        later_token = f"zq-{'of-later'}"
        with sentry_sdk.start_span(op="x", name=f"call {later_token}"):
            return ""

    app.test_client().get("/")
    client.flush()

    [transaction] = recording.items("transaction")
    assert len(transaction["spans"]) == 21
    assert recording.leaks("zq-of-view") == []
    assert recording.leaks("zq-of-later") == []
