"""The refresh token in a cookie that no script can read (RFC 6265)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from twopi_token_auth.settings import SessionSettings
from twopi_token_auth.stores.base import RefreshSession

_LONGEST = timedelta(days=400)
"""What browsers cut longer lives of cookies down to."""


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    """Reads and writes the cookie: HttpOnly, SameSite=Strict, for these views only.

    Args:
        name: Its name; one with ``__Host-`` in front is sent to all paths, as browsers
            ask.
        secure: Whether it is for HTTPS only.
        csrf: Whether requests need the header ``X-Requested-With``, which a page of
            another origin cannot send without permission.
    """

    name: str
    secure: bool
    csrf: bool

    @classmethod
    def from_settings(cls, settings: SessionSettings) -> RefreshCookie | None:
        """Return the cookie, or None where the refresh token is in the body."""
        if settings.transport == "json":
            return None
        return cls(settings.cookie_name, settings.cookie_secure, settings.csrf)

    def is_forged(self) -> bool:
        """Tell whether the request may be one that another site made a browser send."""
        return self.csrf and "X-Requested-With" not in request.headers

    def read(self) -> str | None:
        """Return the refresh token of the request."""
        return request.cookies.get(self.name)

    def write(
        self, response: Response, refresh_token: str, session: RefreshSession
    ) -> None:
        """Keep *refresh_token* for as long as *session* lives unless it is renewed."""
        ends = session.idle_expires_at
        lifetime = (
            _LONGEST if ends is None else min(ends - session.renewed_at, _LONGEST)
        )
        self._set(response, refresh_token, lifetime)

    def clear(self, response: Response) -> None:
        """Make the client forget its refresh token."""
        self._set(response, "", timedelta(0))

    def _set(self, response: Response, value: str, lifetime: timedelta) -> None:
        folder = request.script_root + request.path.rpartition("/")[0]
        response.set_cookie(
            self.name,
            value,
            max_age=lifetime,
            path="/" if self.name.startswith("__Host-") else folder or "/",
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )
