"""How long sessions live and what ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long sessions live and what ends them; see the table in the README.

    Attributes:
        leeway: By how much the clocks of two hosts may differ; it is added to
            *reuse_grace*. ``TOKEN_AUTH_LEEWAY``, and at least a minute.
    """

    idle_lifetime: timedelta | None = timedelta(days=14)
    absolute_lifetime: timedelta | None = timedelta(days=90)
    browser_lifetime: timedelta | None = timedelta(days=1)
    rotate: bool = True
    reuse_grace: timedelta = timedelta(seconds=30)
    leeway: timedelta = timedelta(seconds=60)
    on_reuse: Literal["session", "user"] = "session"
    max_sessions_per_user: int | None = None
    check_revocation: bool = False
    revocation_cache: timedelta = timedelta(0)
    transport: Literal["json", "cookie", "both"] = "json"
    cookie_name: str = "refresh_token"
    cookie_path: str | None = None
    cookie_domain: str | None = None
    cookie_secure: bool = True
    cookie_samesite: Literal["Strict", "Lax", "None"] = "Strict"
    csrf: bool = True
