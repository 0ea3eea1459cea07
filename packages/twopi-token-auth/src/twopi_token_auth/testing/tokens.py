"""Headers of requests that come from somebody, without a login."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from uuid import UUID

from flask import Flask

from twopi_token_auth.auth import sessions_of


class Dumpable(Protocol):
    """What `token_headers` asks of a token."""

    def dump(self) -> str:
        """Return the token as the client sends it."""


def token_headers(app: Flask, token: Dumpable) -> dict[str, str]:
    """Return the headers of a request with *token*, signed with the keys of *app*.

    Args:
        app: The application that will be asked.
        token: The token, an object of your token class.

    Raises:
        ConfigurationError: *app* has no usable key.
    """
    with app.app_context():
        return {"Authorization": f"Bearer {token.dump()}"}


def session_headers(
    app: Flask,
    user_id: str | int | UUID,
    scopes: Collection[str] = (),
    data: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Start a session, as a login would, and return the headers of its requests.

    Args:
        app: The application that will be asked, with a `TokenAuth`.
        user_id: Who has logged in.
        scopes: What the session may do.
        data: What else to keep with it.

    Raises:
        RuntimeError: *app* has no `TokenAuth`.
    """
    with app.app_context():
        grant = sessions_of(app).start(user_id, scopes, data)
    return {"Authorization": f"Bearer {grant.token}"}
