import logging
import threading

import pytest
import sentry_sdk
from hypothesis import given, settings
from hypothesis import strategies as st
from sentry_sdk.consts import DEFAULT_OPTIONS

from twopi_sentry import ConfigurationError, create_client

# A thread of the SDK may use `random` while hypothesis draws, which it takes for ours.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


@pytest.fixture(name="bound")
def factory_of_bound_clients(recording, dsn):
    def bind(conf=None, **options):
        conf = {"SENTRY_DSN": dsn, **(conf or {})}
        client = create_client(conf, transport=recording, **options)
        sentry_sdk.get_isolation_scope().set_client(client)
        return client

    return bind


@pytest.mark.parametrize("conf", [{}, {"SENTRY_DSN": None}, {"SENTRY_DSN": ""}])
def test_no_dsn_in_the_configuration_is_no_client(conf, monkeypatch, dsn):
    monkeypatch.setenv("SENTRY_DSN", dsn)

    assert create_client(conf) is None


@pytest.mark.parametrize(
    "value",
    [
        *("sentry.invalid", "https://sentry.invalid/1", "https://key@/1", "x://k@h/1"),
        *("https://key@sentry.invalid:port/1", " ", 5, b"https://k@h/1", ["x"]),
        "https://hunter2@sentry.invalid/",
    ],
)
def test_a_bad_dsn_is_a_configuration_error(value):
    with pytest.raises(ConfigurationError) as failure:
        create_client({"SENTRY_DSN": value})

    assert failure.value.name == "SENTRY_DSN"
    assert "https://<key>@<host>/<project>" in str(failure.value)
    assert "hunter2" not in str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.parametrize("value", [5, "a\nb", "x" * 201])
def test_a_bad_site_is_a_configuration_error(value, dsn):
    with pytest.raises(ConfigurationError, match="SENTRY_SITE has to be a text"):
        create_client({"SENTRY_DSN": dsn, "SENTRY_SITE": value})


def test_release_and_site_are_attached(bound, recording, monkeypatch):
    monkeypatch.setenv("SENTRY_RELEASE", "of the environment")
    bound({"SENTRY_SITE": "akl"}, app_version="1.2")
    sentry_sdk.capture_message("hello")

    [event] = recording.events
    assert (event["release"], event["tags"]["site"]) == ("1.2", "akl")


def test_the_release_may_be_unknown_and_the_site_missing(bound, recording):
    bound()
    sentry_sdk.capture_message("hello")

    [event] = recording.events
    assert event["release"] == "__UNKNOWN__"
    assert "site" not in (event.get("tags") or {})


def test_a_site_set_by_the_user_stays(bound, recording):
    bound({"SENTRY_SITE": "akl"})
    sentry_sdk.set_tag("site", "wlg")
    sentry_sdk.capture_message("hello")

    assert recording.events[0]["tags"]["site"] == "wlg"


def test_transactions_have_the_site(bound, recording):
    bound({"SENTRY_SITE": "akl"}, traces_sample_rate=1.0)
    with sentry_sdk.start_transaction(name="work"):
        pass

    [transaction] = recording.items("transaction")
    assert transaction["tags"]["site"] == "akl"


def test_nothing_becomes_the_client_of_the_process(dsn, recording):
    create_client({"SENTRY_DSN": dsn}, transport=recording)
    sentry_sdk.capture_message("hello")

    assert recording.sent == []


def test_hooks_of_the_user_run_first_and_may_drop(bound, recording):
    def before_send(event, hint):
        assert hint["exc_info"][0] is RuntimeError
        if "drop" in str(hint["exc_info"][1]):
            return None
        return {**event, "extra": {"password": "hunter22", "x": "Bearer abcdef"}}

    bound(before_send=before_send)
    for text in ["drop", "keep"]:
        sentry_sdk.capture_exception(RuntimeError(text))

    [event] = recording.events
    assert event["extra"] == {"password": "[Filtered]", "x": "Bearer [Filtered]"}


