"""The order that a client asks for, of those that are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspection

from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.query.order_terms import directed, term_of
from twopi_pagination.query.sqlalchemy_internals import is_limited


class Sort:
    """The keys that ``?sort=-created,name`` may name.

    A ``-`` turns a key around. What a client asks for replaces the ORDER BY of the
    query; without it and without a default, the query's own holds. A cursor belongs to
    the order it was made in.

    Args:
        keys: What each name orders by: an attribute or expression of SQLAlchemy, or
            several of them in a list. They may have a direction and a place of NULLs of
            their own; ``-`` turns the direction and leaves the NULLs where they are.
        default: The order where the client does not say, such as ``"-created"``.
        max_keys: How many names a client may give, 1 or more.

    Raises:
        TypeError: A key is nothing to order by.
        ValueError: A name cannot be asked for, or the default names no key.

    >>> from sqlalchemy import column
    >>> from twopi_pagination import Sort
    >>> sort = Sort({"name": column("name"), "created": column("created")})
    >>> [str(clause) for clause in sort.clauses("-created,name")]
    ['created DESC', 'name']
    """

    def __init__(
        self,
        keys: Mapping[str, Any],
        *,
        default: str = "",
        max_keys: int = 3,
    ) -> None:
        if max_keys < 1:
            raise ValueError(f"max_keys must be 1 or more, not {max_keys}")
        if not keys:
            raise ValueError("a Sort has to have a key")
        for name in keys:
            if not name or name.startswith("-") or not set(name).isdisjoint(", +&#"):
                raise ValueError(f"{name!r} cannot be the name of a key in a URL")
        self.keys = {name: _elements(name, each) for name, each in keys.items()}
        self.max_keys = max_keys
        self.default = default
        if default and self.clauses(default) is None:
            raise ValueError(f"default is {default!r}, but it {self.rule.lower()}")

    @property
    def rule(self) -> str:
        """What a client may ask for, as a sentence."""
        names = ", ".join(self.keys)
        most = min(self.max_keys, len(self.keys))
        if most == 1:
            return f"Must be one of: {names}. Prefix it with - for the reverse order."
        return (
            f"Must be 1 to {most} of: {names}, separated by commas. "
            "Prefix a name with - to reverse it."
        )

    def clauses(self, text: str) -> list[Any] | None:
        """Return the ORDER BY that *text* asks for, or `None` if it may not."""
        parts = text.split(",", self.max_keys)
        names = [part.removeprefix("-") for part in parts]
        if (
            len(parts) > self.max_keys
            or len(set(names)) < len(names)
            or not self.keys.keys() >= set(names)
        ):
            return None
        return [
            _turned(element) if part.startswith("-") else element
            for part, name in zip(parts, names, strict=True)
            for element in self.keys[name]
        ]


def sorted_by(clauses: Sequence[Any], statement: Any) -> Any:
    """Return *statement* in the order of *clauses*, if there are any.

    Raises:
        UnpageableQuery: The statement has a limit, which depends on its order.
    """
    if not clauses:
        return statement
    if is_limited(statement):
        raise UnpageableQuery(
            "basequery has a LIMIT or OFFSET, and another order would choose other "
            "rows; for sort=, select from its .subquery()"
        )
    return statement.order_by(None).order_by(*clauses)


def clauses_of(sort: Sort | Sequence[Any] | None) -> Sequence[Any]:
    """Return the ORDER BY that the program gives: the default of a `Sort`."""
    if isinstance(sort, Sort):
        return sort.clauses(sort.default) or [] if sort.default else []
    return sort or []


def _elements(name: str, key: Any) -> list[Any]:
    elements = list(key) if isinstance(key, list | tuple) else [key]
    for each in elements:
        if isinstance(each, str) or inspection.inspect(each, raiseerr=False) is None:
            raise TypeError(
                f"the key {name!r} has to be an attribute or an expression of "
                f"SQLAlchemy, or a list of them, not {each!r}"
            )
    return elements


def _turned(element: Any) -> Any:
    term = term_of(element)
    return directed(term.element, term._replace(descending=not term.descending))
