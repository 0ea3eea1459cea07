"""Arguments of a request, by `twopi_flask_utils.webargs`."""

import io
from unittest import mock

import marshmallow
from flask import Blueprint, Flask, jsonify, request
from flask.views import MethodView
from flask_restful import Api, Resource
from marshmallow import Schema, missing
from webargs import ValidationError as LibraryError
from webargs import fields

from compat.kit import answer, fact
from twopi_flask_utils.webargs import (
    BetterFlaskParser,
    ValidationError,
    handle_validation_error,
    parser,
    use_args,
    use_kwargs,
)

JSON = "application/json"
IS_OLD = hasattr(marshmallow.Schema(), "strict")


def integer(**options):
    return fields.Integer(**options)


def shown(value):
    if value is missing:
        return "missing"
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    return value


def client(decorate, view=None, rule="/", wired=True, resource=False, **config):
    """Return a client of an app with one view that shows its arguments."""
    app = Flask("shop")
    app.config.update(config)
    if wired:
        app.errorhandler(LibraryError)(handle_validation_error)

    def show(*args, **kwargs):
        return {"args": [shown(each) for each in args], "kwargs": shown(kwargs)}

    if resource:

        class Shown(Resource):
            def get(self, **kwargs):
                return decorate(show)(**kwargs)

            post = get

        Api(app).add_resource(Shown, rule)
    else:
        view = decorate(view or (lambda *a, **k: jsonify(show(*a, **k))))
        app.add_url_rule(rule, "view", view, methods=["GET", "POST", "PUT"])
    return app.test_client()


def sent(decorate, url="/", json=None, view=None, method="post", **options):
    arguments = options.pop("send", {})
    if json is not None:
        arguments = dict(arguments, data=json, content_type=JSON)
    send = getattr(client(decorate, view, **options), method)
    return answer(send(url, **arguments))


def many(schema):
    return schema(many=True, strict=True) if IS_OLD else schema(many=True)


for _name, _use in [("use_args", use_args), ("use_kwargs", use_kwargs)]:
    for _place, _how in [
        ("view", {}),
        ("Resource", {"resource": True}),
        ("view under test", {"TESTING": True}),
        ("Resource under test", {"resource": True, "TESTING": True}),
    ]:
        for _what, _arguments in [
            ("query, required", dict(url="/?n=5", method="get", need=True)),
            ("query, optional", dict(url="/?n=5", method="get")),
            ("form", dict(send=dict(data={"n": "5"}), need=True)),
            ("JSON", dict(json='{"n": 5}', need=True)),
            ("JSON and query", dict(url="/?m=2", json='{"n": 5}')),
            ("form and query", dict(url="/?m=2", send=dict(data={"n": "5"}))),
            ("query before JSON", dict(url="/?n=1", json='{"n": 2}')),
            ("query before form", dict(url="/?n=1", send=dict(data={"n": "2"}))),
            ("bad query, good JSON", dict(url="/?n=x", json='{"n": 2}')),
            ("nothing", dict(json="{}")),
            ("no body", {}),
            ("unknown name in JSON", dict(json='{"n": 5, "z": 1}')),
            ("unknown name in the query", dict(url="/?n=1&z=1", method="get")),
            ("wrong value", dict(json='{"n": "x"}')),
            ("wrong value, not wired", dict(json='{"n": "x"}', wired=False)),
            ("required but not there", dict(json="{}", need=True)),
            ("JSON that is broken, required", dict(json="{", need=True)),
            ("JSON that is broken, optional", dict(json="{")),
            ("JSON is null", dict(json="null")),
            ("JSON is a list", dict(json="[1]")),
            ("JSON is a number", dict(json="5")),
            ("value is null", dict(json='{"n": null}')),
        ]:
            _options = dict(_arguments, **_how)
            _need = _options.pop("need", False)

            @fact("{} in a {}: {}".format(_name, _place, _what))
            def _(use=_use, options=_options, need=_need):
                names = {"n": integer(required=need), "m": integer()}
                return sent(use(names), **dict(options))


