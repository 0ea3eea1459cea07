import threading

import pytest
from flask import Flask, jsonify, request
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields, validate
from webargs.flaskparser import FlaskParser

import twopi_webargs
from twopi_webargs import (
    BetterFlaskParser,
    RequestValidationError,
    handle_validation_error,
    parser,
    use_args,
    use_kwargs,
)

SECRET = "hunter2-swordfish"


@pytest.fixture
def app():
    return Flask(__name__)


def test_valid_arguments_reach_every_view(build, kinds, testing):
    app = build({"n": fields.Integer()}, testing=testing)
    client = app.test_client()

    assert [client.post(path, json={"n": "7"}).json for path in kinds] == [
        {"values": {"n": 7}}
    ] * len(kinds)


def test_keyword_arguments(app):
    @app.get("/<int:room>")
    @use_kwargs({"page": fields.Integer()}, location="query")
    @use_kwargs({"room": fields.Integer(data_key="room")}, location="path")
    def view(room, page):
        return [room, page]

    assert app.test_client().get("/3?page=4").json == [3, 4]


def test_names_of_a_default_parser():
    assert use_args.__self__ is use_kwargs.__self__ is parser
    assert isinstance(parser, FlaskParser)


LOCATED = {
    "json": {"json": {"n": "x"}},
    "query": {"query_string": {"n": "x"}},
    "querystring": {"query_string": {"n": "x"}},
    "form": {"data": {"n": "x"}},
    "json_or_form": {"data": {"n": "x"}},
    "headers": {"headers": {"n": "x"}},
    "cookies": {"headers": {"Cookie": "n=x"}},
}


@pytest.mark.parametrize("location", LOCATED)
def test_errors_name_their_location(build, kinds, location):
    app = build({"n": fields.Integer()}, testing=False, location=location)
    client = app.test_client(use_cookies=False)

    for path in kinds:
        answer = client.post(path, **LOCATED[location])
        assert answer.status_code == 422
        assert answer.json == {location: {"n": ["Not a valid integer."]}}


def test_malformed_json_of_json_or_form_names_that_location(app):
    with (
        app.test_request_context(
            "/", method="POST", data=b"{", content_type="application/json"
        ),
        pytest.raises(RequestValidationError) as caught,
    ):
        parser.parse({"n": fields.Integer()}, location="json_or_form")

    assert caught.value.messages == {
        "json_or_form": {"_schema": ["Invalid JSON body."]}
    }
    assert caught.value.status_code == 400


def test_no_json_at_all_is_no_argument(app):
    context = {"method": "POST", "data": b"n=1\\ud800", "content_type": "text/plain"}
    with app.test_request_context("/", **context):
        assert parser.parse({"n": fields.Integer()}) == {}


def test_a_whole_surrogate_pair_is_text(app):
    context = {"method": "POST", "content_type": "application/json"}
    with app.test_request_context("/", data=b'{"n": "\\ud83d\\ude00"}', **context):
        assert parser.parse({"n": fields.String()}) == {"n": "\U0001f600"}


def test_a_body_that_is_too_large_stays_413(build, kinds, testing):
    app = build({"n": fields.Integer()}, testing=testing)
    twopi_webargs.init_app(app)
    client = app.test_client()
    body = {"data": b" " * 1_000_001, "content_type": "application/json"}

    assert {client.post(path, **body).status_code for path in kinds} == {413}


class Comment(Schema):
    replies = fields.List(fields.Nested(lambda: Comment()))  # noqa: PLW0108


@pytest.mark.parametrize("depth", [3, 100, 200, 400, 800, 5000])
@pytest.mark.parametrize("core", ["1", '{"a": 1}'])
def test_a_schema_that_nests_itself_meets_a_deep_body(build, kinds, depth, core):
    app = build(Comment, testing=False)
    twopi_webargs.init_app(app)
    client = app.test_client()
    body = '{"replies": [' * depth + core + "]}" * depth

    for path in kinds:
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code in {400, 422}
        assert list(answer.json) == ["json"]


OVERFLOWING = {
    "timestamp": (fields.DateTime(format="timestamp"), b"1" + b"0" * 400),
    "date": (fields.DateTime(format="rfc"), b'"Mon, 01 Jan 99999999999 00:00:00 GMT"'),
    "duration": (fields.TimeDelta(), b"1" + b"0" * 400),
    "infinite duration": (fields.TimeDelta(), b"1e999"),
    "float": (fields.Float(), b"1" + b"0" * 400),
    "integer": (fields.Integer(), b"1e999"),
}


