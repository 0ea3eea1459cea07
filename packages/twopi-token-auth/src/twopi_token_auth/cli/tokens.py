"""The commands ``flask token-auth``: make and show keys, make and show tokens."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from twopi_token_auth import clock
from twopi_token_auth.app.state import current_state
from twopi_token_auth.cli.output import as_json, attempt, fail
from twopi_token_auth.errors import TokenError
from twopi_token_auth.jose.algorithms import HMAC, JWT, NAMES
from twopi_token_auth.jose.jwk import (
    UnusableKeyError,
    generate,
    private_jwk,
    thumbprint,
)
from twopi_token_auth.jose.jws import encode, read_unverified


@click.command("keygen")
@click.option(
    "--alg",
    default="ES256",
    show_default=True,
    type=click.Choice(NAMES),
    help="What to sign with.",
)
@click.option("--kid", help="Its name; the thumbprint of the key by default.")
@as_json
def keygen(alg: str, kid: str | None, as_json: bool) -> None:
    """Make a new private key, or a secret for HS256 and the like, as a JWK.

    Keep it secret: send the output to a file that only the application can read.
    """
    try:
        key = generate(alg)
    except UnusableKeyError as error:
        fail(f"A key for {alg} {error}")
    if kid is None and alg not in HMAC:
        kid = thumbprint(key.public_key(), alg)
    jwk = private_jwk(key, alg, kid)
    click.echo(json.dumps(jwk, indent=None if as_json else 2))


@click.command("jwks")
@with_appcontext
@as_json
def jwks(as_json: bool) -> None:
    """Show the public keys of the application as a JWK Set."""
    ring = attempt(lambda: current_state().ring(None))
    keys: Any = {"keys": []} if ring is None else ring.public_jwks()
    click.echo(json.dumps(keys, indent=None if as_json else 2))


@click.command("inspect")
@with_appcontext
@click.argument("token", default="-")
@as_json
def inspect_token(token: str, as_json: bool) -> None:
    """Show what TOKEN holds and whether this application would accept it.

    Without TOKEN, or with -, it is read from the standard input, where it shows in no
    history. What only a token class asks for, such as its schema, is not looked at.
    The exit status is 1 for a token that is not accepted.
    """
    text = sys.stdin.read() if token == "-" else token  # noqa: S105
    text = text.strip().removeprefix("Bearer ")
    try:
        header, claims = read_unverified(text)
    except TokenError as error:
        fail(str(error))
    reason = attempt(partial(_refusal, text))
    found = {"valid": reason is None, "reason": reason}
    if as_json:
        click.echo(json.dumps({**found, "header": header, "claims": claims}))
    else:
        click.echo("valid" if reason is None else f"not valid: {reason}")
        click.echo(f"header: {json.dumps(header)}")
        for name, value in claims.items():
            click.echo(f"{name}: {json.dumps(value)}{_date(name, value)}")
    if reason is not None:
        raise SystemExit(1)


@click.command("mint")
@with_appcontext
@click.option("--claim", "pairs", multiple=True, help="NAME=VALUE, a JSON or a text.")
@click.option("--subject", help="Whom it is about (sub).")
@click.option(
    "--expires-in",
    default=900,
    show_default=True,
    type=click.IntRange(1, 86400),
    help="Seconds until it expires.",
)
@click.option("--type", "token_type", help="Its type (typ), such as Ticket+jwt.")
@as_json
def mint(
    pairs: tuple[str, ...],
    subject: str | None,
    expires_in: int,
    token_type: str | None,
    as_json: bool,
) -> None:
    """Make a token that this application accepts, to try things out.

    Its type is that of the token class of the application's TokenAuth, or else JWT.
    """
    now = int(clock.time())
    claims: dict[str, Any] = {"iat": now, "exp": now + expires_in}
    if subject is not None:
        claims["sub"] = subject
    state = attempt(current_state)
    for name, names in (
        ("iss", state.settings.issuer),
        ("aud", state.settings.audience),
    ):
        if names:
            claims[name] = names[0]
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="claim")
        claims[name] = _value(value)
    if token_type is None:
        manager = current_app.extensions.get("twopi_token_auth_sessions")
        token_type = getattr(getattr(manager, "token_cls", None), "token_type", JWT)
    token = attempt(
        lambda: encode(claims, state.signer(None, None), token_type=token_type)
    )
    click.echo(
        json.dumps({"token": token, "expiresIn": expires_in}) if as_json else token
    )


def _refusal(text: str) -> str | None:
    try:
        current_state().verifier(None, None, None).verify(text, clock.time())
    except TokenError as error:
        return error.code
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _date(name: str, value: object) -> str:
    if name not in {"exp", "nbf", "iat", "auth_time"} or not isinstance(value, int):
        return ""
    try:
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    except OverflowError:
        return ""
    return f"  ({date:%Y-%m-%d %H:%M:%S} UTC)"