@fact("use_kwargs: an optional argument that was not sent is missing")
def _():
    view = lambda n, m=7: jsonify(n=n is missing, m=m is missing)
    return sent(use_kwargs({"n": integer(), "m": integer()}), view=view)


for _name, _data, _type in [
    ("vendor type", '{"n": 2}', "application/vnd.shop+json"),
    ("charset", '{"n": 2}', "application/json; charset=utf-8"),
    ("text/plain", '{"n": 2}', "text/plain"),
    ("no type", '{"n": 2}', None),
]:

    @fact("JSON as " + _name)
    def _(data=_data, kind=_type):
        options = {"data": data, "content_type": kind}
        return sent(use_args({"n": integer(required=True)}), send=options)


ADDRESS = {"zip": integer(required=True), "city": fields.Str()}
for _name, _field, _json in [
    ("nested", lambda: fields.Nested(ADDRESS), '{"a": {"zip": 1}}'),
    ("nested, unknown", lambda: fields.Nested(ADDRESS), '{"a": {"zip": 1, "z": 2}}'),
    ("nested, missing", lambda: fields.Nested(ADDRESS), '{"a": {}}'),
    ("nested, wrong", lambda: fields.Nested(ADDRESS), '{"a": {"zip": "x"}}'),
    (
        "nested many, unknown",
        lambda: fields.Nested(ADDRESS, many=True),
        '{"a": [{"zip": 1, "z": 2}]}',
    ),
    (
        "nested in nested, unknown",
        lambda: fields.Nested({"b": fields.Nested(ADDRESS)}),
        '{"a": {"b": {"zip": 1, "z": 2}, "z": 1}}',
    ),
    (
        "list of nested, unknown",
        lambda: fields.List(fields.Nested(ADDRESS)),
        '{"a": [{"zip": 1, "z": 2}]}',
    ),
    ("nested many, body is the list", lambda: fields.Nested(ADDRESS, many=True), "[]"),
    ("list", lambda: fields.List(integer()), '{"a": [1, 2]}'),
    ("list of one value", lambda: fields.List(integer()), '{"a": 1}'),
    ("list, wrong item", lambda: fields.List(integer()), '{"a": [1, "x"]}'),
    ("list is null", lambda: fields.List(integer()), '{"a": null}'),
    ("delimited, text", lambda: fields.DelimitedList(integer()), '{"a": "1,2"}'),
    ("delimited, list", lambda: fields.DelimitedList(integer()), '{"a": [1, 2]}'),
    ("delimited, number", lambda: fields.DelimitedList(integer()), '{"a": 1}'),
    ("dict", lambda: fields.Dict(), '{"a": {"b": 1}}'),
    ("string from number", lambda: fields.Str(), '{"a": 5}'),
    ("integer from text", integer, '{"a": "5"}'),
    ("integer from float", integer, '{"a": 1.5}'),
    ("boolean from text", lambda: fields.Bool(), '{"a": "false"}'),
    ("allow_none", lambda: integer(allow_none=True), '{"a": null}'),
    ("integer from true", integer, '{"a": true}'),
    ("float from true", lambda: fields.Float(), '{"a": true}'),
    ("float from NaN", lambda: fields.Float(), '{"a": "nan"}'),
    ("float from text", lambda: fields.Float(), '{"a": "1.5"}'),
    ("boolean from yes", lambda: fields.Bool(), '{"a": "yes"}'),
    ("boolean from 1", lambda: fields.Bool(), '{"a": 1}'),
    ("string from a list", lambda: fields.Str(), '{"a": [1]}'),
    ("raw", lambda: fields.Raw(), '{"a": {"b": [1]}}'),
    ("choice", lambda: fields.Str(validate=lambda v: v in "xy"), '{"a": "z"}'),
]:

    @fact("field in JSON: " + _name)
    def _(field=_field, json=_json):
        return sent(use_args({"a": field()}), json=json)