@pytest.mark.parametrize(("field", "value"), OVERFLOWING.values(), ids=OVERFLOWING)
def test_a_number_that_overflows_is_the_clients_mistake(build, kinds, field, value):
    app = build({"n": field}, testing=False)
    twopi_webargs.init_app(app)
    client = app.test_client()

    for path in kinds:
        body = b'{"n": %s}' % value
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code == 422
        assert list(answer.json) == ["json"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_shared_error_object_is_not_changed(app, asynchronous):
    shared = ValidationError({"n": ["Taken."]})

    def refuse(values):
        raise shared

    def view(values):
        return {}

    async def async_view(values):
        return {}

    take = use_args({"n": fields.Integer()}, validate=refuse)
    chosen = async_view if asynchronous else view
    app.add_url_rule("/", "view", take(chosen), methods=["POST"])
    client = app.test_client()

    for _ in range(3):
        assert client.post("/", json={"n": 1}).json == {"json": {"n": ["Taken."]}}
    assert shared.messages == {"n": ["Taken."]}


def test_an_error_of_the_parser_never_carries_data(app):
    with (
        app.test_request_context("/", method="POST", json={"n": SECRET, "ok": "a"}),
        pytest.raises(ValidationError) as caught,
    ):
        parser.parse({"n": fields.Integer(), "ok": fields.String()})

    assert type(caught.value) is RequestValidationError
    assert caught.value.data is caught.value.valid_data is None
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_error_handler_gets_the_located_error(app, asynchronous):
    own = BetterFlaskParser()
    calls = []

    @own.error_handler
    def handle(error, req, schema, *, error_status_code, error_headers):
        calls.append((error.messages, req.path, error_status_code, error_headers))
        raise LookupError

    def view(values):
        return {}

    async def async_view(values):
        return {}

    take = own.use_args({"n": fields.Integer()}, error_headers={"X-A": "1"})
    chosen = async_view if asynchronous else view
    app.add_url_rule("/", "view", take(chosen), methods=["POST"])
    app.register_error_handler(LookupError, lambda _: ("", 404))
    client = app.test_client()
    statuses = [client.post("/", **LOCATED["json"]).status_code]
    statuses += [
        client.post("/", data=b"{", content_type="application/json").status_code
    ]

    assert statuses == [404, 404]
    assert calls == [
        ({"json": {"n": ["Not a valid integer."]}}, "/", 422, {"X-A": "1"}),
        ({"json": {"_schema": ["Invalid JSON body."]}}, "/", 400, {"X-A": "1"}),
    ]


def test_an_error_handler_may_be_async(app):
    async def handle(error, req, schema, *, error_status_code, error_headers):
        raise LookupError

    @app.post("/")
    @BetterFlaskParser(error_handler=handle).use_args({"n": fields.Integer()})
    async def view(values):
        return {}

    app.register_error_handler(LookupError, lambda _: ("", 404))

    assert app.test_client().post("/", json={"n": "x"}).status_code == 404


def test_an_error_handler_that_does_not_raise_is_a_mistake(app):
    own = BetterFlaskParser(error_handler=lambda *_, **__: None)

    with (
        app.test_request_context("/", method="POST", json={"n": "x"}),
        pytest.raises(TypeError, match="must raise"),
    ):
        own.parse({"n": fields.Integer()})


def test_handle_error_may_be_overridden_and_called_as_in_1x(app):
    class Logging(BetterFlaskParser):
        seen = 0

        def handle_error(self, error, *args, **kwargs):
            self.seen += 1
            super().handle_error(error)

    own = Logging()
    with (
        app.test_request_context("/", method="POST", json={"n": "x"}),
        pytest.raises(RequestValidationError),
    ):
        own.parse({"n": fields.Integer()})

    assert own.seen == 1


def test_locations_stay_with_their_parser():
    one, other = BetterFlaskParser(), BetterFlaskParser()

    @one.location_loader("session")
    def load_session(req, schema):
        return {"n": "7"}

    app = Flask(__name__)
    with app.test_request_context("/"):
        assert one.parse({"n": fields.Integer()}, location="session") == {"n": 7}
        for stranger in (other, parser, FlaskParser(), BetterFlaskParser()):
            with pytest.raises(ValueError, match="Invalid location"):
                stranger.parse({"n": fields.Integer()}, location="session")


class Strict(Schema):
    class Meta:
        unknown = RAISE


def test_constructor_of_1x_by_position(app):
    def handle(error, req, schema, *, error_status_code, error_headers):
        raise LookupError

    own = BetterFlaskParser("query", handle, Strict)

    assert (own.location, own.error_callback, own.schema_class) == (
        "query",
        handle,
        Strict,
    )


@pytest.mark.parametrize(
    ("positional", "keywords"),
    [
        ((("query",),), {}),
        ((["query"],), {}),
        ((), {"locations": ("query",)}),
        ((), {"locations": "query"}),
    ],
)
def test_locations_is_a_deprecated_alias(positional, keywords):
    with pytest.warns(
        DeprecationWarning, match=r"BetterFlaskParser\('query'\)"
    ) as caught:
        own = BetterFlaskParser(*positional, **keywords)

    assert own.location == "query"
    assert caught[0].filename == __file__


@pytest.mark.parametrize("locations", [("query", "json"), ()])
def test_several_locations_are_refused(locations):
    with pytest.raises(ValueError, match="stack use_args"):
        BetterFlaskParser(locations=locations)


def test_location_and_locations_are_refused():
    with pytest.raises(TypeError, match="not both"):
        BetterFlaskParser("query", locations=("query",))


def test_unknown(app):
    with app.test_request_context("/?a=1&b=2"):
        given_fields = {"a": fields.Integer()}
        lax = BetterFlaskParser("query")
        strict = BetterFlaskParser("query", unknown=RAISE)
        schema_decides = BetterFlaskParser("query", unknown=None)

        assert lax.parse(given_fields) == {"a": 1}
        assert lax.parse(given_fields, unknown=INCLUDE) == {"a": 1, "b": "2"}
        for own in (strict, schema_decides):
            with pytest.raises(RequestValidationError) as caught:
                own.parse(given_fields)
            assert caught.value.messages == {"query": {"b": ["Unknown field."]}}


def count_classes(monkeypatch):
    made = []
    from_dict = Schema.from_dict.__func__

    def counting(cls, *args, **kwargs):
        made.append(cls)
        return from_dict(cls, *args, **kwargs)

    monkeypatch.setattr(Schema, "from_dict", classmethod(counting))
    return made


def test_no_schema_class_is_made_per_request(app, monkeypatch):
    made = count_classes(monkeypatch)
    kept = {"n": fields.Integer(required=True), "m": fields.List(fields.String())}

    @app.get("/")
    def view():
        return jsonify(parser.parse(kept, request, location="query"))

    client = app.test_client()
    answers = [client.get(f"/?n={n}&m=a&m=b").json for n in range(50)]

    assert answers == [{"n": n, "m": ["a", "b"]} for n in range(50)]
    assert len(made) == 1


def count_schemas(monkeypatch):
    """Return a list that grows with each schema made."""
    made = []
    init = Schema.__init__

    def counting(self, *args, **kwargs):
        made.append(self)
        init(self, *args, **kwargs)

    # every subclass looks its __init__ up here, and so does the parser
    monkeypatch.setattr(Schema, "__init__", counting)
    return made


class Search(Schema):
    words = fields.List(fields.String(), required=True)


@pytest.mark.parametrize(
    "kept", [Search, Search(), {"words": Search().fields["words"]}]
)
def test_no_schema_is_made_per_request(app, kept, monkeypatch):
    made = count_schemas(monkeypatch)

    @app.post("/")
    @use_kwargs(kept)
    def view(words):
        return jsonify(words)

    client = app.test_client()
    answers = [client.post("/", json={"words": [str(n)]}).json for n in range(9)]

    assert answers == [[str(n)] for n in range(9)]
    assert len(made) <= 1


def test_a_schema_that_asks_the_request_is_made_for_each(app):
    class Asking(Schema):
        a = fields.Integer()
        b = fields.Integer()

        def __init__(self):
            super().__init__(only=[request.args["only"]])

    @app.post("/")
    @use_kwargs(Asking)
    def view(**values):
        return values

    client = app.test_client()

    assert client.post("/?only=a", json={"a": 1}).json == {"a": 1}
    assert client.post("/?only=b", json={"b": 2}).json == {"b": 2}


def test_pre_load_of_a_parser_gets_the_schema(app):
    class Trimming(BetterFlaskParser):
        def pre_load(self, location_data, *, schema, req, location):
            assert isinstance(schema, Search)
            return {name: location_data[name] for name in schema.fields}

    loaded = Trimming()
    with app.test_request_context("/", method="POST", json={"words": [], "x": 1}):
        for _ in range(3):
            assert loaded.parse(Search) == {"words": []}


def test_the_schema_class_counts(app):
    kept = {"n": fields.Integer()}
    with app.test_request_context("/", method="POST", json={"x": 1}):
        lax = BetterFlaskParser(schema_class=Schema.from_dict({"x": fields.Raw()}))

        assert lax.parse(kept) == {"x": 1}
        with pytest.raises(RequestValidationError):
            BetterFlaskParser(schema_class=Strict).parse(kept)


def test_a_changed_dictionary_is_seen(app):
    kept = {"n": fields.Integer()}
    with app.test_request_context("/?n=1&m=2"):
        before = parser.parse(kept, location="query")
        kept["m"] = fields.Integer()

        assert before == {"n": 1}
        assert parser.parse(kept, location="query") == {"n": 1, "m": 2}


def test_new_fields_each_time_do_not_pile_up(app):
    from twopi_webargs.schemas import schema_of

    with app.test_request_context("/?n=1"):
        for _ in range(300):
            assert parser.parse({"n": fields.Integer()}, location="query") == {"n": 1}

    assert schema_of.cache_info().currsize <= schema_of.cache_info().maxsize == 256


class UnhashableInteger(fields.Integer):
    __hash__ = None

    def __eq__(self, other):
        return self is other


def test_fields_that_cannot_be_kept_still_work(app):
    with app.test_request_context("/?n=1"):
        assert parser.parse({"n": UnhashableInteger()}, location="query") == {"n": 1}


def test_threads_share_a_parser():
    app = Flask(__name__)
    kept = {"n": fields.Integer(required=True)}
    twopi_webargs.init_app(app)

    @app.get("/")
    def view():
        return jsonify(parser.parse(kept, location="query"))

    wrong = []
    start = threading.Barrier(8)

    def ask(number):
        client = app.test_client()
        start.wait()
        for _ in range(20):
            good, bad = client.get(f"/?n={number}"), client.get(f"/?n=x{number}")
            if good.json != {"n": number} or bad.json != {
                "query": {"n": ["Not a valid integer."]}
            }:
                wrong.append((good.json, bad.json))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


class Everything(Schema):
    integer = fields.Integer(strict=True)
    number = fields.Float()
    decimal = fields.Decimal(places=2)
    flag = fields.Boolean()
    when = fields.DateTime()
    stamp = fields.DateTime(format="timestamp")
    day = fields.Date()
    hour = fields.Time()
    span = fields.TimeDelta()
    key = fields.UUID()
    mail = fields.Email()
    link = fields.URL()
    address = fields.IP()
    choice = fields.String(validate=validate.OneOf(["a", "b"]))
    short = fields.String(
        validate=[validate.Length(max=3), validate.Regexp("^[a-z]*$")]
    )
    many = fields.List(fields.Integer(), validate=validate.Length(max=2))
    pair = fields.Tuple((fields.Integer(), fields.String()))
    table = fields.Dict(keys=fields.String(), values=fields.Integer())
    nested = fields.Nested(Comment)


NAMES = sorted(Everything().fields)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["9" * 5000, "1e999", "NaN", "-Infinity", "0000-00-00", SECRET])
    | st.sampled_from([1e308, 10**400, -(10**400), float("inf"), float("nan")])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def hostile():
    """A client of an app in production that takes everything, from everywhere."""
    app = Flask(__name__)
    twopi_webargs.init_app(app)

    def taken(_values):
        return ""

    for location in ("json", "query", "form", "json_or_form", "headers", "cookies"):
        view = use_args(Everything, location=location)(taken)
        app.add_url_rule(f"/{location}", location, view, methods=["POST"])
    return app.test_client(use_cookies=False)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=6))
