"""What a health check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Finding:
    """What was found about one server.

    Attributes:
        name: ``"broker"``, ``"database"`` or ``"workers"``.
        ok: Whether it answered in time.
        url: The address that was really asked, without password and parameters.
        detail: Who answered, or what went wrong. Of an exception that is its class: its
            text may hold a secret.
    """

    name: str
    ok: bool = False
    url: str | None = None
    detail: str = "no answer in time"

    def __str__(self) -> str:
        words = [f"{self.name:9} {_word(self.ok):6}", self.url, self.detail]
        return "  ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found; its ``str`` is a table."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return all(finding.ok for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        checks = {
            each.name: {
                "status": _word(each.ok),
                "url": each.url,
                "detail": each.detail,
            }
            for each in self.findings
        }
        return {"status": _word(self.ok), "checks": checks}

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings))


def _word(ok: bool) -> str:
    return "ok" if ok else "failed"
