"""What an application needs to let its users log in: `TokenAuth`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app

from twopi_token_auth.app.settings import read_session_settings
from twopi_token_auth.app.state import init_app, state_of
from twopi_token_auth.errors import ConfigurationError, SessionError
from twopi_token_auth.sessions.manager import Identify, SessionManager
from twopi_token_auth.sessions.revocation import RevocationCheck
from twopi_token_auth.stores.base import SessionStore
from twopi_token_auth.tokens.session_token import SessionToken, SessionTokenMixin
from twopi_token_auth.tokens.shortlived import ShortlivedTokenMixin
from twopi_token_auth.web.decorators import parse_auth_header
from twopi_token_auth.web.protection import Guard, add_guard
from twopi_token_auth.web.responses import ERROR_BODY, ErrorBody, error_response
from twopi_token_auth.web.views import Authenticate, make_views

FlaskT = TypeVar("FlaskT", bound=Flask)

_SESSIONS = "twopi_token_auth_sessions"


class TokenAuth:
    """Log in, renew, log out, and manage sessions, in one application or several.

    .. code-block:: python

        from flask import Flask
        from twopi_token_auth import MemoryStore, SessionToken, TokenAuth

        app = Flask(__name__)
        app.config["SECRET_KEY"] = "a random text of 32 bytes or more"


        def authenticate(username, password):
            return username if password == "right" else None


        auth = TokenAuth(
            app, SessionToken, store=MemoryStore(), authenticate=authenticate
        )
        app.register_blueprint(auth.blueprint())

        client = app.test_client()
        login = client.post("/login", json={"username": "ada", "password": "right"})
        assert {"token", "refreshToken"} <= login.json.keys()

    Args:
        app: The application; None if `init_app` is called later.
        token_cls: Makes the short-lived token of a session.
        store: Where the sessions are kept; None if `init_app` is told.
        authenticate: Who has this name and password; without it the blueprint has no
            ``/login``, and a view of your own calls ``auth.sessions.start(...)``.
        identify: Called at each renewal with the `RefreshSession`, also as a coroutine
            function. Returns the user's `Identity` as it is now, whose scopes the new
            token gets; None ends the session, for example if the account is disabled.
            Without it, a session keeps the scopes of its login until it ends.
        error_body: Makes the JSON bodies of errors, of the decorators too, from the
            status, the message and the code that says why; by default they are
            ``{"_errors": [message]}``. Status and headers stay.
    """

    def __init__(
        self,
        app: Flask | None = None,
        token_cls: type[ShortlivedTokenMixin] = SessionToken,
        *,
        store: SessionStore | None = None,
        authenticate: Authenticate | None = None,
        identify: Identify | None = None,
        error_body: ErrorBody | None = None,
    ) -> None:
        self.token_cls = token_cls
        self.authenticate = authenticate
        self.identify = identify
        self.error_body = error_body
        self._store = store
        if app is not None:
            self.init_app(app)

    def init_app(self, app: FlaskT, *, store: SessionStore | None = None) -> FlaskT:
        """Check the settings of *app* and give it sessions.

        Reads every ``TOKEN_AUTH_*`` setting, ``SECRET_KEY`` and
        ``SECRET_KEY_FALLBACKS``. Those that are about sessions are read here and now;
        the secrets each time they are needed. A `SessionError` that a view lets through
        is answered with 401, in flask-restful too.

        Args:
            app: The application.
            store: Where to keep its sessions, if not where the constructor was told.

        Returns:
            *app*

        Raises:
            ConfigurationError: A setting has the wrong shape; there is no store, no
                usable ``SECRET_KEY``, or the token class cannot be made of a session;
                or *app* has sessions already.
        """
        if _SESSIONS in app.extensions:
            raise ConfigurationError(
                "The application has a TokenAuth already; use that one"
            )
        init_app(app)
        settings = read_session_settings(app.config)
        store = store or self._store
        if store is None:
            raise ConfigurationError(
                "TokenAuth has no store; pass store=, for example "
                "twopi_token_auth.stores.sqlalchemy.SQLAlchemyStore(engine)"
            )
        self._check_token_cls(check_revocation=settings.check_revocation)
        _secrets(app)
        app.extensions[_SESSIONS] = SessionManager(
            store,
            self.token_cls,
            secrets=lambda: _secrets(app),
            identify=None if self.identify is None else app.ensure_sync(self.identify),
            settings=settings,
            sender=app,
        )
        if settings.check_revocation:
            app.extensions["twopi_token_auth_revocation"] = RevocationCheck(
                store, staleness=settings.revocation_cache
            )
        if self.error_body is not None:
            app.extensions[ERROR_BODY] = self.error_body
        app.register_error_handler(SessionError, _session_ended)
        return app

    @property
    def sessions(self) -> SessionManager:
        """The sessions of the current application.

        Raises:
            RuntimeError: There is no current application, or `init_app` was not called
                with it.
        """
        return sessions_of(current_app)

    def blueprint(self, name: str = "token_auth", *, url_prefix: str = "") -> Blueprint:
        """Return ``/login``, ``/renew``, ``/logout`` and ``/sessions`` to register.

        Args:
            name: The name of the blueprint.
            url_prefix: What the paths begin with, such as ``/auth``.
        """
        return make_views(
            lambda: self.sessions,
            self.token_cls,
            self.authenticate,
            name=name,
            url_prefix=url_prefix,
        )

    def protect(
        self,
        target: Flask | Blueprint,
        *,
        except_: Collection[str] = (),
        load_user: Callable[[Any], Any] | None = None,
    ) -> None:
        """Ask for a token before every view of *target*.

        Views marked `public`, static files, the views of `blueprint` that need no token
        and requests with the method OPTIONS are left open. Views need no decorator;
        they find the token in ``g.token``. Call it before the first request.

        Args:
            target: An application or a blueprint.
            except_: The endpoints of views that stay open as well.
            load_user: See `parse_auth_header`.

        Raises:
            TypeError: *target* or *except_* is of another type.
        """
        ask = parse_auth_header(self.token_cls, load_user=load_user, required=True)
        add_guard(target, Guard(ask(_let_in), except_))

    def _check_token_cls(self, *, check_revocation: bool) -> None:
        name = self.token_cls.__qualname__
        unwritten = ShortlivedTokenMixin.from_refresh_token.__func__  # type: ignore[attr-defined]
        if getattr(self.token_cls.from_refresh_token, "__func__", None) is unwritten:
            raise ConfigurationError(
                f"{name} must define the classmethod from_refresh_token"
            )
        if check_revocation and not issubclass(self.token_cls, SessionTokenMixin):
            raise ConfigurationError(
                f"TOKEN_AUTH_CHECK_REVOCATION needs a token class that can be checked; "
                f"derive {name} from SessionTokenMixin",
                setting="TOKEN_AUTH_CHECK_REVOCATION",
            )


def sessions_of(app: Flask) -> SessionManager:
    """Return the sessions of *app*.

    Raises:
        RuntimeError: It has none.
    """
    try:
        manager: SessionManager = app.extensions[_SESSIONS]
    except KeyError:
        raise RuntimeError(
            "This application has no sessions; call TokenAuth.init_app(app)"
        ) from None
    return manager


def _let_in() -> None:
    """Answer nothing, so that the view runs."""


def _session_ended(error: SessionError) -> Response:
    """Answer 401, the same for every reason unless the application tells it."""
    return error_response(
        401,
        "The session has ended. Please log in again.",
        error.code,
        error="invalid_token",
        error_description="The refresh token is not valid",
    )


def _secrets(app: Flask) -> Sequence[str | bytes]:
    settings = state_of(app).settings
    secret = settings.secret_key
    if secret is None:
        raise ConfigurationError(
            "There is no SECRET_KEY, which refresh tokens are made with: set it to a "
            "random text such as secrets.token_hex(32)",
            setting="SECRET_KEY",
        )
    if settings.require_strong_secret and len(secret) < 32:
        raise ConfigurationError(
            "SECRET_KEY is shorter than 32 bytes, which "
            "TOKEN_AUTH_REQUIRE_STRONG_SECRET forbids",
            setting="TOKEN_AUTH_REQUIRE_STRONG_SECRET",
        )
    return [secret, *settings.secret_key_fallbacks]
