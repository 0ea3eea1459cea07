"""Tokens and the views that need them, by `twopi_flask_utils.token_auth`."""

import base64
import datetime
import hashlib
import hmac
import json
import time

import jwt
import marshmallow
from flask import Flask, g, jsonify
from flask_restful import Api, Resource
from marshmallow import fields

from compat.kit import answer, fact
from twopi_flask_utils.token_auth import (
    ShortlivedTokenMixin,
    auth_required,
    parse_auth_header,
)
from twopi_flask_utils.token_auth.decorators import bearer_re
from twopi_flask_utils.token_auth.ShortlivedTokenMixin import UnixTimestamp

UTC = datetime.timezone.utc
SECRET = "a secret of 32 letters and more: "


class Token(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        rfid = fields.String(attribute="refresh_token_id")
        user_id = fields.String(attribute="user_id")
        scopes = fields.List(fields.String(), attribute="scopes")

    def __init__(self, refresh_token_id, user_id, scopes, *args, **kwargs):
        super(Token, self).__init__(*args, **kwargs)
        self.refresh_token_id = refresh_token_id
        self.user_id = user_id
        self.scopes = scopes

    @classmethod
    def from_refresh_token(cls, refresh_token):
        return cls("r", refresh_token, [])


def soon(seconds):
    return datetime.datetime.now(UTC) + datetime.timedelta(seconds=seconds)


def made(user="ada", secret=SECRET, scopes=("read",), **registered):
    registered.setdefault("expiry", soon(600))
    return Token("r", user, scopes, **registered).dump(secret=secret)


def encoded(claims, secret=SECRET, **options):
    token = jwt.encode(claims, secret, **options)
    return token.decode() if isinstance(token, bytes) else token


def payload(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())


def application(*decorators, **config):
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET
    app.config.update(config)

    def view():
        return jsonify(
            user=getattr(g.token, "user_id", g.token), raw=g.raw_token is not None
        )

    for decorate in reversed(decorators):
        view = decorate(view)
    app.add_url_rule("/", "view", view)
    return app


def bearer(token, scheme="Bearer "):
    return {"headers": {"Authorization": scheme + token}}


GOOD, OLD, OTHER = made(), made(expiry=soon(-60)), made(secret="another" + SECRET)
TAMPERED = GOOD[:-4] + ("AAAA" if GOOD[-4:] != "AAAA" else "BBBB")
SENT = [
    ("nothing", {}),
    ("a token in the header", bearer(GOOD)),
    ("a token in the query", {"query_string": {"token": GOOD}}),
    ("an expired token in the header", bearer(OLD)),
    ("an expired token in the query", {"query_string": {"token": OLD}}),
    ("a token of another key", bearer(OTHER)),
    ("a token with another signature", bearer(TAMPERED)),
    ("a word", bearer("nonsense")),
    ("a word in the query", {"query_string": {"token": "nonsense"}}),
    ("an empty token in the query", {"query_string": {"token": ""}}),
    ("Basic", {"headers": {"Authorization": "Basic Zm9vOmJhcg=="}}),
    ("bearer in lower case", bearer(GOOD, "bearer ")),
    ("an expired token, bearer in lower case", bearer(OLD, "bearer ")),
    ("another scheme", bearer(GOOD, "Token ")),
    ("two spaces", bearer(GOOD, "Bearer  ")),
    ("a space after the token", bearer(GOOD + " ")),
    ("Bearer and a space", {"headers": {"Authorization": "Bearer "}}),
    ("Bearer alone", {"headers": {"Authorization": "Bearer"}}),
    ("no scheme", {"headers": {"Authorization": GOOD}}),
    ("a scheme that ends in Bearer", bearer(GOOD, "XBearer ")),
    ("both, header bad", dict(bearer("bad"), query_string={"token": GOOD})),
    ("both, query bad", dict(bearer(GOOD), query_string={"token": "bad"})),
    ("both, header expired", dict(bearer(OLD), query_string={"token": GOOD})),
    (
        "Basic in the header, token in the query",
        {"headers": {"Authorization": "Basic x"}, "query_string": {"token": GOOD}},
    ),
]
for _where, _decorators in [
    ("optional", (parse_auth_header(Token),)),
    ("required", (parse_auth_header(Token), auth_required())),
    ("header only", (parse_auth_header(Token, query_string=False),)),
    ("query only", (parse_auth_header(Token, auth_header=False),)),
    (
        "header only, required",
        (parse_auth_header(Token, query_string=False), auth_required()),
    ),
    ("by position", (parse_auth_header(Token, True, False, "another" + SECRET),)),
]:
    for _what, _options in SENT:

        @fact("{}: {}".format(_where, _what))
        def _(decorators=_decorators, options=_options):
            return answer(application(*decorators).test_client().get("/", **options))


for _what, _options in SENT[:5]:

    @fact("a Resource, required: " + _what)
    def _(options=_options):
        class Me(Resource):
            method_decorators = [auth_required(), parse_auth_header(Token)]

            def get(self):
                return g.token.user_id

        app = Flask("shop")
        app.config["SECRET_KEY"] = SECRET
        Api(app).add_resource(Me, "/")
        return answer(app.test_client().get("/", **options))


@fact("auth_required alone")
def _():
    return answer(application(auth_required()).test_client().get("/"))


@fact("auth_required above parse_auth_header")
def _():
    app = application(auth_required(), parse_auth_header(Token))
    return answer(app.test_client().get("/", **bearer(GOOD)))


@fact("auth_required and a g.token of one's own")
def _():
    app = application(auth_required())

    @app.before_request
    def choose():
        g.token, g.raw_token = "mine", None

    return answer(app.test_client().get("/"))


class Duck(object):
    @classmethod
    def load(cls, raw, secret):
        return "duck " + raw if raw != "bad" else None


class DuckInstance(object):
    def load(self, raw, secret):
        return [raw, secret]


class Zero(object):
    @classmethod
    def load(cls, raw, secret):
        return 0


for _what, _class in [
    ("class", Duck),
    ("instance", DuckInstance()),
    ("class whose token is 0", Zero),
]:
    for _raw in ("quack", "bad"):
        for _more in ((), (auth_required(),)):

            @fact("a token {}, {}{}".format(_what, _raw, _more and ", required" or ""))
            def _(kind=_class, raw=_raw, more=_more):
                app = application(parse_auth_header(kind), *more)
                return answer(app.test_client().get("/", **bearer(raw)))


def loaded(token, **options):
    with application().app_context():
        found = Token.load(token, **options)
    if found is None:
        return None
    return [
        found.user_id,
        found.scopes,
        type(found.expiry).__name__,
        found.issuer,
        found.audience,
    ]


CLAIMS = {"rfid": "r", "user_id": "ada", "scopes": ["read"]}
LATER = int(time.time()) + 600
for _what, _claims, _options in [
    ("no expiry", {}, {}),
    ("an expiry", {"exp": LATER}, {}),
    ("an expiry with a fraction", {"exp": LATER + 0.5}, {}),
    ("an expiry that is past", {"exp": LATER - 6000}, {}),
    ("an expiry that is text", {"exp": str(LATER)}, {}),
    ("an expiry that is null", {"exp": None}, {}),
    ("an expiry that is a word", {"exp": "soon"}, {}),
    ("issued in 30 s", {"iat": LATER - 570}, {}),
    ("issued in 10 minutes", {"iat": LATER}, {}),
    ("issued at null", {"iat": None}, {}),
    ("not before later", {"nbf": LATER}, {}),
    ("not before, past", {"nbf": LATER - 6000}, {}),
    ("an unknown claim", {"color": "red"}, {}),
    ("scopes of another type", {"scopes": 3}, {}),
    ("a user that is a number", {"user_id": 5}, {}),
    ("a user that is null", {"user_id": None}, {}),
    ("an audience that is not expected", {"aud": "me"}, {}),
    ("the audience", {"aud": "me"}, {"audience": "me"}),
    ("another audience", {"aud": "you"}, {"audience": "me"}),
    ("no audience, but expected", {}, {"audience": "me"}),
    ("one of the audiences", {"aud": ["me", "you"]}, {"audience": "me"}),
    ("the issuer", {"iss": "me"}, {"issuer": "me"}),
    ("another issuer", {"iss": "you"}, {"issuer": "me"}),
    ("no issuer, but expected", {}, {"issuer": "me"}),
    ("an issuer that is not expected", {"iss": "me"}, {}),
    ("a subject", {"sub": "me"}, {}),
    ("a subject that is a number", {"sub": 5}, {}),
]:

    @fact("load: " + _what)
    def _(claims=_claims, options=_options):
        return loaded(encoded(dict(CLAIMS, **claims)), **options)


@fact("load: a claim is missing")
def _():
    return loaded(encoded({"rfid": "r"}))


for _what, _token, _options in [
    ("text", GOOD, {}),
    ("bytes", GOOD.encode(), {}),
    ("None", None, {}),
    ("empty", "", {}),
    ("a number", 5, {}),
    ("a word", "word", {}),
    ("a secret in bytes", GOOD, {"secret": SECRET.encode()}),
    ("another secret", GOOD, {"secret": "another" + SECRET}),
    ("an empty secret", GOOD, {"secret": ""}),
]:

    @fact("load of " + _what)
    def _(token=_token, options=_options):
        return loaded(token, **options)


for _algorithm in ("HS256", "HS384", "HS512"):

    @fact("load of a token signed by " + _algorithm)
    def _(algorithm=_algorithm):
        return loaded(encoded(CLAIMS, algorithm=algorithm))


@fact("load of a token with the algorithm none")
def _():
    return loaded(encoded(CLAIMS, None, algorithm="none"))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


for _header in [
    {"alg": "HS256"},
    {"alg": "HS256", "typ": "JWT"},
    {"alg": "HS256", "typ": "jwt"},
    {"typ": "JWT", "alg": "HS256", "kid": "k"},
    {"alg": "HS256", "typ": "at+jwt"},
]:

    @fact("load of a token with the header {}".format(json.dumps(_header)))
    def _(header=_header):
        parts = [base64url(json.dumps(each).encode()) for each in (header, CLAIMS)]
        signed = ".".join(parts).encode()
        mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        return loaded(".".join(parts + [base64url(mac)]))


@fact("load of a token that another class made")
def _():
    class Ticket(Token):
        pass

    return [Ticket.load(GOOD, SECRET).user_id, Token.load(GOOD, SECRET).user_id]


@fact("load by position")
def _():
    return Token.load(GOOD, SECRET).user_id


@fact("load without an application or a secret")
def _():
    return Token.load(GOOD)


@fact("load without a SECRET_KEY")
def _():
    with Flask("shop").app_context():
        return Token.load(GOOD)


@fact("a SECRET_KEY of bytes")
def _():
    with application(SECRET_KEY=SECRET.encode()).app_context():
        token = Token("r", "ada", [], expiry=soon(60))
        return Token.load(token.dump()).user_id


@fact("dump: type, claims, header")
def _():
    token = made()
    return [
        type(token).__name__,
        sorted(payload(token)),
        jwt.get_unverified_header(token),
    ]


for _what, _registered in [
    ("no expiry", {"expiry": None}),
    ("all claims", dict(issuer="i", subject="s", audience="a", not_before=soon(-60))),
    ("a list of audiences", {"audience": ["a", "b"]}),
]:

    @fact("dump, claims: " + _what)
    def _(registered=_registered):
        claims = payload(made(**registered))
        for name in ("exp", "iat", "nbf"):
            if name in claims:
                claims[name] = type(claims[name]).__name__
        return claims


@fact("dump: a fraction of a second")
def _():
    when = datetime.datetime(2030, 1, 1, 0, 0, 0, 999999, UTC)
    return payload(made(expiry=when))["exp"]


@fact("dump: an expiry in another zone")
def _():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return payload(made(expiry=datetime.datetime(2030, 1, 1, 2, 0, 0, 0, zone)))["exp"]


@fact("dump: an expiry without a zone")
def _():
    return made(expiry=datetime.datetime(2030, 1, 1))


@fact("dump: sets issued_at")
def _():
    token = Token("r", "ada", [])
    token.dump(secret=SECRET)
    return token.issued_at.tzinfo is not None


for _what, _values in [
    ("a number", {"user": 5}),
    ("None", {"user": None}),
    ("no scopes", {"scopes": None}),
    ("a tuple of scopes", {"scopes": ("a", "b")}),
    ("not ASCII", {"user": "Zoë"}),
]:

    @fact("dump and load: " + _what)
    def _(values=_values):
        return loaded(made(**values))


@fact("repr")
def _():
    return [repr(ShortlivedTokenMixin()), str(ShortlivedTokenMixin())]


@fact("repr shows no token, and the class or its base")
def _():
    token = Token("r", "ada", [], expiry=soon(60))
    return [token.dump(secret=SECRET) in repr(token), "expiry=" in repr(token)]


@fact("from_refresh_token")
def _():
    return Token.from_refresh_token("ada").user_id


@fact("from_refresh_token of the base")
def _():
    return ShortlivedTokenMixin.from_refresh_token("ada")


@fact("generate")
def _():
    return Token.generate("ada").user_id


@fact("generate of the base")
def _():
    return ShortlivedTokenMixin.generate("ada")


@fact("SKIPPABLE")
def _():
    return ShortlivedTokenMixin.TokenSchema.SKIPPABLE


@fact("the constructor by position")
def _():
    names = ["expiry", "issuer", "subject", "audience", "not_before", "issued_at"]
    token = ShortlivedTokenMixin(*names)
    return [getattr(token, name) for name in names]


@fact("hooks of a schema, as in marshmallow 3")
def _():
    class Counted(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            uid = fields.Integer(attribute="uid")

            @marshmallow.post_load
            def add(self, data, **kwargs):
                data["uid"] += 1
                return data

        def __init__(self, uid=None, **registered):
            super(Counted, self).__init__(**registered)
            self.uid = uid

    return Counted.load(Counted(5).dump(secret=SECRET), SECRET).uid


@fact("hooks of a schema, as in marshmallow 2")
def _():
    class Counted(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            uid = fields.Integer(attribute="uid")

            @marshmallow.post_load
            def add(self, data):
                data["uid"] += 1
                return data

        def __init__(self, uid=None, **registered):
            super(Counted, self).__init__(**registered)
            self.uid = uid

    return Counted.load(Counted(5).dump(secret=SECRET), SECRET).uid


@fact("dump_to and load_from")
def _():
    class Short(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            user = fields.Integer(dump_to="u", load_from="u")

        def __init__(self, user=None, **registered):
            super(Short, self).__init__(**registered)
            self.user = user

    token = Short(5).dump(secret=SECRET)
    return [Short.load(token, SECRET).user, payload(token).get("u")]


@fact("UnixTimestamp in a schema of one's own")
def _():
    class Login(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            at = UnixTimestamp(attribute="at")

        def __init__(self, at=None, **registered):
            super(Login, self).__init__(**registered)
            self.at = at

    when = datetime.datetime(2030, 1, 1, tzinfo=UTC)
    token = Login(when).dump(secret=SECRET)
    return [payload(token)["at"], Login.load(token, SECRET).at == when]


@fact("bearer_re")
def _():
    return bearer_re.match("Bearer abc").group(1)
