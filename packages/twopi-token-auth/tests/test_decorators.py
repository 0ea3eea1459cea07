from types import SimpleNamespace

import pytest
from flask import Blueprint, Flask, g
from flask.views import MethodView
from flask_restful import Api, Resource

from twopi_token_auth import (
    ConfigurationError,
    auth_required,
    current_token,
    parse_auth_header,
    scopes_required,
)

MISSING = {"_errors": ["A valid token is required to access this resource"]}
INVALID = {"_errors": ["The provided token was invalid."]}


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def token(context, token_class):
    return token_class("ada", ["read", "write"]).dump()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def is_missing(answer):
    return (answer.status_code, answer.json) == (401, MISSING)


def test_a_good_token_in_the_header(client, token):
    assert client.get("/closed", headers=bearer(token)).json == {"user": "ada"}
    assert client.get("/open", headers=bearer(token)).json == {
        "token": "ada",
        "raw": token,
    }


def test_a_good_token_in_the_query_string(client, token):
    assert client.get(f"/closed?token={token}").json == {"user": "ada"}
    assert client.get(f"/closed?a=b&%74oken={token}&c").json == {"user": "ada"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("blanks", [" ", "   "])
def test_the_scheme_in_any_case(client, token, scheme, blanks):
    header = {"Authorization": f"{scheme}{blanks}{token}"}

    assert client.get("/closed", headers=header).json == {"user": "ada"}


@pytest.mark.parametrize(
    "header",
    [
        *[
            "",
            "Bearer",
            "Bearer ",
            "Bearer    ",
            "Basic {}",
            "Token {}",
            "{}",
            "JWT {}",
        ],
        *[
            "Bearer {} {}",
            "Bearer {}, Bearer {}",
            "Bearer\t{}",
            "Bearer{}",
            "XBearer {}",
        ],
        *["Bearer {} x", "Bearer  x {}", ": Bearer {}", "Bearer\xa0{}"],
    ],
)
def test_what_is_no_token_in_the_header(client, token, header):
    answer = client.get(
        "/closed", headers={"Authorization": header.format(token, token)}
    )

    assert is_missing(answer)


def test_no_token(client):
    answer = client.get("/closed")

    assert is_missing(answer)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type == "application/json"
    assert client.get("/open").json == {"token": None, "raw": None}


@pytest.mark.parametrize("query", ["?", "?tokens=x", "?a=token", "?Token=x"])
def test_what_is_no_token_in_the_query_string(client, query):
    assert is_missing(client.get("/closed" + query))


def test_a_bad_token(client, token):
    answer = client.get("/closed", headers=bearer(token[:-1]))

    assert (answer.status_code, answer.json) == (401, INVALID)
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token", error_description="The token is not valid"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def bad(context, token_class, clock):
    """Ways to be invalid, each with the code of its error."""
    good = token_class("ada", expiry=clock.date(60)).dump()
    return {
        "x": "malformed",
        good[:-4] + "AAAA": "signature",
        token_class("ada", expiry=clock.date(-1)).dump(): "expired",
        token_class("ada", not_before=clock.date(60)).dump(): "not_yet_valid",
        token_class("ada", audience="others").dump(): "audience",
        token_class(None).dump(): "claims",
    }


def in_cookie(app, path, token):
    client = app.test_client()
    client.set_cookie("token", token)
    return client.get(path)


def test_a_bad_token_is_refused_where_one_is_optional(app, client, bad, token_class):
    ran = []

    @app.get("/optional")
    @parse_auth_header(token_class, cookie="token")
    def optional():
        ran.append(g.token)
        return "in"

    for token in bad:
        for answer in (
            client.get("/optional", headers=bearer(token)),
            client.get(f"/optional?token={token}"),
            in_cookie(app, "/optional", token),
        ):
            assert (answer.status_code, answer.json) == (401, INVALID)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer error=")
            assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/optional?token=").json == INVALID
    assert ran == []
    assert client.get("/optional").text == "in"


def test_a_bad_token_can_count_as_none(app, client, bad, token_class):
    @app.get("/lenient")
    @parse_auth_header(token_class, cookie="token", load_user=str, invalid="anonymous")
    def lenient():
        return {
            "why": g.token_error and g.token_error.code,
            "carried": [g.token, g.raw_token, g.user],
        }

    nothing = [None, None, None]
    for token, code in bad.items():
        for answer in (
            client.get("/lenient", headers=bearer(token)),
            in_cookie(app, "/lenient", token),
        ):
            assert answer.json == {"why": code, "carried": nothing}
    assert client.get("/lenient").json == {"why": None, "carried": nothing}


def test_auth_required_tells_why_a_token_counts_as_none(app, client, bad, token_class):
    @app.get("/both")
    @parse_auth_header(token_class, invalid="anonymous")
    @auth_required()
    def both():
        return "in"

    for token, code in bad.items():
        answer = client.get("/both", headers=bearer(token))
        assert (answer.status_code, answer.json) == (401, INVALID)
        expired = "expired" in answer.headers["WWW-Authenticate"]
        assert expired is (code == "expired")
    assert client.get("/both").json == MISSING


def test_only_the_two_ways_with_bad_tokens_exist(token_class):
    with pytest.raises(ValueError, match="'refuse' or 'anonymous'"):
        parse_auth_header(token_class, invalid="ignore")


def test_another_load_inside_of_a_view_changes_nothing(app, client, token_class):
    @app.get("/inside")
    @parse_auth_header(token_class)
    def inside():
        assert token_class.load("x") is None
        return {"why": g.token_error, "user": g.token and g.token.user_id}

    assert client.get("/inside").json == {"why": None, "user": None}


def test_an_expired_token_can_be_told_apart(client, context, token_class, clock):
    token = token_class("ada", expiry=clock.date(-1)).dump()

    answer = client.get("/closed", headers=bearer(token))

    assert (answer.status_code, answer.json) == (401, INVALID)
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token", error_description="The token has expired"'
    )


