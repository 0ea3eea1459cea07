import base64
import json
import logging
import threading
from html import escape
from urllib.parse import quote_plus, urlencode

import flask
import flask_restful
import pytest
import sentry_sdk
from flask import Flask, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from twopi_sentry import ConfigurationError, inject_sentry

# A thread of the SDK may use `random` while hypothesis draws, which it takes for ours.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


def failing_app(dsn, **config):
    """Fail with everything that the request brought in every place there is."""
    app = Flask(__name__)
    app.config.update(SENTRY_DSN=dsn, **config)

    @app.route("/fail/<name>", methods=["GET", "POST"])
    @app.route("/fail/<name>/<token>", methods=["GET", "POST"])
    def fail(name, token=None):
        innocent = [value for _, value in request.headers.items()]
        innocent += [*request.args.values(), *request.cookies.values(), token]
        body = request.get_data()
        innocent += [body, request.get_json(silent=True), dict(request.form)]
        innocent.append(request.authorization and request.authorization.password)
        text = json.dumps([str(each) for each in innocent])
        logging.getLogger("app").warning("seen %s in %r", text, innocent)
        sentry_sdk.add_breadcrumb(message=text, data={"x": innocent})
        sentry_sdk.set_extra("x", innocent)
        sentry_sdk.set_tag("x", text)
        sentry_sdk.set_context("x", {"y": {text: text}})
        sentry_sdk.set_user({"id": text})
        with sentry_sdk.start_span(op="x", name=text) as span:
            span.set_data("x", text)
        if hasattr(sentry_sdk, "logger"):
            sentry_sdk.logger.error("seen {x}", x=text, attributes={"y": text})
        try:
            raise KeyError(text)  # noqa: TRY301
        except KeyError as error:
            raise RuntimeError(name, innocent) from error

    return app


def logs():
    enabled = "enable_logs" in sentry_sdk.consts.DEFAULT_OPTIONS
    return {"enable_logs": True} if enabled else {}


def test_no_dsn_is_no_client(monkeypatch, dsn):
    monkeypatch.setenv("SENTRY_DSN", dsn)
    app = Flask(__name__)
    before = app.wsgi_app

    assert inject_sentry(app) is None
    assert app.wsgi_app == before
    assert "twopi_sentry" not in app.extensions


def test_a_bad_dsn_changes_nothing():
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = "nonsense"
    before = app.wsgi_app

    with pytest.raises(ConfigurationError):
        inject_sentry(app)
    assert app.wsgi_app == before


def test_an_error_is_one_event_with_release_and_site(recording, dsn):
    app = failing_app(dsn, SENTRY_SITE="akl")
    app.version = "1.2-g0a1b2c"
    client = inject_sentry(app, transport=recording)

    assert app.test_client().get("/fail/x").status_code == 500
    [event] = [each for each in recording.events if "exception" in each]
    assert event["release"] == "1.2-g0a1b2c"
    assert event["tags"]["site"] == "akl"
    assert event["transaction"] == "fail"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["request"]["url"] == "http://localhost/fail/x"
    assert app.extensions["twopi_sentry"] is client


def test_an_app_without_a_version(recording, dsn):
    app = failing_app(dsn)
    inject_sentry(app, transport=recording)
    app.test_client().get("/fail/x")

    assert recording.events[0]["release"] == "__UNKNOWN__"


def test_a_second_injection_changes_nothing(recording, dsn):
    app = failing_app(dsn)
    first = inject_sentry(app, transport=recording)
    wrapped = app.wsgi_app

    assert inject_sentry(app) is first
    assert app.wsgi_app is wrapped
    app.test_client().get("/fail/x")
    assert len(recording.events) == 1


