"""The health of an application as JSON."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

HEALTH_JSON = "application/health+json"
"""The media type of draft-inadarei-api-health-check."""

_WORDS = {"ok": "pass", "degraded": "warn", "failed": "fail"}


@dataclass(frozen=True, slots=True)
class Health:
    """What the checks found.

    Attributes:
        names: The checks, in their order.
        failed: Those that failed.
        optional: Those without which the application still works.
    """

    names: Collection[str]
    failed: Collection[str]
    optional: Collection[str]

    @property
    def status(self) -> str:
        """``"ok"``, ``"degraded"`` if only optional checks failed, or ``"failed"``."""
        if not self.failed:
            return "ok"
        return (
            "degraded" if all(it in self.optional for it in self.failed) else "failed"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the plain body."""
        checks = {it: "failed" if it in self.failed else "ok" for it in self.names}
        return {"status": self.status, "checks": checks}

    def as_health_json(self, release: str) -> dict[str, Any]:
        """Return the body of the media type `HEALTH_JSON`."""

        def word(name: str) -> str:
            return "warn" if name in self.optional else "fail"

        return {
            "status": _WORDS[self.status],
            "releaseId": release,
            "checks": {
                name: [{"status": word(name) if name in self.failed else "pass"}]
                for name in self.names
            },
        }
