"""Who may log in, with sessions that renew and end: twopi-token-auth does the rest."""

from __future__ import annotations

from sqlalchemy import select

from twopi_demo import passwords
from twopi_demo.database import session
from twopi_demo.models import User, sessions
from twopi_token_auth import (
    Identity,
    RefreshSession,
    SessionToken,
    TokenAuth,
    current_token,
    parse_auth_header,
)


def authenticate(username: str, password: str) -> Identity | None:
    """Return who has this name and password, and what their role may do."""
    claimed = session.scalar(select(User).where(User.username == username))
    user = passwords.authenticate(claimed, password)
    session.commit()  # the hash may have been renewed
    return Identity(user.id, user.scopes) if user else None


def identify(login: RefreshSession) -> Identity | None:
    """Return what the role of the user of *login* may do now; None ends the login."""
    user = session.get(User, int(login.user_id), populate_existing=True)
    found = Identity(user.id, user.scopes) if user else None
    session.rollback()
    return found


auth = TokenAuth(
    token_cls=SessionToken,
    store=sessions,
    authenticate=authenticate,
    identify=identify,
)
bearer = parse_auth_header(SessionToken)
"""Put the request's access token into ``g.token``."""


def user_id() -> int:
    """Return the user that the request's access token speaks for."""
    return int(current_token.subject)
