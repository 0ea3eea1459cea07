"""Everything is closed unless it is marked open; OPTIONS never needs a token."""

import pytest
from flask import Blueprint, Flask, g
from flask.views import MethodView
from flask_restful import Api, Resource

from twopi_token_auth import (
    KeyRing,
    MemoryStore,
    SessionToken,
    TokenAuth,
    auth_required,
    parse_auth_header,
    public,
    scopes_required,
)
from twopi_token_auth.testing import open_routes, session_headers

ADA = {"username": "ada", "password": "x"}
PREFLIGHT = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}


@pytest.fixture
def shop(tmp_path, secret):
    (tmp_path / "logo.txt").write_text("logo")
    app = Flask("shop", static_folder=str(tmp_path), static_url_path="/static")
    app.config["SECRET_KEY"] = secret
    auth = TokenAuth(app, store=MemoryStore(), authenticate=lambda name, password: name)
    app.register_blueprint(auth.blueprint(url_prefix="/auth"))
    app.auth = auth

    @app.get("/closed")
    def closed():
        return {"user": g.token.user_id}

    @app.get("/open")
    @public
    def opened():
        return {"user": g.token}

    @app.get("/named")
    def named():
        return "named"

    return app


@pytest.fixture(params=["protect", "before_request"])
def guarded(shop, request):
    """The application, closed in the two ways there are."""
    if request.param == "protect":
        shop.auth.protect(shop, except_=["named"])
    else:
        shop.before_request(
            parse_auth_header(SessionToken, required=True)(lambda: None)
        )
        shop.view_functions["named"].__twopi_public__ = True
    return shop


def status(app, path, method="GET", **options):
    with app.test_client().open(path, method=method, **options) as response:
        return response.status_code


def test_a_guard_closes_what_is_not_marked_open(guarded):
    headers = session_headers(guarded, "ada")

    assert status(guarded, "/closed") == 401
    assert status(guarded, "/closed", headers={"Authorization": "Bearer x"}) == 401
    assert status(guarded, "/closed?token=x") == 401
    assert status(guarded, "/closed", headers=headers) == 200
    for path in ("/open", "/named"):
        assert status(guarded, path) == 200
        assert status(guarded, path, headers={"Authorization": "Bearer x"}) == 200


def test_a_guard_leaves_our_own_views_open(guarded):
    client = guarded.test_client()

    pair = client.post("/auth/login", json=ADA).json
    pair = client.post("/auth/renew", json=pair).json
    header = {"Authorization": f"Bearer {pair['token']}"}
    assert client.get("/auth/sessions").status_code == 401
    assert client.get("/auth/sessions", headers=header).status_code == 200
    assert client.post("/auth/logout", json=pair).status_code == 200
    for path in ("token-auth.mjs", ".well-known/jwks.json"):
        assert status(guarded, f"/auth/{path}") == 200


def test_protect_leaves_static_files_and_missing_pages_open(shop):
    shop.auth.protect(shop)

    assert status(shop, "/static/logo.txt") == 200
    assert status(shop, "/nowhere") == 404
    assert status(shop, "/closed", method="POST") == 405
    assert status(shop, "/named") == 401


def test_only_flasks_own_view_of_static_files_is_open(secret):
    app = Flask("bare", static_folder=None)
    app.config["SECRET_KEY"] = secret
    TokenAuth(app, store=MemoryStore()).protect(app)
    app.add_url_rule("/secret", "static", lambda: "secret")
    blueprint = Blueprint("b", "b")
    blueprint.add_url_rule("/other", "static", lambda: "secret")
    app.register_blueprint(blueprint)

    assert status(app, "/secret") == status(app, "/other") == 401
    assert open_routes(app) == []


def test_protect_closes_one_blueprint(shop):
    inner, outer = Blueprint("inner", "b"), Blueprint("outer", "b", url_prefix="/outer")
    inner.add_url_rule("/in", "view", lambda: "in")
    outer.add_url_rule("/out", "view", lambda: "out")
    outer.add_url_rule("/health", "health", lambda: "ok")
    outer.register_blueprint(inner)
    shop.auth.protect(outer, except_=["outer.health"])
    shop.register_blueprint(outer)

    assert status(shop, "/named") == status(shop, "/outer/health") == 200
    assert status(shop, "/outer/out") == status(shop, "/outer/in") == 401
    assert [each for each in open_routes(shop) if "outer" in each] == [
        "GET /outer/health"
    ]


def test_public_goes_on_classes(shop):
    shop.auth.protect(shop)

    @public
    class Open(MethodView):
        def get(self):
            return "open"

    class Closed(MethodView):
        def get(self):
            return "closed"

    @public
    class Item(Resource):
        def get(self):
            return "open"

    shop.add_url_rule("/class", view_func=Open.as_view("class"))
    shop.add_url_rule("/shut", view_func=Closed.as_view("shut"))
    Api(shop).add_resource(Item, "/item")

    assert status(shop, "/class") == status(shop, "/item") == 200
    assert status(shop, "/shut") == 401


