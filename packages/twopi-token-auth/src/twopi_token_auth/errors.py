"""What this package raises, and the one warning it gives.

TokenAuthError
├── ConfigurationError    the application is set up wrongly (a RuntimeError)
├── TokenError            this token is not accepted; see its code
├── SessionError          this refresh token is not accepted; see its code
├── UnstorableError       the store cannot keep a string (a ValueError)
└── UnavailableError      something needed is down: 503, and nobody gets in
    ├── StoreUnavailableError    the sessions cannot be reached
    └── KeysUnavailableError     the keys of another issuer cannot be reached

WeakSecretWarning         SECRET_KEY is shorter than its algorithm asks for
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from werkzeug.exceptions import ServiceUnavailable

TokenErrorCode = Literal[
    "malformed",
    "algorithm",
    "type",
    "unknown_key",
    "signature",
    "expired",
    "not_yet_valid",
    "issuer",
    "audience",
    "missing_claim",
    "claims",
    "revoked",
    "user",
]
"""Why a token is refused.

- ``malformed``: not a compact JWS with a JSON object in it (RFC 7515 section 7.1), or
  longer than ``TOKEN_AUTH_MAX_LENGTH``.
- ``algorithm``: signed in another way than the token class signs.
- ``type``: of another type (``typ``) than the token class.
- ``unknown_key``: signed with a key (``kid``) that is not in the key ring.
- ``signature``: signed with another secret, or altered.
- ``expired``: its ``exp`` has passed; the client may renew it.
- ``not_yet_valid``: its ``nbf`` or ``iat`` is further ahead than clocks may differ.
- ``issuer``, ``audience``: from, or for, somebody else.
- ``missing_claim``: lacks a claim that ``TOKEN_AUTH_REQUIRE`` names.
- ``claims``: a claim is not what the token class makes of it.
- ``revoked``: its session has ended, and ``TOKEN_AUTH_CHECK_REVOCATION`` is on.
- ``user``: ``load_user`` returned None for it, for example as the user was deleted.
"""

SessionErrorCode = Literal["unknown", "expired", "idle", "revoked", "reused", "user"]
"""Why a refresh token is refused.

- ``unknown``: not made by us, altered, or of a session that was deleted.
- ``expired``: the session has reached its absolute lifetime.
- ``idle``: nobody renewed it for too long.
- ``revoked``: somebody logged out, or was logged out.
- ``reused``: an old token came back; the session has been revoked because of it.
- ``user``: ``identify`` returned None for the session, which has been revoked.
"""


class TokenAuthError(Exception):
    """The base of everything this package raises."""


class ConfigurationError(TokenAuthError, RuntimeError):
    """The application is set up wrongly; no token can mend or cause that.

    Attributes:
        setting: The name of the setting at fault, if it is one.
    """

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class TokenError(TokenAuthError):
    """A token is not accepted. The message never quotes the token.

    Attributes:
        code: Why, as one of `TokenErrorCode`.
    """

    def __init__(self, code: TokenErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: TokenErrorCode = code

    @property
    def expired(self) -> bool:
        """Whether the token was good until its time ran out and can be renewed."""
        return self.code == "expired"


class SessionError(TokenAuthError):
    """A refresh token is not accepted. The message never quotes it.

    Attributes:
        code: Why, as one of `SessionErrorCode`. It is for logs: the client gets the
            same answer for all of them.
        session_id: The session the token belongs to, if its signature was right.
        user_id: Whose session that is, if it was found.
    """

    def __init__(
        self,
        code: SessionErrorCode,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
    ) -> None:
        super().__init__(f"The refresh token is refused: {code}")
        self.code: SessionErrorCode = code
        self.session_id = session_id
        self.user_id = user_id

    @property
    def data(self) -> NoReturn:
        """Raise the error again, so that flask-restful does not answer it with 500.

        Its ``Api.handle_error`` reads this to write an answer of its own; when an
        exception stops it there, ``Api.error_router`` asks the handlers of the app.
        """
        raise self


class UnstorableError(TokenAuthError, ValueError):
    """The store cannot keep a value, such as a letter that its charset lacks."""

    def __init__(
        self, message: str = "The session store cannot keep these characters"
    ) -> None:
        super().__init__(message)


class UnavailableError(TokenAuthError, ServiceUnavailable):
    """Something that is needed does not answer, so that nobody can be let in.

    Flask answers it with 503 and ``Retry-After`` by itself, and so does flask-restful.

    Attributes:
        data: The answer, which tells nothing about what is down; flask-restful reads
            it here.
    """

    data: Mapping[str, list[str]] = {"_errors": ["Please try again in a moment."]}

    def __init__(self, message: str) -> None:
        ServiceUnavailable.__init__(self, message, retry_after=1)

    def get_body(self, *_: Any) -> str:
        """Return the answer."""
        return json.dumps(self.data) + "\n"

    def get_headers(self, *_: Any) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        return [
            ("Content-Type", "application/json"),
            ("Retry-After", str(self.retry_after)),
            ("Cache-Control", "no-store"),
        ]


class KeysUnavailableError(UnavailableError):
    """The keys of a `RemoteKeys` cannot be had, and there are no recent ones."""


class StoreUnavailableError(UnavailableError):
    """The store of the sessions does not answer, so that nobody can be let in."""

    def __init__(self, message: str = "The session store is not available") -> None:
        super().__init__(message)


class WeakSecretWarning(UserWarning):
    """``SECRET_KEY`` is shorter than the hash it is used with (RFC 7518 section 3.2).

    Given once per application. ``TOKEN_AUTH_REQUIRE_STRONG_SECRET`` turns it into a
    `ConfigurationError`.
    """
