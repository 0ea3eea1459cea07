"""Who am I?"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

from twopi_demo.database import session
from twopi_demo.models import User
from twopi_demo.schemas import UserSchema
from twopi_token_auth import SessionToken, auth_required, parse_auth_header

blueprint = Blueprint("me", __name__)


def load_user(token: SessionToken) -> User | None:
    """Return the user of *token*, if they are still there."""
    return session.get(User, int(token.user_id or 0))


@blueprint.get("/me")
@parse_auth_header(SessionToken, load_user=load_user)
@auth_required()
def me() -> Any:
    """Show the user that is logged in."""
    return UserSchema().dump(g.user)
