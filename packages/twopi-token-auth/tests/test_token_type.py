"""One kind of token does not stand in for another one that the same key has signed."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from flask import g
from marshmallow import fields

from twopi_token_auth import (
    KeyRing,
    MemoryStore,
    RemoteKeys,
    SessionToken,
    ShortlivedTokenMixin,
    TokenAuth,
    TokenError,
    parse_auth_header,
)
from twopi_token_auth.cli import token_auth


class Login(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        uid = fields.String(attribute="user_id")

    def __init__(self, user_id=None, **registered):
        super().__init__(**registered)
        self.user_id = user_id


class Confirmation(Login):
    """Sent by mail; opens one page."""


class Reset(ShortlivedTokenMixin):
    """A class of its own with the claims of another one."""

    class TokenSchema(Login.TokenSchema):
        purpose = fields.String()

    def __init__(self, user_id=None, purpose="reset", **registered):
        super().__init__(**registered)
        self.user_id = user_id
        self.purpose = purpose


class Stated(Login):
    token_type = "at+jwt"


class Derived(Stated):
    """Has the type that its parent states."""


class Old(Login):
    token_type = "JWT"


class Session(SessionToken):
    """Not the ready-made class."""


KINDS = [Login, Confirmation, Reset, Stated, Old, SessionToken, Session]


def make(kind):
    expiry = datetime.now(UTC) + timedelta(hours=1)
    return kind("ada", subject="ada", expiry=expiry).dump()


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_opens_only_what_asks_for_its_class(app, context, kind):
    client = app.test_client()
    for other in KINDS:

        @app.get(f"/{other.__name__}", endpoint=other.__name__)
        @parse_auth_header(other, required=True)
        def view():
            return type(g.token).__name__

    token = make(kind)
    opened = {
        other.__name__
        for other in KINDS
        if client.get(
            f"/{other.__name__}", headers={"Authorization": f"Bearer {token}"}
        ).status_code
        == 200
    }

    assert opened == {kind.__name__}


def test_the_type_is_written(context):
    types = {kind: jwt.get_unverified_header(make(kind))["typ"] for kind in KINDS}

    assert types == {
        Login: "Login+jwt",
        Confirmation: "Confirmation+jwt",
        Reset: "Reset+jwt",
        Stated: "at+jwt",
        Old: "JWT",
        SessionToken: "SessionToken+jwt",
        Session: "Session+jwt",
    }
    assert Derived.load(make(Stated)).user_id == "ada"
    assert Stated.load(make(Derived)).user_id == "ada"


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "jwt"}])
def test_tokens_of_1x_need_a_class_that_says_so(context, forge, header):
    token = forge({"alg": "HS256", **header}, {"uid": "ada"})

    assert Old.load(token).user_id == "ada"
    for kind in (Login, Confirmation, Stated):
        with pytest.raises(TokenError) as caught:
            kind.verify(token)
        assert caught.value.code == "type"


def test_the_cache_keeps_the_kinds_apart(context):
    context.config["TOKEN_AUTH_CACHE_SIZE"] = 8
    token = make(Confirmation)

    for _ in range(2):
        assert Confirmation.load(token)
        assert Login.load(token) is None


def test_names_beyond_ascii_are_types_too(context):
    kind = type("Schlüssel", (Login,), {})

    assert kind.load(make(kind)).user_id == "ada"
    assert Login.load(make(kind)) is None


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "Login+jwt", None])
def test_another_issuer_names_its_types_itself(context, typ):
    ring = KeyRing("a secret that the other application keeps for itself")
    header = {} if typ is None else {"typ": typ}
    text = jwt.encode(
        {"uid": "ada"}, ring.current.public, "HS256", headers={"typ": None, **header}
    )

    class Foreign(RemoteKeys):
        def _living(self):
            return ring.entries

    keys = Foreign("https://login.example/jwks.json")

    for kind in (Login, Old):
        assert kind.load(text, keys).user_id == "ada"
    assert (Stated.load(text, keys) is None) is (typ != "at+jwt")


def test_mint_makes_what_the_application_accepts(app):
    TokenAuth(app, Session, store=MemoryStore())

    @app.get("/me")
    @parse_auth_header(Session, required=True)
    def me():
        return g.token.user_id

    app.cli.add_command(token_auth)

    def mint(*more):
        arguments = ["token-auth", "mint", "--json", "--subject", "ada", *more]
        result = app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == 0, result.output
        return {"Authorization": f"Bearer {json.loads(result.stdout)['token']}"}

    client = app.test_client()
    assert client.get("/me", headers=mint("--claim", "sid=x")).text == "ada"
    assert client.get("/me", headers=mint("--type", "JWT")).status_code == 401
