"""The refresh token in a cookie that no script can read (RFC 6265)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from twopi_token_auth.sessions.settings import SessionSettings
from twopi_token_auth.stores.base import RefreshSession

_LONGEST = timedelta(days=400)
"""What browsers cut longer lives of cookies down to."""


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    """Reads and writes the cookie, which is HttpOnly.

    Unless told else it is for these views only; where its name has ``__Host-`` in front
    it is for all, as browsers ask.
    """

    settings: SessionSettings

    @classmethod
    def from_settings(cls, settings: SessionSettings) -> RefreshCookie | None:
        """Return the cookie, or None if refresh tokens are in bodies only."""
        return None if settings.transport == "json" else cls(settings)

    def is_forged(self) -> bool:
        """Tell whether the request may be one that another site made a browser send.

        A page of another origin cannot send the header without permission.
        """
        return self.settings.csrf and "X-Requested-With" not in request.headers

    def read(self) -> str | None:
        """Return the refresh token of the request."""
        return request.cookies.get(self.settings.cookie_name)

    def write(
        self, response: Response, refresh_token: str, session: RefreshSession
    ) -> None:
        """Keep *refresh_token* for as long as *session* lives unless it is renewed.

        If the browser should not remember the login, it forgets the cookie when it is
        closed.
        """
        lifetime = None
        if session.remember:
            ends = session.idle_expires_at
            lifetime = _LONGEST
            if ends is not None:
                lifetime = min(ends - session.renewed_at, _LONGEST)
        self._set(response, refresh_token, lifetime)

    def clear(self, response: Response) -> None:
        """Make the client forget its refresh token."""
        self._set(response, "", timedelta(0))

    def _set(self, response: Response, value: str, lifetime: timedelta | None) -> None:
        settings = self.settings
        path = settings.cookie_path
        if path is None:
            path = request.script_root + request.path.rpartition("/")[0]
            path = "/" if settings.cookie_name.lower().startswith("__host-") else path
        response.set_cookie(
            settings.cookie_name,
            value,
            max_age=lifetime,
            path=path or "/",
            domain=settings.cookie_domain,
            secure=settings.cookie_secure,
            httponly=True,
            samesite=settings.cookie_samesite,
        )
