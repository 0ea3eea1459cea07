"""The filters of a list: which columns a client may compare, and how.

The grammar of the query string is ``name=value`` for equality and
``name__operator=value`` for the rest. All conditions must hold, those of a parameter
that is repeated, too. Values of ``in`` are separated by commas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields
from sqlalchemy import ColumnElement, bindparam, inspect, not_, or_

from twopi_pagination.listing.operators import (
    NEGATED,
    OPERATORS,
    TEXT_ONLY,
    default_operators,
)
from twopi_pagination.listing.values import (
    MAX_TEXT,
    bound,
    field_of,
    python_type_of,
)
from twopi_pagination.query.order_terms import clause_of

MAX_CONDITIONS = 20
"""The most conditions of one request."""

MAX_VALUES = 50
"""The most values of ``in``."""


class Filter:
    """A column that a client may filter by.

    Args:
        column: An attribute or expression of SQLAlchemy.
        through: The relationship that leads to the column's class, or several in a
            list. The condition is then an EXISTS, so it never repeats an item.
        operators: The names of those allowed, of ``eq ne lt lte gt gte in contains
            startswith null``. The default is what an index serves for the type:
            equality for text, and comparison for numbers and times.
        field: The marshmallow field that loads a value, by default one for the type.

    Raises:
        TypeError: There is no field for the type of the column.
        ValueError: An operator is not known.
    """

    def __init__(
        self,
        column: Any,
        *,
        through: Any = (),
        operators: Iterable[str] | None = None,
        field: fields.Field[Any] | None = None,
    ) -> None:
        self.column = column
        self.through = list(through) if isinstance(through, list | tuple) else [through]
        clause: Any = clause_of(column)
        self.field = field_of(clause) if field is None else field
        self.nullable = bool(getattr(clause, "nullable", True))
        if operators is None:
            kind = python_type_of(clause)
            operators = default_operators(kind, nullable=self.nullable)
        self.operators = tuple(operators)
        unknown = [each for each in self.operators if each not in OPERATORS]
        if unknown or not self.operators:
            raise ValueError(
                f"operators must be some of {', '.join(OPERATORS)}, not {unknown}"
            )

    def load(self, operator: str, text: str) -> Any:
        """Return the value in *text*.

        Raises:
            ValidationError: It is not valid.
        """
        if len(text) > MAX_TEXT:
            raise ValidationError(f"Must have at most {MAX_TEXT} characters.")
        if operator == "null":
            return fields.Boolean().deserialize(text)
        if operator in TEXT_ONLY and "\0" in text:
            raise ValidationError("Must not have NUL characters.")
        if operator != "in":
            return self.field.deserialize(text)
        parts = text.split(",")
        if len(parts) > MAX_VALUES:
            raise ValidationError(f"Must be at most {MAX_VALUES} values.")
        return [self.field.deserialize(part) for part in parts]

    def sample(self, operator: str) -> ColumnElement[bool]:
        """Return a condition of *operator*, to build a statement that does not run."""
        if operator in TEXT_ONLY:
            return self.condition(operator, "x")
        if operator == "null":
            return self.condition(operator, value=True)
        value: Any = bindparam("sample", type_=clause_of(self.column).type)
        return self.condition(operator, [value] if operator == "in" else value)

    def condition(self, operator: str, value: Any) -> ColumnElement[bool]:
        """Return the condition of *operator* and a *value* that was loaded."""
        opposite = NEGATED.get(operator)
        if opposite is not None:
            holds = self.condition(opposite, value)
            if self.through or not self.nullable:
                return not_(holds)
            return or_(not_(holds), self.column.is_(None))
        condition = OPERATORS[operator](self.column, bound(value))
        for relationship in reversed(self.through):
            many = inspect(relationship).property.uselist
            condition = (relationship.any if many else relationship.has)(condition)
        return condition


class Condition(NamedTuple):
    """One condition of a request."""

    name: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Filters:
    """All the filters of a list, by the names that a client gives them.

    Attributes:
        by_name: The filters.
        template: How a name is written in the query string.
    """

    by_name: Mapping[str, Filter]
    template: str = "{}"

    def parameter(self, name: str, operator: str) -> str:
        """Return the name of a parameter."""
        return self.template.format(name if operator == "eq" else f"{name}__{operator}")

    def read(
        self, arguments: Iterable[tuple[str, str]], complaints: dict[str, list[str]]
    ) -> list[Condition]:
        """Return the conditions of a query string; what is wrong is a complaint.

        Args:
            arguments: The names and texts. An empty text counts as absent.
            complaints: Where complaints are added, by parameter.
        """
        known = {
            self.parameter(name, operator): (name, operator)
            for name, each in self.by_name.items()
            for operator in each.operators
        }
        found: list[Condition] = []
        for parameter, text in arguments:
            if not text:
                continue
            if parameter not in known:
                self._complain_of_operator(parameter, complaints)
                continue
            name, operator = known[parameter]
            try:
                value = self.by_name[name].load(operator, text)
            except ValidationError as error:
                complaints[parameter] = _texts(error.messages)
                continue
            found.append(Condition(name, operator, value))
            if len(found) > MAX_CONDITIONS:
                complaints[parameter] = [f"At most {MAX_CONDITIONS} conditions."]
                break
        return found

    def _complain_of_operator(
        self, parameter: str, complaints: dict[str, list[str]]
    ) -> None:
        before, _, after = self.template.partition("{}")
        if not parameter.startswith(before) or not parameter.endswith(after):
            return
        inner = parameter[len(before) : len(parameter) - len(after)]
        name = inner.rpartition("__")[0] or inner
        if name in self.by_name:
            operators = self.by_name[name].operators
            allowed = [self.parameter(name, each) for each in operators]
            complaints[parameter] = [f"Is not known. Use one of: {', '.join(allowed)}."]

    def samples(self) -> Iterator[tuple[str, Sequence[ColumnElement[bool]]]]:
        """List no condition, and one for each parameter, with its name."""
        yield "", ()
        for name, each in self.by_name.items():
            for operator in each.operators:
                yield self.parameter(name, operator), (each.sample(operator),)

    def conditions(self, found: Sequence[Condition]) -> list[ColumnElement[bool]]:
        """List the conditions in SQL."""
        return [self.by_name[name].condition(op, value) for name, op, value in found]


def scope_of(found: Sequence[Condition]) -> str:
    """Return what the cursors of a list with these conditions belong to."""
    return repr(sorted((name, op, repr(value)) for name, op, value in found))


def _texts(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [text for each in messages.values() for text in _texts(each)]
    return [str(each) for each in messages]
