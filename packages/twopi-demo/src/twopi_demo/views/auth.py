"""Log in, renew, log out, and who am I."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Blueprint, Response, abort, current_app, g
from sqlalchemy import select
from werkzeug.datastructures import WWWAuthenticate

from twopi_demo.database import session
from twopi_demo.models import User
from twopi_demo.passwords import authenticate
from twopi_demo.schemas import LoginSchema, RenewSchema, UserSchema
from twopi_demo.sessions import (
    LoginSession,
    close_session,
    open_session,
    renew_session,
)
from twopi_demo.tokens import AccessToken, bearer
from twopi_token_auth import auth_required
from twopi_webargs import use_kwargs

blueprint = Blueprint("auth", __name__)


@blueprint.post("/login")
@use_kwargs(LoginSchema)
def login(username: str, password: str) -> Any:
    """Exchange a user name and password for two tokens."""
    claimed = session.scalar(select(User).where(User.username == username))
    user = authenticate(claimed, password)
    if user is None:
        deny("Wrong user name or password.")
    opened, refresh_token = open_session(user)
    session.commit()
    return {**access(opened), "refreshToken": refresh_token}


@blueprint.post("/renew")
@use_kwargs(RenewSchema)
def renew(refresh_token: str) -> Any:
    """Exchange a refresh token for a new access token."""
    renewed = renew_session(refresh_token)
    if renewed is None:
        deny("The session is over; log in again.")
    session.commit()
    return access(renewed)


@blueprint.post("/logout")
@bearer
@auth_required()
def logout() -> Any:
    """Close the session that the access token belongs to."""
    close_session(g.token.session_id)
    session.commit()
    return "", 204


@blueprint.get("/me")
@bearer
@auth_required()
def me() -> Any:
    """Show the user that is logged in."""
    user = session.get(User, g.token.user_id)
    return UserSchema().dump(user or deny("There is no such user any more."))


@blueprint.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Let nothing between here and the client store a token (RFC 6749, 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    return response


def deny(reason: str) -> NoReturn:
    """Answer 401, with the challenge that belongs to it (RFC 9110, 15.5.2)."""
    abort(401, reason, www_authenticate=WWWAuthenticate("bearer"))


def access(of: LoginSession) -> dict[str, Any]:
    """Return a new access token as clients get it."""
    token = AccessToken.from_refresh_token(of)
    lifetime = current_app.config["SHORT_LIVED_TOKEN_EXPIRY"]
    return {"token": token.dump(), "expiresIn": int(lifetime.total_seconds())}
