"""What differs between databases, by the names of SQLAlchemy's dialects."""

from __future__ import annotations

MYSQL = frozenset({"mysql", "mariadb"})
"""Those without NULLS FIRST and NULLS LAST."""

NULLS_ARE_LARGE = frozenset({"postgresql", "oracle"})
"""Those that put NULLs after all values where ORDER BY does not say."""


def puts_nulls_first(dialect: str, *, descending: bool) -> bool:
    """Return whether NULLs come first where ORDER BY does not say."""
    return descending == (dialect in NULLS_ARE_LARGE)