def test_two_apps_do_not_mix(new_recording, dsn):
    recordings = {}
    apps = {}
    for name in ["one", "two", "silent"]:
        recordings[name] = new_recording()
        apps[name] = failing_app(dsn, SENTRY_SITE=name)
        apps[name].version = name
        if name != "silent":
            inject_sentry(apps[name], transport=recordings[name])

    for name in ["one", "two", "silent", "one"]:
        apps[name].test_client().get(f"/fail/{name}")

    assert recordings["silent"].sent == []
    assert [each["release"] for each in recordings["one"].events] == ["one", "one"]
    assert [each["tags"]["site"] for each in recordings["two"].events] == ["two"]


def test_two_apps_behind_one_dispatcher_do_not_mix(new_recording, dsn):
    outer, inner = (failing_app(dsn, SENTRY_SITE=each) for each in ["outer", "inner"])
    recordings = [new_recording(), new_recording()]
    inject_sentry(inner, transport=recordings[1])
    own = outer.wsgi_app
    outer.wsgi_app = lambda environ, start: (
        inner if environ["PATH_INFO"].endswith("/in") else own
    )(environ, start)
    inject_sentry(outer, transport=recordings[0])

    for path in ["/fail/in", "/fail/out"]:
        outer.test_client().get(path)

    assert [each["tags"]["site"] for each in recordings[0].events] == ["outer"]
    assert [each["tags"]["site"] for each in recordings[1].events] == ["inner"]


class Thing(Schema):
    number = fields.Integer(required=True)


class Missing(flask_restful.Resource):
    def get(self, code):
        flask_restful.abort(code, message="no")


def clumsy_app(dsn):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    flask_restful.Api(app).add_resource(Missing, "/restful/<int:code>")

    @app.get("/flask/<int:code>")
    def plain(code):
        try:
            flask.abort(code)
        except HTTPException:
            app.logger.exception("aborted")
            raise

    @app.get("/schema")
    def schema():
        return Thing().load({"number": "x"})

    @app.get("/key")
    def key():
        return request.args["missing"]

    @app.get("/response")
    def response():
        try:
            flask.abort(flask.Response(status=int(request.args["status"])))
        except HTTPException:
            sentry_sdk.capture_exception()
            raise

    return app


COMMON = ["/restful/403", "/restful/404", "/flask/404", "/schema", "/key", "/nowhere"]


@pytest.mark.parametrize("path", [*COMMON, "/response?status=409"])
def test_common_errors_are_ignored(recording, dsn, path):
    app = clumsy_app(dsn)
    inject_sentry(app, transport=recording)

    app.test_client().get(path)

    assert recording.events == []


@pytest.mark.parametrize("path", ["/restful/403", "/flask/404", "/schema"])
def test_common_errors_can_be_reported(recording, dsn, path):
    app = clumsy_app(dsn)
    inject_sentry(app, ignore_common_http=False, transport=recording)

    app.test_client().get(path)

    assert len(recording.events) == 1


@pytest.mark.parametrize("path", ["/restful/500", "/flask/503", "/response?status=500"])
def test_errors_from_500_are_reported(recording, dsn, path):
    app = clumsy_app(dsn)
    inject_sentry(app, transport=recording)

    app.test_client().get(path)

    assert len(recording.events) == 1


PLAIN = {
    "header": lambda s: {"headers": {"Authorization": f"Bearer {s}"}},
    "other scheme": lambda s: {"headers": {"Authorization": s}},
    "api key": lambda s: {"headers": {"X-Api-Key": s}},
    "basic": lambda s: {"auth": ("me", s)},
    "cookie": lambda s: {"headers": {"Cookie": f"lang={s}"}},
    "referer": lambda s: {
        "headers": {"Referer": f"http://x/?{urlencode({'token': s})}"}
    },
}
ANY = {
    "query": lambda s: {"query_string": {"a": "b", "token": s}},
    "json": lambda s: {"json": {"a": [{"refreshToken": s}], "x": 1}},
    "json list": lambda s: {"json": {"passwords": ["other", [s]]}},
    "broken json": lambda s: {
        "data": json.dumps({"password": s}) + ",",
        "content_type": "application/json",
    },
    "text": lambda s: {
        "data": f"a=b&password={quote_plus(s)}",
        "content_type": "text/x",
    },
    "xml": lambda s: {"data": f"<pwd>{escape(s)}</pwd>", "content_type": "text/xml"},
    "form": lambda s: {"data": {"password": s}},
    "upload form": lambda s: {
        "data": {"pwd": s},
        "content_type": "multipart/form-data",
    },
}
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.~", min_size=3, max_size=40)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=30)


