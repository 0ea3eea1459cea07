"""What this package raises, and the one warning it gives.

TokenAuthError
├── ConfigurationError    the application is set up wrongly (a RuntimeError)
└── TokenError            this token is not accepted; see its code

WeakSecretWarning         SECRET_KEY is shorter than its algorithm asks for
"""

from __future__ import annotations

from typing import Literal

TokenErrorCode = Literal[
    "malformed",
    "algorithm",
    "signature",
    "expired",
    "not_yet_valid",
    "issuer",
    "audience",
    "missing_claim",
    "claims",
]
"""Why a token is refused.

- ``malformed``: not a compact JWS with a JSON object in it (RFC 7515 section 7.1), or
  longer than ``TOKEN_AUTH_MAX_LENGTH``.
- ``algorithm``: signed in another way than the token class signs.
- ``signature``: signed with another secret, or altered.
- ``expired``: its ``exp`` has passed; the client may renew it.
- ``not_yet_valid``: its ``nbf`` or ``iat`` is still to come.
- ``issuer``, ``audience``: from, or for, somebody else.
- ``missing_claim``: lacks a claim that ``TOKEN_AUTH_REQUIRE`` names.
- ``claims``: a claim is not what the token class makes of it.
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


class WeakSecretWarning(UserWarning):
    """``SECRET_KEY`` is shorter than the hash it is used with (RFC 7518 section 3.2).

    Given once per application. ``TOKEN_AUTH_REQUIRE_STRONG_SECRET`` turns it into a
    `ConfigurationError`.
    """