def test_hook_of_the_user_for_transactions(bound, recording):
    seen = []

    def before_send_transaction(event, hint):
        seen.append(hint)
        return event if event["transaction"] == "keep" else None

    bound(before_send_transaction=before_send_transaction, traces_sample_rate=1.0)
    for name in ["keep", "drop"]:
        with sentry_sdk.start_transaction(name=name):
            pass

    assert [each["transaction"] for each in recording.items("transaction")] == ["keep"]
    assert len(seen) == 2


@pytest.mark.parametrize("kind", ["event", "transaction", "log", "metric", "span"])
def test_what_cannot_be_scrubbed_is_not_sent(bound, recording, monkeypatch, kind):
    def fail(*_):
        raise RecursionError

    streamed = {"_experiments": {"trace_lifecycle": "stream"}}
    if "trace_lifecycle" in DEFAULT_OPTIONS:
        streamed = {"trace_lifecycle": "stream"}
    client = bound(
        traces_sample_rate=1.0,
        **({"enable_logs": True} if "enable_logs" in DEFAULT_OPTIONS else {}),
        **(streamed if kind == "span" else {}),
    )
    monkeypatch.setattr("twopi_sentry.scrubbing.scrubber.Scrubber.find", fail)
    send(kind, "zq-secret")
    client.flush()

    assert recording.leaks("zq-secret") == []
    if recording.sent:  # this SDK knows it
        assert recording.leaks("values were left out: RecursionError") != []
    assert [each["message"] for each in recording.events] == (
        ["values were left out: RecursionError"] if kind == "event" else []
    )


def send(kind, text):
    """Send one item of *kind* with *text* in it, if this SDK knows it."""
    if kind == "event":
        sentry_sdk.capture_message(text)
    elif kind == "transaction":
        with (
            sentry_sdk.start_transaction(name=text),
            sentry_sdk.start_span(op="x", name=text) as span,
        ):
            span.set_data("data", {"a": [text]})
    elif kind == "log" and hasattr(sentry_sdk, "logger"):
        sentry_sdk.logger.error(text, attributes={"a": text})
    elif kind == "metric" and hasattr(getattr(sentry_sdk, "metrics", None), "count"):
        sentry_sdk.metrics.count("name", 1, attributes={"a": text})
    elif kind == "span" and hasattr(sentry_sdk, "traces"):
        with sentry_sdk.traces.start_span(name=text, attributes={"a": text}):
            pass


@pytest.mark.parametrize("kind", ["event", "transaction", "log", "metric", "span"])
def test_secrets_are_taken_out_of_all_that_is_sent(bound, recording, kind):
    stream = "trace_lifecycle" in DEFAULT_OPTIONS and kind == "span"
    client = bound(
        traces_sample_rate=1.0,
        **({"enable_logs": True} if "enable_logs" in DEFAULT_OPTIONS else {}),
        **({"trace_lifecycle": "stream"} if stream else {}),
    )
    send(kind, "GET /?a=b&token=zq-secret&c=d")
    client.flush()

    assert recording.leaks("zq-secret") == []
    if kind in {"event", "transaction"} or ("trace_lifecycle" in DEFAULT_OPTIONS):
        assert recording.leaks("/?a=b&token=[Filtered]&c=d") != []


def test_check_ins_are_scrubbed(bound, recording):
    bound()
    sentry_sdk.crons.capture_checkin(
        "slug", status="ok", monitor_config={"token": "x" * 9}
    )

    [check_in] = recording.items("check_in")
    assert (check_in["monitor_slug"], check_in["status"]) == ("slug", "ok")
    assert recording.leaks("x" * 9) == []


