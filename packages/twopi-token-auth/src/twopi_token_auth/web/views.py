"""The views to log in, renew, log out, and see and end one's sessions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    request,
    send_from_directory,
)

from twopi_token_auth.errors import UnstorableError
from twopi_token_auth.sessions.grant import Grant
from twopi_token_auth.sessions.identity import as_identity
from twopi_token_auth.sessions.manager import SessionManager
from twopi_token_auth.stores.base import RefreshSession
from twopi_token_auth.tokens.session_token import session_id_of
from twopi_token_auth.tokens.shortlived import ShortlivedTokenMixin
from twopi_token_auth.web.decorators import auth_required, parse_auth_header
from twopi_token_auth.web.jwks_view import jwks_view
from twopi_token_auth.web.protection import public
from twopi_token_auth.web.refresh_cookie import RefreshCookie
from twopi_token_auth.web.responses import (
    error_response,
    invalid_token,
    json_error,
    missing_token,
)

_LONGEST_CREDENTIAL = 1024
"""Characters; hashing a password takes the longer, the longer it is."""


class _Description(TypedDict):
    id: str
    name: str | None
    createdAt: str | None
    renewedAt: str | None
    expiresAt: str | None
    ip: str | None
    userAgent: str | None
    current: bool


Authenticate = Callable[[str, str], Any]
"""Takes a user name and a password; returns an `Identity`, the user's id, or None.

