"""What the clients raise.

ClientError
├── LoginRefusedError         wrong user name or password
├── SessionOverError          the user must log in again
│   └── OtherSessionError     because another login has replaced this one
└── ServerUnavailableError    the server cannot be reached; try again later
"""

from __future__ import annotations

from twopi_token_auth.errors import TokenAuthError


class ClientError(TokenAuthError):
    """The base of what the clients raise."""


class LoginRefusedError(ClientError):
    """The server does not accept the user name and the password."""


class SessionOverError(ClientError):
    """There is no session, or the server has ended it: the user has to log in again."""


class OtherSessionError(SessionOverError):
    """Another login has replaced the session; the response was not used.

    Two logins that share a cookie jar share one refresh cookie: the later login
    overwrites it. Use an HTTP client, and so a cookie jar, for each user.

    .. versionadded:: 2.0
    """


class ServerUnavailableError(ClientError):
    """The network or the server failed; whether the session goes on is not known.

    Attributes:
        retry_after: In how many seconds the server asks to be asked again, if it said.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