for _name, _field, _query in [
    ("list", lambda: fields.List(integer()), "a=1&a=2"),
    ("list of one", lambda: fields.List(integer()), "a=1"),
    ("one of two", integer, "a=1&a=2"),
    ("delimited", lambda: fields.DelimitedList(integer()), "a=1,2"),
    (
        "delimited by ;",
        lambda: fields.DelimitedList(fields.Str(), delimiter=";"),
        "a=x;y",
    ),
    ("delimited, empty", lambda: fields.DelimitedList(fields.Str()), "a="),
    ("integer, empty", integer, "a="),
    ("string, empty", lambda: fields.Str(), "a="),
    ("boolean", lambda: fields.Bool(), "a=false"),
    ("date", lambda: fields.Date(), "a=2020-01-02"),
    ("date from a datetime", lambda: fields.Date(), "a=2020-01-02T03:04:05"),
    ("datetime", lambda: fields.DateTime(), "a=2020-01-02T03:04:05"),
    ("datetime with a zone", lambda: fields.DateTime(), "a=2020-01-02T03:04:05Z"),
    ("datetime from a date", lambda: fields.DateTime(), "a=2020-01-02"),
    ("email, wrong", lambda: fields.Email(), "a=x"),
    ("not ASCII", lambda: fields.Str(), "a=%C3%A9"),
]:

    @fact("field in the query: " + _name)
    def _(field=_field, query=_query):
        view = lambda args: jsonify(a=str(args.get("a")))
        use = use_args({"a": field()})
        return sent(use, "/?" + query, view=view, method="get")


for _name, _locations, _request in [
    ("query", ("query",), {"query_string": {"n": 5}}),
    ("querystring", ("querystring",), {"query_string": {"n": 5}}),
    ("a list", ["query"], {"query_string": {"n": 5}}),
    ("form", ("form",), {"data": {"n": 5}}),
    ("form, but it is in the query", ("form",), {"query_string": {"n": 5}}),
    ("JSON", ("json",), {"data": '{"n": 5}', "content_type": JSON}),
    ("JSON and form", ("json", "form"), {"data": {"n": 5}}),
    ("headers", ("headers",), {"headers": {"N": "5"}}),
    ("unknown", ("nowhere",), {"query_string": {"n": 5}}),
]:

    @fact("locations of a call: " + _name)
    def _(locations=_locations, options=_request):
        return sent(use_args({"n": integer()}, locations=locations), send=options)

    @fact("locations of use_kwargs: " + _name)
    def _(locations=_locations, options=_request):
        return sent(use_kwargs({"n": integer()}, locations=locations), send=options)

    @fact("locations of a parser: " + _name)
    def _(locations=_locations, options=_request):
        use = BetterFlaskParser(locations=locations).use_args({"n": integer()})
        return sent(use, send=options)

    @fact("locations by position: " + _name)
    def _(locations=_locations, options=_request):
        use = BetterFlaskParser(locations).use_args({"n": integer()}, None, locations)
        return sent(use, send=options)


@fact("field with location=")
def _():
    return sent(use_args({"n": integer(location="query")}), "/?n=5")


@fact("field with location= and load_from=")
def _():
    field = integer(location="headers", load_from="X-N")
    return sent(use_args({"n": field}), send={"headers": {"X-N": "5"}})


@fact("field with missing=")
def _():
    return sent(use_args({"n": integer(missing=3)}))


@fact("field with load_from=")
def _():
    return sent(use_args({"n": integer(load_from="N")}), json='{"N": 5}')


@fact("locations: view_args")
def _():
    use = use_args({"n": integer()}, locations=("view_args",))
    view = lambda args, n: jsonify(args)
    return sent(use, "/5", rule="/<n>", view=view)