def test_attachments_are_scrubbed(bound, recording, tmp_path):
    file = tmp_path / "a.bin"
    file.write_bytes(b"\xff\xfe zq-password")
    bound()
    token = f"zq-{'token'}"  # never whole in a source line
    sentry_sdk.get_isolation_scope().add_attachment(
        f"token={token}".encode(), filename="a.txt"
    )
    sentry_sdk.get_isolation_scope().add_attachment(path=str(file))
    sentry_sdk.get_isolation_scope().add_attachment(path=str(tmp_path / "missing"))
    try:
        password = "zq-password"
        raise RuntimeError(password)  # noqa: TRY301
    except RuntimeError:
        sentry_sdk.capture_exception()

    [sent] = recording.sent
    assert b"token=[Filtered]" in sent
    assert b"\xff\xfe [Filtered]" in sent
    assert f"zq-{'token'}".encode() not in sent
    assert f"zq-{'password'}".encode() not in sent


def test_secret_variables_of_frames_and_causes_are_known(bound, recording):
    def low():
        credentials = {"api_key": b"zq-one", "list": [("x-token", "zq-two")]}
        raise KeyError(*credentials["list"][0], credentials["api_key"])

    def high():
        refresh_token = "zq-three"
        try:
            low()
        except KeyError as error:
            other = [refresh_token.upper(), refresh_token]
            raise RuntimeError(f"{other} failed") from error

    bound()
    try:
        high()
    except RuntimeError:
        sentry_sdk.capture_exception()

    assert recording.leaks("zq-one") == []
    assert recording.leaks("zq-two") == []
    assert recording.leaks("zq-three") == []
    assert recording.leaks("] failed") != []


def test_secrets_of_the_configuration_are_known(bound, recording):
    bound({"SECRET_KEY": "zq-key", "MAIL_PASSWORD": "zq-mail", "OAUTH_SECRET": 123456})
    sentry_sdk.capture_message("zq-key zq-mail 123456")

    assert recording.events[0]["message"] == "[Filtered] [Filtered] [Filtered]"


def test_passwords_of_the_urls_in_the_configuration_are_known(bound, recording):
    bound(
        {
            "SQLALCHEMY_DATABASE_URI": "postgresql://app:zq%40db7@db/app",
            "broker_url": "amqp://app:zq-broker@mq//",
            "GITHUB_TOKEN": "zq-github",
            "result_backend": "redis://guest:guest@mq//",
            "TOKEN_HEADER": "the-header",
        }
    )
    sentry_sdk.capture_message("zq@db7 zq%40db7 zq-broker zq-github guest the-header")

    text = recording.events[0]["message"]
    assert text == "[Filtered] [Filtered] [Filtered] [Filtered] guest the-header"


def test_secrets_of_a_log_record_are_known(bound, recording):
    bound()
    logging.getLogger("a").error("failed for %s", "zq-abc", extra={"token": "zq-abc"})

    assert recording.leaks("zq-abc") == []
    assert recording.leaks("failed for") != []


def test_errors_below_500_and_validation_errors_can_be_reported(bound, recording):
    from marshmallow import ValidationError

    bound(ignore_common_http=False)
    sentry_sdk.capture_exception(ValidationError("x"))

    assert len(recording.events) == 1


def test_threads_do_not_mix(bound, recording):
    bound()
    barrier = threading.Barrier(8)

    def work(number):
        password = f"zq-{number}-zq"
        try:
            barrier.wait()
            raise RuntimeError(password)  # noqa: TRY301
        except RuntimeError as error:
            sentry_sdk.capture_exception(error)

    threads = [threading.Thread(target=work, args=[each]) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(recording.events) == 8
    assert all(recording.leaks(f"zq-{each}-zq") == [] for each in range(8))


def test_any_text_passes(bound, recording):
    bound()

    @settings(deadline=None)
    @given(st.text(max_size=200), st.booleans())
    def check(text, secret):
        name = "password" if secret else "x"
        sentry_sdk.capture_event({"message": text, "extra": {name: text, text: [text]}})

        assert len(recording.events) == 1
        recording.sent.clear()

    check()