It may be a coroutine function. Both arguments are texts that UTF-8 can encode, without
NUL and of at most 1024 characters.
"""
Sessions = Callable[[], SessionManager]
"""Returns the sessions of the current application."""


def make_views(
    sessions: Sessions,
    token_cls: type[ShortlivedTokenMixin],
    authenticate: Authenticate | None,
    *,
    name: str,
    url_prefix: str,
) -> Blueprint:
    """Return the views of some sessions.

    Every answer has ``Cache-Control: no-store``, every error the form
    ``{"_errors": [...]}``. Bodies are JSON objects or forms. The client for browsers,
    ``token-auth.mjs``, lies beside the views, and so do the public keys, which caches
    may keep.
    """
    views = Views(sessions, authenticate)
    parse_token = parse_auth_header(token_cls, query_string=False)
    try_token = parse_auth_header(token_cls, query_string=False, invalid="anonymous")
    blueprint = Blueprint(name, __name__, url_prefix=url_prefix or None)
    blueprint.before_request(views.refuse_forged)
    if authenticate is not None:
        blueprint.post("/login")(_open(views.log_in))
    blueprint.post("/renew")(_open(views.renew))
    blueprint.post("/logout")(_open(try_token(views.log_out)))
    for route, view in (
        (blueprint.get("/sessions"), views.show_sessions),
        (blueprint.delete("/sessions"), views.end_other_sessions),
        (blueprint.delete("/sessions/<session_id>"), views.end_session),
    ):
        route(parse_token(auth_required()(_with_session(sessions, view))))
    blueprint.get("/.well-known/jwks.json", endpoint="jwks")(_open(jwks_view))
    blueprint.get("/token-auth.mjs", endpoint="module")(_open(_send_module))
    blueprint.after_request(_forbid_storing)
    return blueprint


class Views:
    """The views of some sessions."""

    def __init__(self, sessions: Sessions, authenticate: Authenticate | None) -> None:
        self._get_sessions = sessions
        self._authenticate: Any = authenticate

    @property
    def _sessions(self) -> SessionManager:
        return self._get_sessions()

    @property
    def _cookie(self) -> RefreshCookie | None:
        """The cookie, if the refresh token of this request is, or will be, in one.

        With ``TOKEN_AUTH_TRANSPORT = "both"``, the client chooses at its login by
        ``"transport": "cookie"``. Later, a refresh token in the body is answered in the
        body. One that came in a cookie never goes into a body, which scripts can read.
        """
        settings = self._sessions.settings
        if settings.transport != "json":
            body = _body()
            if request.path.endswith("/login"):
                chosen = body.get("transport") == "cookie"
                wants_json = settings.transport == "both" and not chosen
            else:
                wants_json = _text(body, "refreshToken") is not None
            if wants_json:
                return None
        return RefreshCookie.from_settings(settings)

    def refuse_forged(self) -> Response | None:
        """Answer 403 where a cookie is used and another site may be asking."""
        if request.method != "POST":
            return None
        cookie = self._cookie
        if cookie is not None and cookie.is_forged():
            return _error(403, "Send the header X-Requested-With.")
        return None

    def log_in(self) -> Response:
        """Start a session if the name and password are right.

        The session of a refresh token that comes along ends: the client replaces it.
        """
        body = _body()
        username = _credential(body, "username")
        password = _credential(body, "password")
        if username is None or password is None:
            return _error(
                400,
                "Send username and password, texts of at most "
                f"{_LONGEST_CREDENTIAL} characters.",
            )
        identity = current_app.ensure_sync(self._authenticate)(username, password)
        if identity is None or identity is False:
            return error_response(401, "Wrong user name or password.", "login")
        previous = self._sessions.find(self._refresh_token())
        try:
            known = as_identity(identity)
            grant = self._sessions.start(
                known.user_id,
                known.scopes,
                known.data,
                _text(body, "name"),
                ip=request.remote_addr,
                user_agent=request.user_agent.string,
                remember=_remembers(body),
            )
        except UnstorableError:
            return _error(400, "Send a name of characters that the database can store.")
        if previous is not None:
            self._sessions.revoke(previous)
        return self._granted(grant)

    def renew(self) -> Response:
        """Exchange a refresh token; a `SessionError` is answered by the application."""
        refresh_token = self._refresh_token()
        if refresh_token is None:
            return _error(400, "Send the refreshToken, a text.")
        grant = self._sessions.renew(refresh_token)
        return self._granted(grant, known=refresh_token)

    def log_out(self) -> Response:
        """End the session that the refresh token, or else the token, belongs to."""
        refresh_token = self._refresh_token()
        session_id = self._sessions.find(refresh_token)
        if session_id is None and g.token is not None:
            session_id = session_id_of(g.token)
        if session_id is not None:
            ended = self._sessions.revoke(session_id)
            return self._logged_out(clear=ended)
        if g.token_error is not None and g.token_error.code == "revoked":
            return self._logged_out(clear=False)
        if refresh_token is None and g.token_error is None:
            return missing_token()
        return invalid_token(g.token_error and g.token_error.code)

    def show_sessions(self, session: RefreshSession) -> Response:
        """Tell a user where they are logged in, a page at a time."""
        limit, offset = _number("limit", 100), _number("offset", 0)
        if limit is None or offset is None or not 1 <= limit <= 100:
            return _error(400, "Send a limit from 1 to 100 and an offset from 0.")
        sessions = self._sessions.list(session.user_id)
        return jsonify(
            sessions=[
                _describe(each, current=each.id == session.id)
                for each in sessions[offset : offset + limit]
            ],
            limit=limit,
            offset=offset,
            totalItems=len(sessions),
        )

    def end_other_sessions(self, session: RefreshSession) -> Response:
        """Log a user out everywhere else."""
        if request.args.get("others") != "1":
            return _error(400, "Say ?others=1 to end all sessions but this one.")
        ended = self._sessions.revoke_all(session.user_id, keep=session.id)
        return jsonify(status="success", revoked=ended)

    def end_session(self, session: RefreshSession, session_id: str) -> Response:
        """Log a user out in one place."""
        other = self._sessions.get(session_id)
        if other is None or other.user_id != session.user_id:
            return _error(404, "There is no such session.")
        self._sessions.revoke(session_id)
        return jsonify(status="success")

    def _logged_out(self, *, clear: bool) -> Response:
        """Answer that the session has ended, which a client may hear twice.

        The cookie goes only with the session that ends now. Otherwise, the client may
        have logged in again meanwhile: a late response would take the newer cookie.
        """
        response = jsonify(status="success")
        if clear and self._cookie is not None:
            self._cookie.clear(response)
        return response

    def _refresh_token(self) -> str | None:
        cookie = self._cookie
        return _text(_body(), "refreshToken") if cookie is None else cookie.read()

    def _granted(self, grant: Grant, *, known: str | None = None) -> Response:
        answer: dict[str, str | int] = {
            "token": grant.token,
            "session_id": grant.session.id,
        }
        cookie = self._cookie
        if cookie is None and grant.refresh_token != known:
            answer["refreshToken"] = grant.refresh_token
        if grant.expires_in is not None:
            answer["expiresIn"] = grant.expires_in
        response = jsonify(answer)
        if cookie is not None:
            cookie.write(response, grant.refresh_token, grant.session)
        return response


def _with_session(
    sessions: Sessions, view: Callable[..., Response]
) -> Callable[..., Response]:
    """Hand the session of the token to *view*, if it has not ended."""

    @functools.wraps(view)
    def wrapper(**arguments: str) -> Response:
        session_id = session_id_of(g.token)
        session = None if session_id is None else sessions().get(session_id)
        if session is None:
            return invalid_token("revoked")
        return view(session, **arguments)

    return wrapper


def _open(view: Callable[..., Response]) -> Callable[..., Response]:
    """Leave *view* out of what a guard of the application closes."""

    @functools.wraps(view)
    def wrapper(**arguments: str) -> Response:
        return view(**arguments)

    return public(wrapper)


def _forbid_storing(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _send_module() -> Response:
    """Answer with the client for browsers; caches ask whether it has changed."""
    folder = Path(__file__).parent / "js"
    return send_from_directory(folder, "token-auth.mjs", mimetype="text/javascript")


def _body() -> Mapping[str, Any]:
    try:
        body = request.get_json(silent=True) if request.is_json else request.form
    except RecursionError:  # brackets in brackets in brackets
        return {}
    return body if isinstance(body, Mapping) else {}


def _remembers(body: Mapping[str, Any]) -> bool:
    """Return False if the client says so, in JSON or in a form."""
    return body.get("remember", True) not in (False, "false", "0", "")


def _number(name: str, default: int) -> int | None:
    """Return a parameter of the query string, or None if it is not a short number."""
    text = request.args.get(name, str(default))
    valid = text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if valid else None


def _text(body: Mapping[str, Any], name: str) -> str | None:
    text = body.get(name)
    return text if isinstance(text, str) else None


def _credential(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text that no database or hash function chokes on."""
    text = _text(body, name)
    if text is None or len(text) > _LONGEST_CREDENTIAL or "\0" in text:
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _describe(session: RefreshSession, *, current: bool) -> _Description:
    return {
        "id": session.id,
        "name": session.name,
        "createdAt": _iso(session.created_at),
        "renewedAt": _iso(session.renewed_at),
        "expiresAt": _iso(session.idle_expires_at),
        "ip": session.ip,
        "userAgent": session.user_agent,
        "current": current,
    }


def _iso(date: datetime | None) -> str | None:
    """Return *date* as RFC 3339 has it, to the second."""
    return None if date is None else date.strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, message: str) -> Response:
    return json_error(status, message)