def test_the_realm_is_quoted(client, app):
    app.config["TOKEN_AUTH_REALM"] = 'the "api" \\ 1'

    assert client.get("/closed").headers["WWW-Authenticate"] == (
        'Bearer realm="the \\"api\\" \\\\ 1"'
    )
    assert client.get("/closed?token=x").headers["WWW-Authenticate"] == (
        'Bearer realm="the \\"api\\" \\\\ 1", error="invalid_token", '
        'error_description="The token is not valid"'
    )


@pytest.mark.parametrize(
    "text",
    ["\xff", "é", "%00", "x" * 20_000, "e30." * 3000, "../../x", "{{7*7}}", "' OR 1=1"],
)
def test_no_junk_is_a_server_error(client, text):
    for answer in (
        client.get("/closed", headers={"Authorization": f"Bearer {text}"}),
        client.get("/closed", query_string={"token": text}),
        client.get("/closed?token=%ff%fe%ed%a0%80"),
    ):
        assert answer.status_code == 401
        assert text not in answer.text


def test_the_header_beats_the_query_string(client, token):
    assert client.get("/closed?token=x", headers=bearer(token)).status_code == 200
    assert client.get(f"/closed?token={token}", headers=bearer("x")).json == INVALID
    other = {"Authorization": "Basic YTpi"}
    assert client.get(f"/closed?token={token}", headers=other).status_code == 200


def test_of_several_parameters_the_first_counts(client, token):
    assert client.get(f"/closed?token={token}&token=x").status_code == 200
    assert client.get(f"/closed?token=x&token={token}").status_code == 401


