"""The access token: what the holder may do, for a minute, without a query."""

from __future__ import annotations

from typing import Any, Self

from flask import current_app
from marshmallow import fields

from twopi_demo.models import utcnow
from twopi_demo.sessions import LoginSession
from twopi_token_auth import ShortlivedTokenMixin, parse_auth_header


class AccessToken(ShortlivedTokenMixin):
    """A user's access token, bound to the session of one login."""

    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        """The claims."""

        sid = fields.String(attribute="session_id", required=True)
        uid = fields.Integer(attribute="user_id", required=True)
        scopes = fields.List(fields.String(), required=True)

    def __init__(
        self, session_id: str, user_id: int, scopes: list[str], **claims: Any
    ) -> None:
        super().__init__(**claims)
        self.session_id = session_id
        self.user_id = user_id
        self.scopes = scopes

    @classmethod
    def from_refresh_token(cls, refresh_token: LoginSession) -> Self:
        """Return a token for the user of a session."""
        return cls(
            session_id=refresh_token.id,
            user_id=refresh_token.user_id,
            scopes=refresh_token.user.scopes,
            expiry=utcnow() + current_app.config["SHORT_LIVED_TOKEN_EXPIRY"],
        )


bearer = parse_auth_header(AccessToken)
"""Put the request's access token into ``g.token``."""