@fact("locations: files")
def _():
    use = use_args({"f": fields.Field()}, locations=("files",))
    view = lambda args: jsonify(args["f"].read().decode())
    data = {"f": (io.BytesIO(b"content"), "f.txt")}
    return sent(use, view=view, send={"data": data})


@fact("a patched parser")
def _():
    with mock.patch("twopi_flask_utils.webargs.parser.parse") as parse:
        parse.return_value = {"n": 1}
        return sent(use_args({"n": integer()}))


@fact("two decorators, two locations")
def _():
    first = use_args({"a": integer()}, locations=("query",))
    second = use_args({"b": integer()}, locations=("form",))
    options = {"data": {"b": "2"}}
    return sent(lambda view: first(second(view)), "/?a=1", send=options)


class Item(Schema):
    n = marshmallow.fields.Integer(required=True)
    made = marshmallow.fields.Integer(dump_only=True)

    class Meta:
        strict = True


for _name, _argmap in [
    ("class", lambda: Item),
    ("instance", Item),
    ("instance, partial", lambda: Item(partial=True)),
    ("instance, only", lambda: Item(only=("n",))),
    ("function", lambda: lambda req: Item(partial=req.method == "PUT")),
]:
    for _json in ['{"n": 1, "made": 2, "z": 3}', '{"n": "x"}', "{}"]:
        for _use_name, _use in [("use_args", use_args), ("use_kwargs", use_kwargs)]:

            @fact("{} of a schema {}: {}".format(_use_name, _name, _json))
            def _(argmap=_argmap, json=_json, use=_use):
                return sent(use(argmap()), json=json, method="put")


for _json in ['[{"n": 1, "z": 2}, {"n": 2}]', '[{"n": 1}, {"n": "x"}]', "[]", "{}"]:

    @fact("schema of many: " + _json)
    def _(json=_json):
        return sent(use_args(many(Item)), json=json)


@fact("schema of many: no body")
def _():
    return sent(use_args(many(Item)))


def refuse(status=None, kind=ValidationError):
    def check(_):
        raise kind("refused", **({"status_code": status} if status else {}))

    return check


for _name, _options in [
    ("returns False", {"validate": lambda _: False}),
    ("returns None", {"validate": lambda _: None}),
    ("raises", {"validate": refuse()}),
    ("raises with a status", {"validate": refuse(403)}),
    ("raises the library's error", {"validate": refuse(None, LibraryError)}),
    (
        "raises the library's error with a status",
        {"validate": refuse(409, LibraryError)},
    ),
    ("is a list", {"validate": [lambda _: True, lambda _: False]}),
]:

    @fact("validate= of a call " + _name)
    def _(options=_options):
        return sent(use_args({"n": integer()}, **options), json='{"n": 5}')

    @fact("validate= of a field " + _name)
    def _(options=_options):
        return sent(use_args({"n": integer(**options)}), json='{"n": 5}')

    @fact("validate= of a field of a schema " + _name)
    def _(options=_options):
        class Checked(Schema):
            n = marshmallow.fields.Integer(**options)

            class Meta:
                strict = True

        return sent(use_args(Checked), json='{"n": 5}')


@fact("validate= by position")
def _():
    use = use_args({"n": integer()}, None, None, False, lambda _: False)
    return sent(use, json='{"n": 5}')


@fact("as_kwargs by position")
def _():
    return sent(use_args({"n": integer()}, None, None, True), json='{"n": 5}')


for _name, _raise in [
    ("a text", lambda: ValidationError("no")),
    ("a list", lambda: ValidationError(["no", "never"])),
    ("by name", lambda: ValidationError({"n": ["no"]})),
    ("with a status", lambda: ValidationError("no", status_code=409)),
    ("with a status by position", lambda: ValidationError("no", 409)),
    ("with field_names", lambda: ValidationError("no", field_names=["n"])),
    ("the library's", lambda: LibraryError("no")),
    ("the library's with a status", lambda: LibraryError("no", status_code=409)),
]:

    @fact("an error raised in a view: " + _name)
    def _(make=_raise):
        def view():
            raise make()

        return sent(lambda view: view, view=view)

    @fact("an error given to the handler: " + _name)
    def _(make=_raise):
        with Flask("shop").app_context():
            response, status = handle_validation_error(make())
        return [response.get_json(), status]


