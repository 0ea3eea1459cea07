"""Tokens that belong to a session, and that a revoked session can take with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Self

from flask import current_app, has_app_context
from marshmallow import fields

from twopi_token_auth.app.settings import read_token_expiry
from twopi_token_auth.clock import now
from twopi_token_auth.errors import TokenError
from twopi_token_auth.sessions.revocation import RevocationCheck
from twopi_token_auth.stores.base import RefreshSession
from twopi_token_auth.tokens.claim_fields import UnixTimestamp
from twopi_token_auth.tokens.shortlived import REGISTERED, ShortlivedTokenMixin


class SessionTokenMixin(ShortlivedTokenMixin):
    """A token whose attribute ``session_id`` or ``refresh_token_id`` names its session.

    Derive an own token class from it instead of `ShortlivedTokenMixin`, so that
    ``TOKEN_AUTH_CHECK_REVOCATION`` refuses its tokens as soon as the session has ended.
    """

    @classmethod
    def verify(
        cls,
        token_string: object,
        secret: Any = None,
        issuer: str | Collection[str] | None = None,
        audience: str | Collection[str] | None = None,
    ) -> Self:
        """Return the token, or raise what is wrong with it or with its session.

        See `ShortlivedTokenMixin.verify`.

        Raises:
            TokenError: The token is not valid; code ``revoked``: its session has ended.
            StoreUnavailableError: The sessions cannot be reached.
        """
        token = super().verify(token_string, secret, issuer, audience)
        check: RevocationCheck | None = (
            current_app.extensions.get("twopi_token_auth_revocation")
            if has_app_context()
            else None
        )
        if check is not None:
            session_id = session_id_of(token)
            if session_id is None or not check.is_active(session_id, now()):
                raise TokenError("revoked", "The session of the token has ended")
        return token


class SessionToken(SessionTokenMixin):
    """A ready-made token: the session in ``sid``, the user in ``sub``, and ``scopes``.

    It also tells when the user logged in, so that ``auth_required(fresh=...)`` can ask.

    Args:
        session_id: The session it belongs to.
        scopes: What it allows.
        auth_time: When the user logged in (OpenID Connect Core section 2).
        registered: See `ShortlivedTokenMixin`.
    """

    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        """The claims."""

        SKIPPABLE: ClassVar[list[str]] = [
            *ShortlivedTokenMixin.TokenSchema.SKIPPABLE,
            "auth_time",
        ]

        sid = fields.String(attribute="session_id", required=True)
        scopes = fields.List(fields.String())
        auth_time = UnixTimestamp()

    def __init__(
        self,
        session_id: str,
        scopes: Collection[str] = (),
        *,
        auth_time: datetime | None = None,
        **registered: Any,
    ) -> None:
        unknown = sorted(registered.keys() - set(REGISTERED))
        if unknown:
            raise TypeError(
                f"{type(self).__qualname__} has no argument {unknown[0]}; it takes "
                f"session_id, scopes, auth_time, {', '.join(REGISTERED)}; the user is "
                "the subject"
            )
        super().__init__(**registered)
        self.session_id = session_id
        self.scopes = list(scopes)
        self.auth_time = auth_time

    @property
    def user_id(self) -> str | None:
        """Whose session it is: the subject."""
        return self.subject

    @classmethod
    def from_refresh_token(cls, refresh_token: RefreshSession) -> Self:
        """Return a token for ``SHORT_LIVED_TOKEN_EXPIRY``, at most until the end."""
        config = current_app.config if has_app_context() else {}
        expiry = now() + read_token_expiry(config)
        if refresh_token.expires_at is not None:
            expiry = min(expiry, refresh_token.expires_at)
        return cls(
            refresh_token.id,
            refresh_token.scopes,
            auth_time=refresh_token.created_at,
            subject=refresh_token.user_id,
            expiry=expiry,
        )


def session_id_of(token: object) -> str | None:
    """Return the session that *token* says it belongs to."""
    for name in ("session_id", "refresh_token_id"):
        session_id = getattr(token, name, None)
        if isinstance(session_id, str):
            return session_id
    return None