def test_the_query_string_can_be_switched_off_everywhere(client, app, token):
    app.config["TOKEN_AUTH_QUERY_STRING"] = False

    assert is_missing(client.get(f"/closed?token={token}"))
    assert client.get("/closed", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("auth_header", [True, False])
@pytest.mark.parametrize("query_string", [True, False])
def test_places_can_be_switched_off_at_the_view(
    app, client, token, token_class, auth_header, query_string
):
    @app.get("/places")
    @parse_auth_header(token_class, auth_header, query_string)
    def places():
        return {"user": g.token and g.token.user_id}

    by_header = client.get("/places", headers=bearer(token)).json["user"]
    by_query = client.get(f"/places?token={token}").json["user"]
    assert by_header == ("ada" if auth_header else None)
    assert by_query == ("ada" if query_string else None)


def test_a_secret_of_the_view(app, client, token, token_class):
    secret = "the secret of this view has 32 bytes"

    @app.get("/own")
    @parse_auth_header(token_class, secret=secret)
    @auth_required()
    def own():
        return "in"

    assert client.get("/own", headers=bearer(token)).status_code == 401
    assert (
        client.get("/own", headers=bearer(token_class("a").dump(secret))).text == "in"
    )


def test_another_kind_of_token_class_is_called_with_two_arguments(app, client):
    calls = []

    class ApiKey:
        @classmethod
        def load(cls, *args, **kwargs):
            calls.append((args, kwargs))
            return "key" if args[0] == "good" else None

    @app.get("/key")
    @parse_auth_header(ApiKey, secret="s")
    @auth_required()
    def key():
        return {"token": g.token, "raw": g.raw_token}

    assert client.get("/key", headers=bearer("good")).json == {
        "token": "key",
        "raw": "good",
    }
    answer = client.get("/key?token=bad")
    assert answer.json == INVALID
    assert "is not valid" in answer.headers["WWW-Authenticate"]
    assert calls == [(("good", "s"), {}), (("bad", "s"), {})]


def test_another_kind_of_token_class_can_be_optional(app, client):
    class ApiKey:
        @staticmethod
        def load(raw, secret):
            return None

    @app.get("/lenient")
    @parse_auth_header(ApiKey, invalid="anonymous")
    def lenient():
        return {"why": g.token_error.code, "raw": g.raw_token}

    # What another token class has refused before is no reason here.
    client.get("/closed?token=a.b.c")
    assert client.get("/lenient?token=bad").json == {"why": "claims", "raw": None}


def test_a_false_token_is_a_token(app, client):
    class Zero:
        @staticmethod
        def load(raw, secret):
            return 0

    @app.get("/zero")
    @parse_auth_header(Zero)
    @auth_required()
    def zero():
        return "in"

    assert client.get("/zero?token=x").text == "in"


@pytest.mark.parametrize("wrong", [None, object(), "Badge", len])
def test_something_that_is_no_token_class(wrong):
    with pytest.raises(TypeError, match="load"):
        parse_auth_header(wrong)


def test_auth_required_without_parse_auth_header_lets_nobody_in(app, client, token):
    @app.get("/forgotten")
    @auth_required()
    def forgotten():
        raise AssertionError

    assert is_missing(client.get("/forgotten", headers=bearer(token)))


@pytest.mark.parametrize("wrong", [auth_required(), scopes_required("read")])
@pytest.mark.parametrize("required", [True, False])
def test_decorators_in_the_wrong_order_are_refused(token_class, wrong, required):
    with pytest.raises(TypeError, match=r"above @parse_auth_header.* write it below"):

        @wrong
        @parse_auth_header(token_class, required=required)
        def view():
            """Never runs."""


def test_auth_required_trusts_a_token_set_by_the_application(app, client):
    @app.before_request
    def authenticate():
        g.token = object()

    @app.get("/own")
    @auth_required()
    def own():
        return "in"

    assert client.get("/own").text == "in"


def test_auth_required_without_parentheses_fails_at_once():
    with pytest.raises(TypeError):

        @auth_required
        def view():
            pass


def test_the_token_of_an_earlier_request_is_forgotten(app, client, token):
    """Flask keeps `g` where an application context is already there, as in tests."""
    with app.app_context():
        assert client.get("/closed", headers=bearer(token)).status_code == 200
        assert client.get("/open").json == {"token": None, "raw": None}
        assert is_missing(client.get("/closed"))
        client.get("/closed", headers=bearer("x"))
        assert is_missing(client.get("/closed"))


def test_the_refusal_of_an_earlier_request_is_forgotten(
    app, client, token_class, clock
):
    class Nobody:
        @staticmethod
        def load(raw, secret):
            return None

    @app.get("/nobody")
    @parse_auth_header(Nobody)
    @auth_required()
    def nobody():
        raise AssertionError

    with app.app_context():
        expired = token_class("ada", expiry=clock.date(-1)).dump()
        first = client.get("/closed", headers=bearer(expired))
        second = client.get("/nobody", headers=bearer("x"))

    assert "has expired" in first.headers["WWW-Authenticate"]
    assert "is not valid" in second.headers["WWW-Authenticate"]


def test_a_wrong_configuration_is_no_401(app, client):
    app.testing = True
    app.config["SECRET_KEY"] = None

    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        client.get("/closed", headers=bearer("x"))
    assert is_missing(client.get("/closed"))


def test_coroutine_views(app, client, token, token_class):
    @app.get("/async")
    @parse_auth_header(token_class)
    @auth_required()
    async def view():
        return {"user": g.token.user_id}

    @app.get("/async-open")
    @parse_auth_header(token_class)
    async def guest():
        return {"raw": g.raw_token}

    @app.get("/async-scope")
    @parse_auth_header(token_class)
    @scopes_required("admin")
    async def admin():
        raise AssertionError

    assert client.get("/async", headers=bearer(token)).json == {"user": "ada"}
    assert is_missing(client.get("/async"))
    assert client.get("/async-open").json == {"raw": None}
    assert client.get("/async-scope", headers=bearer(token)).status_code == 403


def test_method_views(app, client, token, token_class):
    class Items(MethodView):
        @parse_auth_header(token_class)
        @auth_required()
        def get(self, number):
            return {"user": g.token.user_id, "number": number}

        @parse_auth_header(token_class)
        @auth_required()
        async def post(self, number):
            return {"user": g.token.user_id, "number": number}

    class Decorated(MethodView):
        decorators = (auth_required(), parse_auth_header(token_class))

        def get(self):
            return {"user": g.token.user_id}

    app.add_url_rule("/items/<int:number>", view_func=Items.as_view("items"))
    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))

    for method in (client.get, client.post):
        answer = method("/items/7", headers=bearer(token))
        assert answer.json == {"user": "ada", "number": 7}
        assert is_missing(method("/items/7"))
    assert client.get("/decorated", headers=bearer(token)).json == {"user": "ada"}
    assert is_missing(client.get("/decorated"))