@pytest.fixture(name="fail", scope="module")
def function_that_posts_to_a_failing_app(new_recording, dsn):
    recording = new_recording()
    app = failing_app(dsn)
    client = inject_sentry(app, transport=recording, traces_sample_rate=1.0, **logs())
    browser = app.test_client(use_cookies=False)

    def fail(path="/fail/x", **arguments):
        recording.sent.clear()
        assert browser.post(path, **arguments).status_code == 500
        client.flush()
        assert len(recording.events) == 1
        assert len(recording.items("transaction")) == 1
        return recording

    return fail


@pytest.mark.parametrize("place", [*PLAIN, *ANY])
def test_a_planted_secret_never_leaves(fail, place):
    arguments = {**PLAIN, **ANY}[place]("zq1-Secret.Value")

    assert fail(**arguments).leaks("zq1-Secret.Value") == []


def test_the_test_can_fail(new_recording, dsn):
    """sentry-sdk alone does send the secrets that are planted here."""
    recording = new_recording()
    client = sentry_sdk.Client(dsn=dsn, transport=recording)
    sentry_sdk.get_isolation_scope().set_client(client)
    app = failing_app(dsn)
    for name, place in {**PLAIN, **ANY}.items():
        recording.sent.clear()
        app.test_client(use_cookies=False).post("/fail/x", **place("zq1-Secret.Value"))
        assert recording.leaks("zq1-Secret.Value") != [], name


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from([*PLAIN]), WORDS, max_size=3),
    st.tuples(st.sampled_from([*ANY]), TEXTS),
)
def test_random_secrets_in_random_places_never_leave(fail, plain, body):
    secrets = {place: f"zq{word}" for place, word in plain.items()}
    secrets.pop("other scheme" if "header" in secrets else "", None)
    arguments = {"headers": {}}
    for place, secret in secrets.items():
        found = PLAIN[place](secret)
        arguments["headers"] |= found.get("headers", {})
        if "auth" in found and "Authorization" not in arguments["headers"]:
            pair = base64.b64encode(f"me:{secret}".encode()).decode()
            arguments["headers"]["Authorization"] = f"Basic {pair}"
    place, text = body
    arguments |= ANY[place](f"zq{text}")

    recording = fail(**arguments)

    for secret in [f"zq{text}", *secrets.values()]:
        assert recording.leaks(secret) == []


def test_a_secret_of_the_path_never_leaves(fail):
    recording = fail("/fail/x/zq-path-secret")

    assert recording.leaks("zq-path-secret") == []


def test_a_secret_encoded_by_hand_never_leaves(fail):
    recording = fail("/fail/x?t%6Fken=zq%61%62%63def")

    assert recording.leaks("zqabcdef") == []
    assert recording.leaks("zq%61%62%63def") == []


def test_a_secret_that_is_cut_off_never_leaves(fail):
    secret = "zq" + "secret" * 20_000

    recording = fail(json={"password": secret})

    assert recording.leaks(secret[:6]) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "http://[?token=zq-secret"},
        {"Referer": "http://[::1?token=zq-secret#x"},
        {"Content-Length": "x"},
        {"Cookie": "\x80=;;==zq-secret", "Host": "a b"},
        {"Authorization": "Basic \x80zq-secret"},
        {"Content-Type": "multipart/form-data; boundary=\x80"},
    ],
    ids=str,
)
def test_a_hostile_request_does_not_stop_the_report(fail, headers):
    recording = fail(headers=headers, data="password=zq-secret")

    assert recording.leaks("zq-secret") == []


