"""What a login or a renewal gives a client, and what makes the token in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from twopi_token_auth.stores.base import RefreshSession


class AccessToken(Protocol):
    """What a token class makes of a session."""

    def dump(self) -> str:
        """Return the token as the client gets it."""


class AccessTokenClass(Protocol):
    """A token class, as far as sessions need it."""

    def from_refresh_token(self, refresh_token: Any, /) -> AccessToken:
        """Return the token for a `RefreshSession`."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets for logging in or renewing.

    Attributes:
        token: The short-lived token.
        refresh_token: What to renew it with.
        session: The session that both belong to.
        expires_in: For how many seconds *token* is good, if it has an end.
    """

    token: str
    refresh_token: str
    session: RefreshSession
    expires_in: int | None = None

    def __repr__(self) -> str:
        """Leave the tokens out, for logs."""
        return f"<Grant for session {self.session.id}>"