@pytest.mark.parametrize("propagate", [None, True, False])
def test_resources_of_flask_restful(token, token_class, secret, propagate):
    class Single(Resource):
        @parse_auth_header(token_class)
        @auth_required()
        def get(self):
            return {"user": g.token.user_id}

        @parse_auth_header(token_class)
        @scopes_required("admin")
        def post(self):
            raise AssertionError

    class Whole(Resource):
        method_decorators = (auth_required(), parse_auth_header(token_class))

        def get(self):
            return {"user": g.token.user_id}

    app = Flask("restful")
    app.config.update(SECRET_KEY=secret, PROPAGATE_EXCEPTIONS=propagate)
    api = Api(app)
    api.add_resource(Single, "/single")
    api.add_resource(Whole, "/whole")
    client = app.test_client()

    for path in ("/single", "/whole"):
        assert client.get(path, headers=bearer(token)).json == {"user": "ada"}
        assert is_missing(client.get(path))
        answer = client.get(path, headers=bearer("x"))
        assert (answer.status_code, answer.json) == (401, INVALID)
        assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert client.post("/single", headers=bearer(token)).status_code == 403


def test_views_of_a_blueprint(app, client, token, token_class):
    blueprint = Blueprint("area", "area", url_prefix="/area")

    @blueprint.get("/<name>")
    @parse_auth_header(token_class)
    @auth_required()
    def area(name):
        return {"user": g.token.user_id, "name": name}

    app.register_blueprint(blueprint)

    answer = client.get("/area/a", headers=bearer(token))
    assert answer.json == {"user": "ada", "name": "a"}
    assert is_missing(client.get("/area/a"))