LATIN = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30)


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.sampled_from(
            ["Referer", "Cookie", "Authorization", "Content-Type", "Range"]
        ),
        st.tuples(st.sampled_from(["", "http://[", "Basic ", "multipart/"]), LATIN),
    ),
    LATIN,
    st.binary(max_size=50),
)
def test_no_request_stops_the_report(fail, headers, query, body):
    headers = {name: start + text for name, (start, text) in headers.items()}

    assert fail(headers=headers, query_string=query, data=body).events != []


def test_a_deep_body_does_not_stop_the_report(fail):
    deep = "[" * 20_000 + '{"password": "zq-deep"}'

    recording = fail(data=deep, content_type="application/json")

    assert recording.leaks("zq-deep") == []


def test_what_is_no_secret_stays(fail):
    recording = fail(json={"name": "Ada", "password": "zq-password"})

    [event] = recording.events
    assert event["request"]["data"] == {"name": "Ada", "password": "[Filtered]"}
    assert recording.leaks("Ada") != []


def test_a_large_body_nobody_has_read_is_not_read(recording, dsn):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)
    left = []

    @app.post("/")
    def fail():
        raise RuntimeError

    @app.teardown_request
    def look(_):
        left.append(len(request.stream.read()))

    app.test_client().post("/", data=b"x" * 2_000_000)

    assert left == [2_000_000]
    assert len(recording.events) == 1


def test_secrets_on_g_are_known(recording, dsn):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)

    @app.get("/")
    def fail():
        flask.g.raw_token = "zq-of-g"
        x = [*vars(flask.g).values()]
        raise RuntimeError(x)

    app.test_client().get("/")

    assert recording.leaks("zq-of-g") == []
    assert len(recording.events) == 1


def test_secrets_in_the_session_are_known(recording, dsn):
    app = Flask(__name__)
    app.config.update(SENTRY_DSN=dsn, SECRET_KEY="zq-key")
    inject_sentry(app, transport=recording)

    @app.get("/")
    def fail():
        flask.session["api_token"] = request.args["x"]
        x = [*dict(flask.session).values(), app.secret_key]
        raise RuntimeError(x)

    app.test_client().get("/?x=zq-of-session")

    [event] = recording.events
    assert event["exception"]["values"][0]["value"] == "['[Filtered]', '[Filtered]']"
    assert recording.leaks("zq-of-session") == []


def test_a_streamed_response_is_reported_with_its_request(recording, dsn):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)

    @app.get("/")
    def stream():
        given = request.headers["X-Token"]

        def generate():
            yield "begin"
            raise RuntimeError(given)

        return flask.Response(generate())

    with pytest.raises(RuntimeError):
        app.test_client().get("/", headers={"X-Token": "zq-streamed"}).get_data()

    assert len(recording.events) == 1
    assert recording.leaks("zq-streamed") == []


def test_a_thread_that_outlives_its_request_knows_its_secrets(recording, dsn):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)
    over, threads = threading.Event(), []

    def work(innocent):
        over.wait()
        sentry_sdk.capture_message(f"worked with {innocent}")

    @app.get("/")
    def start():
        threads.append(threading.Thread(target=work, args=[request.args["token"]]))
        threads[0].start()
        return ""

    app.test_client().get("/?token=zq-of-request")
    over.set()
    threads[0].join()

    assert recording.events[0]["message"] == "worked with [Filtered]"


def test_a_test_client_that_propagates_still_reports(recording, dsn):
    app = failing_app(dsn)
    app.testing = True
    inject_sentry(app, transport=recording)

    with pytest.raises(RuntimeError):
        app.test_client().get("/fail/x")
    assert len(recording.events) == 1