def test_hostile_json_is_never_a_500_and_never_repeated(hostile, body):
    answer = hostile.post("/json", json={**body, "integer": SECRET})

    assert answer.status_code in {400, 422}
    assert list(answer.json) == ["json"]
    assert SECRET not in answer.text + str(answer.headers)


@settings(deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_hostile_bytes_are_never_a_500_and_never_repeated(hostile, noise, before):
    planted = SECRET.encode()
    body = noise + planted if before else b'{"integer": "' + planted + noise
    for location in ("json", "json_or_form"):
        answer = hostile.post(
            f"/{location}", data=body, content_type="application/json"
        )

        assert answer.status_code in {400, 422}
        assert SECRET not in answer.text


@settings(deadline=None)
@given(
    st.sampled_from(["query", "form", "json_or_form"]),
    st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=20)), max_size=6),
    st.binary(max_size=20),
)
def test_hostile_forms_are_never_a_500_and_never_repeated(
    hostile, location, pairs, noise
):
    noisy = "".join(f"%{byte:02x}" for byte in noise)
    written = "&".join(
        f"{name}={''.join(f'%{byte:02x}' for byte in text.encode())}"
        for name, text in pairs
    )
    written = f"integer={SECRET}&number={noisy}&{written}"
    asked = {"query_string" if location == "query" else "data": written}
    answer = hostile.post(
        f"/{location}", **asked, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 422
    assert list(answer.json) == [location]
    assert SECRET not in answer.text


@settings(deadline=None)
@given(
    st.sampled_from(NAMES),
    st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters=";\x7f")
    ),
)
def test_hostile_headers_are_never_a_500_and_never_repeated(hostile, name, text):
    sent = {name: text, "Integer": SECRET, "Cookie": f"integer={SECRET}; {name}={text}"}
    for location in ("headers", "cookies"):
        answer = hostile.post(f"/{location}", headers=sent)

        assert answer.status_code == 422, location
        assert SECRET not in answer.text


def test_the_handler_is_the_public_one(app):
    twopi_webargs.init_app(app)

    assert (
        app.error_handler_spec[None][None][ValidationError] is handle_validation_error
    )