@fact("the handler and what is not a validation error")
def _():
    with Flask("shop").app_context():
        return handle_validation_error(ValueError("no"))


@fact("the library's error, where the error of this module is handled")
def _():
    def view():
        raise LibraryError("no")

    app = Flask("shop")
    app.errorhandler(ValidationError)(handle_validation_error)
    app.add_url_rule("/", "view", view)
    return answer(app.test_client().get("/"))


@fact("an argument that is wrong, where the error of this module is handled")
def _():
    app = Flask("shop")
    app.errorhandler(ValidationError)(handle_validation_error)
    app.add_url_rule("/", "view", use_args({"n": integer()})(lambda args: "x"))
    return answer(app.test_client().get("/?n=x"))


@fact("the module of the library's error")
def _():
    return LibraryError.__module__


@fact("attributes of an error")
def _():
    error = ValidationError({"n": ["no"]}, status_code=409, headers={"A": "b"})
    error.status_code += 1
    return [error.messages, error.status_code, error.headers]


@fact("messages and text of an error with a text")
def _():
    error = ValidationError("no")
    return [error.messages, error.status_code, str(error)]


class Hooked(Schema):
    n = marshmallow.fields.Integer(attribute="number")
    pair = marshmallow.fields.Integer()

    class Meta:
        strict = True

    @marshmallow.validates("n")
    def check(self, value, **_):
        if value == 7:
            raise marshmallow.ValidationError("seven")

    @marshmallow.validates_schema
    def check_all(self, data, **_):
        if data.get("number") == 13:
            raise marshmallow.ValidationError("unlucky")
        if data.get("pair") == 1:
            raise marshmallow.ValidationError("one", ["pair"])

    @marshmallow.post_load
    def make(self, data, **_):
        return dict(data, made=True)


for _json in ['{"n": 7}', '{"n": 13}', '{"n": 1}', '{"n": null}', '{"pair": 1}']:
    for _use_name, _use in [("use_args", use_args), ("use_kwargs", use_kwargs)]:

        @fact("{} of a schema with hooks: {}".format(_use_name, _json))
        def _(json=_json, use=_use):
            return sent(use(Hooked), json=json)


class Thing(MethodView):
    @use_args({"n": integer(required=True)})
    def get(self, args):
        return jsonify(args)

    @use_kwargs({"n": integer(), "m": integer()}, locations=("json",))
    def post(self, n, m):
        return jsonify(n=shown(n), m=shown(m))


for _method, _url, _options in [
    ("get", "/?n=1", {}),
    ("get", "/", {}),
    ("post", "/?m=1", {"data": '{"n": 1}', "content_type": JSON}),
]:

    @fact("a MethodView: {} {}".format(_method, _url))
    def _(method=_method, url=_url, options=_options):
        app = Flask("shop")
        app.errorhandler(LibraryError)(handle_validation_error)
        app.add_url_rule("/", view_func=Thing.as_view("thing"))
        return answer(getattr(app.test_client(), method)(url, **dict(options)))


@fact("a handler of a blueprint")
def _():
    app, part = Flask("shop"), Blueprint("part", "part")
    part.errorhandler(LibraryError)(handle_validation_error)
    part.add_url_rule("/", "view", use_args({"n": integer()})(lambda args: "x"))
    app.register_blueprint(part)
    return answer(app.test_client().get("/?n=x"))


@fact("an error that a view catches")
def _():
    with Flask("shop").test_request_context("/?n=x"):
        try:
            parser.parse({"n": integer(), "m": integer(required=True)}, request)
        except LibraryError as error:
            return [sorted(error.field_names), error.messages, error.status_code]