def test_a_decorator_of_the_view_itself_asks_even_if_it_is_public(guarded):
    @guarded.get("/both")
    @public
    @parse_auth_header(SessionToken, required=True)
    def both():
        return "in"

    @guarded.get("/nested")
    @public
    @parse_auth_header(SessionToken)
    @auth_required()
    def nested():
        return "in"

    for path in ("/both", "/nested"):
        assert status(guarded, path) == 401
        assert status(guarded, path, headers=session_headers(guarded, "ada")) == 200


def test_open_routes_lists_what_needs_no_token(guarded):
    class Mixed(MethodView):
        def get(self):
            return "open"

        @auth_required()
        def post(self):
            return "closed"

    own = ["GET /auth/.well-known/jwks.json", "GET /auth/token-auth.mjs"]
    own += [f"POST /auth/{path}" for path in ("login", "logout", "renew")]
    static = "GET /static/<path:filename>"
    found = {static, *open_routes(guarded)}

    assert found - {static} == {*own, "GET /named", "GET /open"}
    guarded.before_request_funcs.clear()
    guarded.add_url_rule("/mixed", view_func=Mixed.as_view("mixed"))

    class Item(Resource):
        method_decorators = (auth_required(), parse_auth_header(SessionToken))

        def get(self):
            return "closed"

    Api(guarded).add_resource(Item, "/item")
    assert set(open_routes(guarded)) - found == {"GET /closed", "GET /mixed"}


@pytest.mark.parametrize("except_", ["health", [1], [None]])
def test_wrong_arguments_of_protect(shop, except_):
    with pytest.raises(TypeError, match="list of endpoints"):
        shop.auth.protect(shop, except_=except_)
    with pytest.raises(TypeError, match="not an application or a blueprint"):
        shop.auth.protect(object())


def test_protect_loads_the_user(shop):
    users = {"ada": "Ada"}
    shop.auth.protect(shop, load_user=lambda token: users.get(token.user_id))
    shop.add_url_rule("/user", "user", lambda: g.user)

    assert status(shop, "/user", headers=session_headers(shop, "bob")) == 401
    headers = session_headers(shop, "ada")
    assert shop.test_client().get("/user", headers=headers).text == "Ada"


DECORATORS = {
    "required": [parse_auth_header(SessionToken, required=True)],
    "two": [auth_required(), parse_auth_header(SessionToken)],
    "fresh": [auth_required(fresh=300), parse_auth_header(SessionToken)],
    "scopes": [scopes_required("admin"), parse_auth_header(SessionToken)],
}


@pytest.mark.parametrize("how", DECORATORS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_options_never_needs_a_token(shop, how, headers):
    def answer():
        return "preflight", 204, {"X-Seen": "yes"}

    for decorate in DECORATORS[how]:
        answer = decorate(answer)
    shop.add_url_rule("/own", "own", answer, methods=["GET", "OPTIONS"])

    class View(MethodView):
        decorators = DECORATORS[how]

        def get(self):
            return "in"

        def options(self):
            return "preflight", 204, {"X-Seen": "yes"}

    class Item(Resource):
        method_decorators = DECORATORS[how]

        def get(self):
            return "in"

        def options(self):
            return "preflight", 204, {"X-Seen": "yes"}

    shop.add_url_rule("/class", view_func=View.as_view("class"))
    Api(shop).add_resource(Item, "/item")
    client = shop.test_client()

    for path in ("/own", "/class", "/item"):
        response = client.options(path, headers={**PREFLIGHT, **headers})
        assert (response.status_code, response.headers["X-Seen"]) == (204, "yes")
        assert client.get(path, headers=headers).status_code == 401


def test_options_passes_a_guard(guarded):
    for path in ("/closed", "/open", "/auth/sessions", "/auth/login"):
        assert status(guarded, path, method="OPTIONS", headers=PREFLIGHT) == 200


def test_messages_say_what_to_write(token_class):
    for wrong, message in (
        (lambda: auth_required(lambda: 1), "@auth_required\\(\\)"),
        (lambda: scopes_required(["a"]), "one by one"),
        (lambda: scopes_required(lambda: 1), "one by one"),
        (lambda: parse_auth_header(lambda: 1), "@parse_auth_header\\(Token\\)"),
        (lambda: SessionToken("s", user_id="7"), "no argument user_id"),
        (lambda: KeyRing.from_jwks("{}"), "json.loads"),
        (lambda: KeyRing.from_jwks(b"{}"), "json.loads"),
        (lambda: KeyRing.from_jwks([]), "must be a mapping"),
    ):
        with pytest.raises((TypeError, RuntimeError), match=message):
            wrong()
