from typing import assert_type

import httpx
import requests

from twopi_token_auth.clients import (
    LoginRefusedError,
    OtherSessionError,
    ServerUnavailableError,
    Tokens,
)
from twopi_token_auth.clients.httpx import AsyncSessionAuth, SessionAuth
from twopi_token_auth.clients.requests import SessionAuth as RequestsAuth

URL = "https://shop.example/auth"


def save(tokens: Tokens | None) -> None:
    if tokens is not None:
        assert_type(tokens.refresh_token, str | None)


client = httpx.Client()
client.auth = SessionAuth(client, URL, refresh_token="x", save=save)
http = requests.Session()
http.auth = auth = RequestsAuth(http, URL, timeout=5, cookie=True, origins=[URL])
try:
    auth.log_in("ada", "secret", "nightly job")
    assert_type(auth.token(), str)
except OtherSessionError:
    raise
except LoginRefusedError:
    auth.log_out()
except ServerUnavailableError as error:
    assert_type(error.retry_after, int | None)


async def keep(tokens: Tokens | None) -> None:
    save(tokens)


async def main() -> None:
    async with httpx.AsyncClient() as client:
        client.auth = auth = AsyncSessionAuth(client, URL, margin=5, save=keep)
        assert_type(await auth.token(), str)
        assert_type(await auth.log_in("ada", "secret"), None)
        await auth.log_out()
