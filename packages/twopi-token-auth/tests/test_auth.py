"""Setting an application up with `TokenAuth`."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, current_app
from flask.views import MethodView
from flask_restful import Api, Resource
from marshmallow import fields

from twopi_token_auth import (
    ConfigurationError,
    MemoryStore,
    SessionError,
    SessionToken,
    SessionTokenMixin,
    ShortlivedTokenMixin,
    StoreUnavailableError,
    TokenAuth,
    auth_required,
    parse_auth_header,
)

SECRET = "thirty-two bytes, enough for all of HS256"


def make_app(**config):
    app = Flask("auth")
    app.config.update({"SECRET_KEY": SECRET, **config})
    return app


class Unfinished(ShortlivedTokenMixin):
    """Has no from_refresh_token."""


class Own(ShortlivedTokenMixin):
    @classmethod
    def from_refresh_token(cls, refresh_token):
        return cls(subject=refresh_token.user_id)


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"TOKEN_AUTH_LEEWAY": -1}, "TOKEN_AUTH_LEEWAY"),
        ({"TOKEN_AUTH_ROTATE": "no"}, "TOKEN_AUTH_ROTATE"),
        (
            {"SECRET_KEY": "short", "TOKEN_AUTH_REQUIRE_STRONG_SECRET": True},
            "TOKEN_AUTH_REQUIRE_STRONG_SECRET",
        ),
    ],
)
def test_wrong_settings_are_found_at_start_up(config, setting):
    with pytest.raises(ConfigurationError) as caught:
        TokenAuth(make_app(**config), store=MemoryStore())

    assert caught.value.setting == setting


def test_what_is_missing_is_found_at_start_up():
    with pytest.raises(ConfigurationError, match="has no store"):
        TokenAuth(make_app())
    with pytest.raises(ConfigurationError, match="Unfinished must define"):
        TokenAuth(make_app(), Unfinished, store=MemoryStore())
    checked = make_app(TOKEN_AUTH_CHECK_REVOCATION=True)
    with pytest.raises(ConfigurationError, match="derive Own from SessionTokenMixin"):
        TokenAuth(checked, Own, store=MemoryStore())


def test_an_application_has_one_token_auth():
    app = make_app()
    auth = TokenAuth(app, store=MemoryStore())

    with pytest.raises(ConfigurationError, match="already"):
        auth.init_app(app)


def test_one_token_auth_serves_several_applications():
    auth = TokenAuth(None, Own)
    apps = [make_app(), make_app(TOKEN_AUTH_ROTATE=False)]
    for app in apps:
        assert auth.init_app(app, store=MemoryStore()) is app

    with apps[0].app_context():
        grant = auth.sessions.start("ada")
        assert grant.expires_in is None
        assert auth.sessions.settings.rotate
        assert Own.load(grant.token).subject == "ada"
    with apps[1].app_context():
        assert not auth.sessions.settings.rotate
        with pytest.raises(SessionError, match="unknown"):
            auth.sessions.renew(grant.refresh_token)
    with make_app().app_context(), pytest.raises(RuntimeError, match="init_app"):
        _ = auth.sessions


def test_a_changed_secret_is_honoured_at_once():
    app = make_app()
    auth = TokenAuth(app, store=MemoryStore())
    with app.app_context():
        token = auth.sessions.start("ada").refresh_token

        app.config["SECRET_KEY_FALLBACKS"] = [SECRET]
        app.config["SECRET_KEY"] = "the new secret, thirty-two bytes."
        token = auth.sessions.renew(token).refresh_token
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert auth.sessions.renew(token)
        app.config["SECRET_KEY"] = "a third secret, thirty-two bytes."
        with pytest.raises(SessionError, match="unknown"):
            auth.sessions.renew(token)


def test_the_1x_token_class_works_on_a_session():
    """As documented with 1.x, word for word but for pytz."""

    class ShortlivedToken(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            rfid = fields.String(attribute="refresh_token_id")
            user_id = fields.String(attribute="user_id")
            scopes = fields.List(fields.String(), attribute="scopes")

        def __init__(self, refresh_token_id, user_id, scopes, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.refresh_token_id = refresh_token_id
            self.user_id = user_id
            self.scopes = scopes

        @classmethod
        def from_refresh_token(cls, refresh_token):
            shortlived_expiry = current_app.config["SHORT_LIVED_TOKEN_EXPIRY"]
            return cls(
                refresh_token_id=refresh_token.id,
                user_id=refresh_token.user_id,
                scopes=refresh_token.scopes,
                expiry=datetime.now(UTC) + shortlived_expiry,
            )

    app = make_app()
    auth = TokenAuth(
        app,
        ShortlivedToken,
        store=MemoryStore(),
        authenticate=lambda username, password: username,
    )
    app.register_blueprint(auth.blueprint())
    client = app.test_client()

    pair = client.post("/login", data={"username": "ada", "password": "x"}).json
    header = {"Authorization": f"Bearer {pair['token']}"}
    assert len(client.get("/sessions", headers=header).json["sessions"]) == 1
    assert client.post("/logout", headers=header).json == {"status": "success"}
    again = client.post("/renew", data={"refreshToken": pair["refreshToken"]})
    assert again.status_code == 401


MODES = ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS", None]


@pytest.mark.parametrize("mode", MODES)
def test_a_store_that_is_down_answers_503_in_a_stock_flask_restful(mode):
    app = make_app(**({mode: True} if mode else {}))

    class Down(Resource):
        def get(self):
            raise StoreUnavailableError

    Api(app).add_resource(Down, "/down")

    answer = app.test_client().get("/down")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {"_errors": ["Please try again in a moment."]}


@pytest.fixture(params=MODES)
def renewing(request):
    """An application each of whose views raises a SessionError, in every mode."""
    app = make_app(**({request.param: True} if request.param else {}))
    auth = TokenAuth(app, store=MemoryStore())

    def renew(*_):
        return auth.sessions.renew("junk")

    class Renewing(MethodView):
        get = renew

    class Renewal(Resource):
        get = renew

    app.add_url_rule("/function", view_func=renew)
    app.add_url_rule("/method", view_func=Renewing.as_view("method"))
    Api(app).add_resource(Renewal, "/resource")
    app.register_blueprint(auth.blueprint())
    return app


def test_the_end_of_a_session_is_one_answer_in_every_kind_of_view(renewing, caplog):
    client = renewing.test_client()
    expected = client.post("/renew", json={"refreshToken": "junk"})
    assert expected.status_code == 401
    assert expected.json == {"_errors": ["The session has ended. Please log in again."]}

    for path in ("/function", "/method", "/resource"):
        answer = client.get(path)

        assert (answer.status, answer.data) == (expected.status, expected.data)
        assert answer.headers == expected.headers
    assert {record.levelname for record in caplog.records} <= {"INFO"}


def test_an_answer_of_ones_own_to_the_end_of_a_session(renewing):
    @renewing.errorhandler(SessionError)
    def explain(error):
        return {"why": error.code}, 419

    for path in ("/function", "/method", "/resource"):
        answer = renewing.test_client().get(path)
        assert (answer.status_code, answer.json) == (419, {"why": "unknown"})


class Checked(SessionToken):
    """As an application would derive it."""


class Counting(MemoryStore):
    looks = 0
    down = False

    def get(self, session_id):
        self.looks += 1
        if self.down:
            raise StoreUnavailableError
        return super().get(session_id)


@pytest.fixture
def make_checked():
    def make(token_cls=Checked, **config):
        app = make_app(TOKEN_AUTH_CHECK_REVOCATION=True, **config)
        store = Counting()
        auth = TokenAuth(app, token_cls, store=store)

        @app.get("/me")
        @parse_auth_header(token_cls)
        @auth_required()
        def me():
            return {"ok": True}

        app.testing = False
        return app, auth, store

    return make


def ask(app, grant):
    header = {"Authorization": f"Bearer {grant.token}"}
    return app.test_client().get("/me", headers=header).status_code


def test_a_revoked_session_takes_its_tokens_with_it(make_checked):
    app, auth, store = make_checked()
    with app.app_context():
        grant, other = auth.sessions.start("ada"), auth.sessions.start("ada")
    assert (ask(app, grant), store.looks) == (200, 1)

    with app.app_context():
        auth.sessions.revoke(grant.session.id)
    assert ask(app, grant) == 401
    assert ask(app, other) == 200
    store.purge(datetime.now(UTC) + timedelta(days=99), 10)
    assert ask(app, other) == 401


def test_a_check_that_cannot_be_made_lets_nobody_in(make_checked):
    app, auth, store = make_checked()
    with app.app_context():
        grant = auth.sessions.start("ada")
    store.down = True

    assert ask(app, grant) == 503


def test_a_token_without_a_session_is_refused_when_it_is_checked(make_checked):
    class Stray(SessionTokenMixin):
        @classmethod
        def from_refresh_token(cls, refresh_token):
            return cls(subject=refresh_token.user_id)

    app, auth, _ = make_checked(Stray)
    with app.app_context():
        grant = auth.sessions.start("ada")

    assert ask(app, grant) == 401


def test_without_the_setting_the_store_is_not_asked(make_checked):
    app = make_app()
    store = Counting()
    auth = TokenAuth(app, store=store)
    with app.app_context():
        grant = auth.sessions.start("ada")
        auth.sessions.revoke(grant.session.id)

        assert SessionToken.load(grant.token)
    assert store.looks == 0