def test_views_keep_their_names(token_class):
    def view():
        """Say it."""

    for decorate in (
        parse_auth_header(token_class),
        auth_required(),
        scopes_required("a"),
    ):
        assert (decorate(view).__name__, decorate(view).__doc__) == ("view", "Say it.")


@pytest.fixture
def scoped():
    """Ask a view that needs *scopes* with a token that has *granted* ones."""

    def scoped(granted, *scopes, **options):
        class Loader:
            @staticmethod
            def load(raw, secret):
                return SimpleNamespace(scopes=granted)

        app = Flask("scoped")

        @app.get("/")
        @parse_auth_header(Loader)
        @scopes_required(*scopes, **options)
        def view():
            return "in"

        return app.test_client().get("/?token=x")

    return scoped


def test_scopes(scoped):
    assert scoped(["a", "b"], "a").text == "in"
    assert scoped(["a", "b"], "b", "a").text == "in"
    assert scoped("a b", "a", "b").text == "in"
    assert scoped({"a"}, "a").text == "in"
    assert scoped(["b"], "a", "b", any_of=True).text == "in"


def test_a_missing_scope(scoped):
    answer = scoped(["reports"], "reports:read")

    assert answer.status_code == 403
    assert answer.json == {"_errors": ["The token lacks the scope reports:read."]}
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", scope="reports:read"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("granted", [[], (), "", None, "ab", ["a b"], ["A"], "xa"])
def test_scopes_are_whole_words(scoped, granted):
    assert scoped(granted, "a").status_code == 403
    assert scoped(granted, "a", "b", any_of=True).status_code == 403


def test_several_missing_scopes(scoped):
    answer = scoped(["b"], "a", "b", "c")

    assert answer.json == {"_errors": ["The token lacks the scopes a, c."]}
    assert 'scope="a b c"' in answer.headers["WWW-Authenticate"]
    assert scoped(["b"], "a", "c", any_of=True).json == {
        "_errors": ["The token has none of the scopes a, c."]
    }


def test_scopes_of_a_token_without_scopes(app, client):
    class Plain:
        @staticmethod
        def load(raw, secret):
            return object()

    @app.get("/plain")
    @parse_auth_header(Plain)
    @scopes_required("a")
    def plain():
        raise AssertionError

    assert client.get("/plain?token=x").status_code == 403
    assert is_missing(client.get("/plain"))


@pytest.mark.parametrize(
    "scopes", [(), ("",), ("a b",), ('a"',), ("\\",), ("é",), ("a\n",)]
)
def test_impossible_scopes_fail_at_once(scopes):
    with pytest.raises(ValueError, match="scopes"):
        scopes_required(*scopes)


def test_current_token(app, client, token, token_class):
    @app.get("/current")
    @parse_auth_header(token_class)
    def current():
        return {"user": current_token.user_id if current_token else None}

    assert client.get("/current", headers=bearer(token)).json == {"user": "ada"}
    assert client.get("/current").json == {"user": None}


def test_current_token_where_there_is_none(app):
    with pytest.raises(RuntimeError, match="no valid token"):
        _ = current_token.user_id
    with app.app_context(), pytest.raises(RuntimeError, match="no valid token"):
        _ = current_token.user_id
    assert not current_token
