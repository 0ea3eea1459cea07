"""The whole order of a statement's rows: its ORDER BY, completed by keys.

To find it takes longer than to fetch the page, so it is kept by `order_cache`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ClauseList, ColumnElement, FunctionElement
from sqlalchemy.types import TypeEngine

from twopi_pagination.cursor_pages.codecs import Codec
from twopi_pagination.cursor_pages.condition import Form, after, branches, form_of
from twopi_pagination.cursor_pages.order_rules import total_terms
from twopi_pagination.cursor_pages.sort_key import Key, key_of
from twopi_pagination.query.entities import in_selectable
from twopi_pagination.query.joins import is_table
from twopi_pagination.query.shape import Shape

# each driver writes parameters, and their types, in its own way
_PARAMETER = re.compile(
    r"(?:%\(p\d+\)s|\$\d+|:p\d+|%s|\?)"
    r"(?:::[A-Z]+(?:\([\d, ]+\))?(?: WITH TIME ZONE| WITHOUT TIME ZONE| PRECISION)?)?"
)

Types = tuple[TypeEngine[Any] | None, ...]
"""The types of the values of a place; `None` for NULL."""


@dataclasses.dataclass(frozen=True)
class Order:
    """The whole order of a statement's rows, no two of which are equal in it.

    Attributes:
        keys: What the rows are ordered by.
        dialect: The database's.
        shape: What is known of the statement.
    """

    keys: Sequence[Key]
    dialect: Dialect
    shape: Shape

    @property
    def single(self) -> bool:
        """Whether a row is one entity."""
        return self.shape.entity is not None

    @cached_property
    def repeating(self) -> bool:
        """Whether a join repeats that entity."""
        return self.single and self.shape.repeats

    @cached_property
    def merged(self) -> bool:
        """Whether rows may come several times that are to be one."""
        return self.repeating or self.shape.eager_joins

    @cached_property
    def aggregated(self) -> bool:
        """Whether a key is an aggregate, so that conditions belong into HAVING.

        An aggregate is known by its being a function.
        """
        return self.shape.grouped and any(
            isinstance(each, FunctionElement)
            for key in self.keys
            for each in visitors.iterate(key.element)
        )

    @cached_property
    def backwards(self) -> Order:
        """The opposite order."""
        keys = [key.backwards() for key in self.keys]
        return dataclasses.replace(self, keys=keys)

    @cached_property
    def clauses(self) -> list[ColumnElement[Any]]:
        """The terms of ORDER BY."""
        return [each for key in self.keys for each in key.clauses(self.dialect)]

    @cached_property
    def fetched(self) -> list[ColumnElement[Any]]:
        """The columns that cursors take their values from."""
        return [
            key.fetched.label(f"twopi_key_{index}")
            for index, key in enumerate(self.keys)
        ]

    @cached_property
    def codecs(self) -> list[Codec]:
        """How the values of each key are written in cursors."""
        return [key.codec for key in self.keys]

    @cached_property
    def form(self) -> Form:
        """The form of condition that the database finds a place with."""
        return form_of(self.keys, self.dialect.name)

    @cached_property
    def _identity(self) -> tuple[str, list[Any], list[str]]:
        """The SQL of the order, its parameters, and its codecs."""
        parameters: list[Any] = []

        def renamed(parameter: Any) -> None:
            parameters.append((parameter.key, parameter.effective_value))
            parameter.key = f"p{len(parameters)}"
            parameter.unique = False

        clauses = visitors.cloned_traverse(
            ClauseList(*self.clauses), {"maintain_key": True}, {"bindparam": renamed}
        )
        text = _PARAMETER.sub("?", str(clauses.compile(dialect=self.dialect)))
        text = text.replace("%%", "%")
        return text, parameters, [codec.name for codec in self.codecs]

    def subject(self, scope: str, values: Mapping[str, Any]) -> bytes:
        """Return what identifies this order in *scope*, in every process.

        Args:
            scope: What else cursors belong to.
            values: The values of the parameters that have none of their own.
        """
        text, parameters, codecs = self._identity
        used = [values.get(key, own) for key, own in parameters]
        return repr((scope, text, used, codecs)).encode()

    def types_of(self, values: Sequence[Any]) -> Types:
        """Return the types that the values of a place are sent as."""
        return tuple(
            None if value is None else key.type_of(value)
            for key, value in zip(self.keys, values, strict=True)
        )

    @cached_property
    def after(self) -> Any:
        """A function that returns the condition for the rows after a place."""

        @lru_cache(maxsize=32)
        def after_(types: Types) -> ColumnElement[bool]:
            return after(self.keys, self.bounds(types), self.form)

        return after_

    def branches(self, types: Types) -> list[ColumnElement[bool]]:
        """List the pieces of the condition for the rows after a place."""
        return branches(self.keys, self.bounds(types))

    def bounds(self, types: Types) -> list[ColumnElement[Any] | None]:
        """List the parameters for the values of a place."""
        return [
            None if type_ is None else key.bound(name, type_)
            for key, name, type_ in zip(self.keys, self.names, types, strict=True)
        ]

    @cached_property
    def names(self) -> list[str]:
        """The names of the parameters for the values of a place."""
        return [f"twopi_place_{index}" for index in range(len(self.keys))]

    def values(self, row: Any) -> tuple[Any, ...]:
        """Return the values of the keys in *row*."""
        return tuple(row[self.shape.width :])

    def identity_of(self, row: Any) -> Any:
        """Return what is equal for the rows of one item.

        An entity is one object. Of rows it is the text of their keys: a NaN is not
        equal to itself.
        """
        if self.single:
            return id(row[0])
        return json.dumps(
            [
                value if value is None else codec.encode(value)
                for codec, value in zip(self.codecs, self.values(row), strict=True)
            ]
        )


def order_of(shape: Shape, dialect: Dialect) -> Order:
    """Return the order of the rows of a statement, made total by keys.

    Raises:
        UnorderedQuery: Nothing is known that tells the rows apart.
        UnsupportedOrdering: The order is one that a cursor cannot keep a place in.
        UnpageableQuery: The statement is not a SELECT, or has a limit.
    """
    terms = total_terms(shape)
    if shape.entity is not None:
        terms = [
            term._replace(element=in_selectable(shape.entity, term.element))
            for term in terms
        ]
    keys = [
        key_of(term, dialect, nullable=_is_nullable(term.element, shape))
        for term in terms
    ]
    return Order(keys, dialect, shape)


def _is_nullable(element: Any, shape: Shape) -> bool:
    return not (
        isinstance(element, Column)
        and not element.nullable
        and is_table(element.table)
        and not shape.tables.get(element.table, True)
    )
