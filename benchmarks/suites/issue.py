"""What issuing a token costs, beside flask-jwt-extended and PyJWT.

All put the same claims of a session into it, in an application context as in a view;
flask-jwt-extended adds its own claims.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask_jwt_extended as fje
import jwt

from benchmarks.cases import Bar, Case, Subject, Suite
from benchmarks.suites.auth import Badge, badge, keys, peer_app, twopi_app

PEER, MANUAL, OURS = "create_access_token", "PyJWT by hand", "dump"
LIMITS = {"HS256": 0.35, "RS256": 0.02, "ES256": None, "EdDSA": None}
TOKEN = badge()
CLAIMS = {"sid": TOKEN.session_id, "scopes": TOKEN.scopes}


def case(algorithm: str) -> Case:
    """Compare all that sign with *algorithm*."""
    private, public = keys(algorithm)
    implementation = jwt.get_algorithm_by_name(algorithm)
    key: Any = implementation.prepare_key(private)
    ours, theirs = twopi_app(algorithm), peer_app(algorithm)
    hour = timedelta(hours=1)

    def peer() -> str:
        return fje.create_access_token("ada", additional_claims=CLAIMS)

    def manual() -> str:
        now = int(time.time())
        claims = {"sub": "ada", "iat": now, "exp": now + 3600, **CLAIMS}
        return jwt.encode(claims, key, algorithm)

    theirs.config["JWT_ACCESS_TOKEN_EXPIRES"] = hour
    subjects: dict[str, Callable[[], str]] = {
        PEER: within(theirs, peer),
        MANUAL: within(ours, manual),
        OURS: within(ours, lambda: badge().dump()),
    }

    def check() -> None:
        """Prove that PyJWT and we accept all, with the same claims."""
        for name, run in subjects.items():
            claims = jwt.decode(run(), public, [algorithm])
            assert claims["sub"] == "ada", name  # noqa: S101
            assert claims["exp"] - claims["iat"] == 3600, name  # noqa: S101
            assert CLAIMS.items() <= claims.items(), name  # noqa: S101
            with ours.app_context():
                assert Badge.verify(run()).scopes == TOKEN.scopes, name  # noqa: S101

    limit = LIMITS[algorithm]
    return Case(
        algorithm,
        "a token of six claims",
        {name: Subject(run) for name, run in subjects.items()},
        check,
        [] if limit is None else [Bar(OURS, PEER, limit)],
    )


def within(app: Any, call: Callable[[], str]) -> Callable[[], str]:
    """Return *call* as it is in a view, where the application is at hand."""

    def run() -> str:
        with app.app_context():
            return call()

    return run


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "issue",
        [case(algorithm) for algorithm in LIMITS],
        ["twopi-token-auth", "flask", "pyjwt", "cryptography", "flask-jwt-extended"],
    )