@fact("a handler of one's own sees names and status")
def _():
    app = Flask("shop")
    app.errorhandler(LibraryError)(
        lambda error: (jsonify(sorted(error.messages)), error.status_code)
    )
    view = use_args({"n": integer(), "m": integer()})(lambda args: "x")
    app.add_url_rule("/", "view", view, methods=["POST"])
    data = '{"n": "x", "m": "y"}'
    return answer(app.test_client().post("/", data=data, content_type=JSON))


@fact("a handler of 422 only")
def _():
    app = Flask("shop")
    app.errorhandler(422)(lambda _: ("handled", 422))
    app.add_url_rule("/", "view", use_args({"n": integer()})(lambda args: "x"))
    return answer(app.test_client().get("/?n=x"))


class Strict(BetterFlaskParser):
    DEFAULT_LOCATIONS = ("json",)

    def handle_error(self, error):
        error.status_code = 400
        raise error


class Prefixed(BetterFlaskParser):
    def parse_querystring(self, req, name, field):
        return req.args.get("q_" + name, missing)


class Mapped(BetterFlaskParser):
    __location_map__ = dict(BetterFlaskParser.__location_map__, session="parse_session")

    def parse_session(self, req, name, field):
        return "9"


for _name, _make, _options in [
    ("handle_error of one argument", Strict, {"json": '{"n": "x"}'}),
    ("DEFAULT_LOCATIONS", Strict, {"url": "/?n=5"}),
    ("parse_querystring", Prefixed, {"url": "/?q_n=5"}),
    ("__location_map__", lambda: Mapped(("session",)), {}),
]:

    @fact("a parser that overrides " + _name)
    def _(make=_make, options=_options):
        return sent(make().use_args({"n": integer(required=True)}), **options)


def failing(error):
    raise ValidationError(["mine"], status_code=418)


@fact("error_handler of one argument")
def _():
    own = BetterFlaskParser()
    own.error_handler(failing)
    return sent(own.use_args({"n": integer()}), "/?n=x")


@fact("error_handler= of a parser")
def _():
    own = BetterFlaskParser(None, failing)
    return sent(own.use_args({"n": integer()}), "/?n=x")


@fact("error_handler that raises nothing")
def _():
    own = BetterFlaskParser()
    own.error_handler(lambda error: None)
    return sent(own.use_args({"n": integer()}), "/?n=x")


@fact("location_handler")
def _():
    own = BetterFlaskParser()
    own.location_handler("token")(lambda req, name, field: req.headers.get("X-" + name))
    use = own.use_args({"n": integer()}, locations=("token",))
    return sent(use, send={"headers": {"X-n": "4"}})


@fact("location_handler, of another parser")
def _():
    parser.location_handler("fixed")(lambda req, name, field: 6)
    own = BetterFlaskParser(("fixed",))
    return sent(own.use_args({"n": integer()}))


for _name, _args, _options in [
    ("request", (), {}),
    ("locations", (), {"locations": ("query",)}),
    ("locations by position", (("query",),), {}),
    ("validate", (), {"validate": lambda _: True}),
]:

    @fact("parser.parse with " + _name)
    def _(args=_args, options=_options):
        with Flask("shop").test_request_context("/?n=5"):
            return parser.parse({"n": integer()}, request, *args, **options)


@fact("parser.parse without a request")
def _():
    with Flask("shop").test_request_context("/?n=5"):
        return parser.parse({"n": integer()})


@fact("parser.parse leaves out what was not sent")
def _():
    with Flask("shop").test_request_context("/?n=5"):
        return parser.parse({"n": integer(), "m": integer()}, request)


@fact("parser.parse with force_all")
def _():
    with Flask("shop").test_request_context("/?n=5"):
        found = parser.parse({"n": integer(), "m": integer()}, request, force_all=True)
        return shown(found)


@fact("parser.parse_arg")
def _():
    with Flask("shop").test_request_context("/?n=5"):
        return parser.parse_arg("n", integer(), request)
