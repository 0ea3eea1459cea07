"""Clients of the views of `TokenAuth`: they log in, send the token and renew it.

`twopi_token_auth.clients.httpx` is for HTTPX, sync and async,
`twopi_token_auth.clients.requests` for Requests. Browsers have ``token-auth.mjs``.
"""

from twopi_token_auth.clients.errors import (
    ClientError,
    LoginRefusedError,
    OtherSessionError,
    ServerUnavailableError,
    SessionOverError,
)
from twopi_token_auth.clients.session import Options, Tokens

__all__ = [
    "ClientError",
    "LoginRefusedError",
    "Options",
    "OtherSessionError",
    "ServerUnavailableError",
    "SessionOverError",
    "Tokens",
]
