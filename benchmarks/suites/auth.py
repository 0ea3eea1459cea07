"""What a protected view costs over a bare one, beside flask-jwt-extended and PyJWT.

All subjects read the same token, with the claims of a session, from the same header.
"""

# ruff: noqa: D101, D106 - the classes of a case are its data

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import flask_jwt_extended as fje
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask, Response, g, jsonify, request
from marshmallow import fields
from werkzeug.test import EnvironBuilder

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_token_auth import ShortlivedTokenMixin, auth_required, parse_auth_header

SECRET = "thirty-two bytes, enough for all of HS256"  # noqa: S105
BARE, PEER, MANUAL = "a bare view", "flask-jwt-extended", "PyJWT by hand"
MERGED, TWO, CACHED = "one decorator", "two decorators", "one decorator, cache"
#: The most that one decorator and two may add, of what the peer adds; and with a cache.
LIMITS = {
    "HS256": (0.15, 0.20),
    "RS256": (0.20, None),
    "ES256": (0.35, None),
    "EdDSA": (0.42, None),
}
LIMIT_CACHED = 0.08


class Badge(ShortlivedTokenMixin):
    token_type = "JWT"  # noqa: S105 - as the peers write it

    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        sid = fields.String(attribute="session_id")
        scopes = fields.List(fields.String())

    def __init__(self, session_id: str, scopes: list[str], **registered: Any) -> None:
        super().__init__(**registered)
        self.session_id = session_id
        self.scopes = scopes


def badge() -> Badge:
    """Return a token that lives for an hour."""
    return Badge(
        "0123456789abcdef0123456789abcdef",
        ["reports:read", "reports:write", "users:read"],
        subject="ada",
        expiry=datetime.fromtimestamp(time.time() + 3600, UTC),
    )


@functools.cache
def keys(algorithm: str) -> tuple[str, str]:
    """Return what to sign and what to verify with, as PEM or as a secret."""
    if algorithm == "HS256":
        return SECRET, SECRET
    private: Any = {
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }[algorithm]()
    pem = serialization.Encoding.PEM
    return (
        private.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def new_app() -> Flask:
    """Return an application as most are: Flask reads a session in each request."""
    app = Flask("benchmark")
    app.config["SECRET_KEY"] = SECRET
    return app


def twopi_app(algorithm: str, **config: Any) -> Flask:
    """Return an application with our settings."""
    app = new_app()
    app.config.update(config)
    if algorithm != "HS256":
        app.config["TOKEN_AUTH_KEYS"] = [keys(algorithm)[0]]
        app.config["TOKEN_AUTH_ALGORITHMS"] = [algorithm]
    return app


def peer_app(algorithm: str) -> Flask:
    """Return an application with flask-jwt-extended, set up as its documentation says.

    Without the key pair as text it cannot be: it takes no key objects.
    """
    app = new_app()
    private, public = keys(algorithm)
    app.config["JWT_ALGORITHM"] = algorithm
    if algorithm == "HS256":
        app.config["JWT_SECRET_KEY"] = SECRET
    else:
        app.config.update(JWT_PRIVATE_KEY=private, JWT_PUBLIC_KEY=public)
    fje.JWTManager(app)
    return app


def bare_view() -> Response:
    """Answer anybody."""
    return jsonify(user="ada")


def our_view() -> Response:
    """Answer who has a token."""
    return jsonify(user=g.token.subject)


@fje.jwt_required()
def peer_view() -> Response:
    """Do the same."""
    return jsonify(user=fje.get_jwt_identity())


def manual_view(algorithm: str) -> Callable[[], Any]:
    """Do the same with PyJWT, the key prepared."""
    implementation = jwt.get_algorithm_by_name(algorithm)
    key: Any = implementation.prepare_key(keys(algorithm)[1])

    def view() -> Any:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            g.token = jwt.decode(token, key, [algorithm])
        except jwt.InvalidTokenError:
            return jsonify(_errors=["no"]), 401
        if scheme != "Bearer":
            return jsonify(_errors=["no"]), 401
        return jsonify(user=g.token["sub"])

    return view


def caller(app: Flask, view: Callable[[], Any], token: str) -> Callable[[], bytes]:
    """Return what makes one request to *view* and returns the body."""
    app.get("/")(view)
    header = {"Authorization": f"Bearer {token}"}
    environ = EnvironBuilder(path="/", headers=header).get_environ()
    call = app.wsgi_app

    def start_response(status: str, *_: Any) -> None:
        start_response.status = status  # type: ignore[attr-defined]

    def run() -> bytes:
        (body,) = call(environ.copy(), start_response)
        return start_response.status[:3].encode() + b" " + body  # type: ignore[attr-defined, no-any-return]

    return run


def case(algorithm: str) -> Case:
    """Compare all with tokens signed by *algorithm*."""
    app = twopi_app(algorithm)
    with app.app_context():
        token = badge().dump()

    def callers(token: str) -> dict[str, Callable[[], bytes]]:
        one = parse_auth_header(Badge, required=True)
        two = parse_auth_header(Badge)
        cache = {"TOKEN_AUTH_CACHE_SIZE": 1000}
        return {
            BARE: caller(new_app(), bare_view, token),
            PEER: caller(peer_app(algorithm), peer_view, token),
            MANUAL: caller(new_app(), manual_view(algorithm), token),
            MERGED: caller(twopi_app(algorithm), one(our_view), token),
            TWO: caller(twopi_app(algorithm), two(auth_required()(our_view)), token),
            CACHED: caller(twopi_app(algorithm, **cache), one(our_view), token),
        }

    subjects = callers(token)

    def check() -> None:
        """Prove that all let the token in, and nothing that is like it."""
        for name, run in subjects.items():
            for _ in range(3):
                assert run() == b'200 {"user":"ada"}\n', name  # noqa: S101
        head, payload, signature = token.split(".")
        late = badge()
        late.expiry = datetime.fromtimestamp(time.time() - 1, UTC)
        with app.app_context():
            expired = late.dump()
        wrong = "A" if signature[9] != "A" else "B"
        for bad in (
            f"{head}.{payload}.{signature[:9]}{wrong}{signature[10:]}",
            f"{head}.{payload}.",
            expired,
        ):
            for name, run in callers(bad).items():
                for _ in range(2):
                    assert name == BARE or run()[:3] in {b"401", b"422"}, name  # noqa: S101

    one, two = LIMITS[algorithm]
    bars = [Bar(MERGED, PEER, one, BARE), Bar(CACHED, PEER, LIMIT_CACHED, BARE)]
    if two is not None:
        bars.append(Bar(TWO, PEER, two, BARE))
    return Case(
        algorithm,
        f"a request with a token of {len(token)} characters",
        {name: Subject(run) for name, run in subjects.items()},
        check,
        bars,
    )


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "auth",
        [case(algorithm) for algorithm in LIMITS],
        ["twopi-token-auth", "flask", "pyjwt", "cryptography", "flask-jwt-extended"],
    )
