"""One key that rows are ordered by: how its values are fetched, compared and sent.

What Python sees of a value is not always what the database compares. So a key says
three things: what ORDER BY names, what is fetched for a cursor, and what is compared
with the value of a cursor.

- SQLite keeps values in few types, whatever the column's is: they are fetched and
  compared as they are stored, without SQLAlchemy's conversion or that of sqlite3.
- FLOAT of single precision is fetched in double precision: its digits are too few
  to find the row again.
- MariaDB and MySQL order ENUM, SET and BIT by number and compare their text. They
  sort by the first ``max_sort_length`` bytes (1024) of a value and compare all of it:
  long values are ordered by their first characters.
- PostgreSQL reads the text that it writes of any type: intervals, addresses, ranges
  and the like are sent as text and cast.
- A ``TypeDecorator`` converts for Python only, and ``type_coerce()`` claims a type for
  Python only: the type beneath is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Dialect,
    Double,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    TypeCoerce,
    TypeDecorator,
    UnaryExpression,
    asc,
    bindparam,
    cast,
    desc,
    func,
    literal,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import BinaryExpression, ColumnElement, Grouping
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import CHAR, NullType, TypeEngine, UserDefinedType

from twopi_pagination.cursor_pages.codecs import (
    CODECS,
    LITERAL,
    STORED,
    UNTYPED,
    Codec,
)
from twopi_pagination.errors import UnsupportedOrdering
from twopi_pagination.query.dialects import MYSQL, puts_nulls_first
from twopi_pagination.query.order_terms import Term, bare
from twopi_pagination.query.sqlalchemy_internals import deannotated


@dataclasses.dataclass(frozen=True)
class Key:
    """One term of an order.

    Attributes:
        element: What ORDER BY names.
        descending: If large values come first.
        nulls_first: Where NULL comes.
        nullable: If there may be NULL.
        fetched: What a cursor takes its value from.
        compared: What is compared with a cursor's value.
        type_of: Returns the type that a cursor's value is sent to the database as.
        cast_to: What the database has to make of it first.
        codec: How the value is written.
    """

    element: ColumnElement[Any]
    descending: bool
    nulls_first: bool
    nullable: bool
    fetched: ColumnElement[Any]
    compared: ColumnElement[Any]
    type_of: Callable[[Any], TypeEngine[Any]]
    cast_to: TypeEngine[Any] | None
    codec: Codec

    def bound(self, name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """Return the parameter called *name* for a cursor's value."""
        parameter: ColumnElement[Any] = bindparam(name, type_=type_)
        return parameter if self.cast_to is None else cast(parameter, self.cast_to)

    @property
    def is_null(self) -> ColumnElement[bool]:
        """The condition for NULL, whatever operators the type has."""
        return type_coerce(self.element, NullType()).is_(None)

    def backwards(self) -> Key:
        """Return the key of the opposite order."""
        return dataclasses.replace(
            self, descending=not self.descending, nulls_first=not self.nulls_first
        )

    def clauses(self, dialect: Dialect) -> list[ColumnElement[Any]]:
        """List the terms of ORDER BY; MariaDB and MySQL have no NULLS FIRST."""
        term = desc(self.element) if self.descending else asc(self.element)
        if not self.nullable or self.nulls_first == puts_nulls_first(
            dialect.name, descending=self.descending
        ):
            return [term]
        if dialect.name in MYSQL:
            missing = self.is_null
            return [missing.desc() if self.nulls_first else missing.asc(), term]
        return [term.nulls_first() if self.nulls_first else term.nulls_last()]


class _Form(NamedTuple):
    """How the values of one key travel."""

    codec: Codec
    fetched: ColumnElement[Any]
    compared: ColumnElement[Any]
    bind_type: TypeEngine[Any]
    cast_to: TypeEngine[Any] | None = None


def key_of(term: Term, dialect: Dialect, *, nullable: bool) -> Key:
    """Return the key of one term of an order.

    Raises:
        UnsupportedOrdering: Values of its type cannot be in a cursor.
    """
    _, descending, nulls_first = term
    # the ORM would add the tables and conditions of a mapped class
    element = deannotated(term.element)
    if dialect.name == "sqlite":
        form = _stored(element, dialect)
    else:
        type_ = _type_beneath(element, dialect)
        if dialect.name in MYSQL:
            element = _as_far_as_sorted(element, type_)
        form = _form(element, type_, dialect)
    if nulls_first is None:
        nulls_first = puts_nulls_first(dialect.name, descending=descending)
    untyped = form.codec is UNTYPED
    return Key(
        element=element,
        descending=descending,
        nulls_first=nulls_first,
        nullable=nullable,
        fetched=form.fetched,
        compared=form.compared,
        type_of=_type_of_untyped if untyped else _typed(form.bind_type),
        cast_to=form.cast_to,
        codec=form.codec,
    )


def _stored(element: Any, dialect: Dialect) -> _Form:
    if isinstance(_plain_type(element.type, dialect), JSON):
        raise _unsupported(element, element.type)
    # sqlite3 may convert what is declared in the table, which an expression is not
    plain = UnaryExpression(
        bare(element), operator=custom_op("+"), type_=NullType()
    ).self_group()
    return _Form(STORED, plain, type_coerce(element, NullType()), NullType())


def _form(element: Any, type_: TypeEngine[Any], dialect: Dialect) -> _Form:
    is_mysql = dialect.name in MYSQL
    if isinstance(type_, NullType):
        same = type_coerce(element, type_)
        return _Form(UNTYPED, same, same, type_)
    if isinstance(type_, Boolean):
        number: Any = (
            type_coerce(element, BigInteger()) if is_mysql else cast(element, Integer)
        )
        return _Form(CODECS[int], number, number, BigInteger())
    if is_mysql and isinstance(type_, mysql.ENUM | mysql.SET | mysql.BIT | mysql.YEAR):
        whole = BigInteger()
        number = type_coerce(element, whole) + literal_column("0", Integer())
        return _Form(CODECS[int], number, number, whole)
    if dialect.name == "postgresql" and _is_read_as_written(type_):
        compared = type_coerce(element, NullType())
        return _Form(LITERAL, cast(element, Text), compared, String(), type_)
    python_type = _python_type(type_)
    if python_type not in CODECS:
        raise _unsupported(element, type_)
    bind_types: dict[Any, TypeEngine[Any]] = {
        # without a size or scale: a value of an expression may have more than its type
        int: BigInteger(),
        float: Double(),
        Decimal: Numeric(),
    }
    bind_type: Any = (
        String() if isinstance(type_, Enum) else bind_types.get(python_type, type_)
    )
    same = type_coerce(element, bind_type)
    fetched: Any = same
    if isinstance(type_, Float):
        if is_mysql:
            fetched = same + literal_column("0e0", Double())
        else:
            fetched = cast(element, Double)
    return _Form(CODECS[python_type], fetched, same, bind_type)


class _Padded(UserDefinedType[str]):
    """PostgreSQL's CHAR of any length, which compares without trailing spaces."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BPCHAR"


def _as_far_as_sorted(element: Any, type_: TypeEngine[Any]) -> Any:
    """Return *element*, or of long values what MariaDB and MySQL sort by."""
    if isinstance(type_, Enum | mysql.ENUM | mysql.SET | JSON):
        return element
    if not isinstance(type_, String | LargeBinary):
        return element
    # a character has 4 bytes at most
    most = 1024 if isinstance(type_, LargeBinary) else 255
    if type_.length is not None and type_.length <= most:
        return element
    return func.left(element, literal_column(str(most)), type_=type_)


def _is_read_as_written(type_: TypeEngine[Any]) -> bool:
    """Return whether PostgreSQL has to read a value of the type from text.

    So has any type that Python has no equal of, and those of text that compare in
    another way than text.
    """
    if isinstance(type_, JSON):
        return isinstance(type_, postgresql.JSONB)
    if isinstance(type_, Enum):
        return bool(type_.native_enum)
    return (
        isinstance(type_, _Padded | postgresql.CITEXT)
        or _python_type(type_) not in CODECS
    )


def _python_type(type_: TypeEngine[Any]) -> Any:
    if isinstance(type_, Enum):
        return str
    if isinstance(type_, Float):
        return float
    if isinstance(type_, Numeric):
        return Decimal
    try:
        return type_.python_type
    except NotImplementedError:
        return None


def _unsupported(element: Any, type_: Any) -> UnsupportedOrdering:
    return UnsupportedOrdering(
        f"the values of {element} cannot be in a cursor, their type is {type_!r}; "
        "order by a cast() of them to a type that can (a type_coerce() does not cast)"
    )


def _type_beneath(element: Any, dialect: Dialect) -> TypeEngine[Any]:
    """Return the type that the database has of *element*, as far as it is known."""
    claimed = element.type
    if isinstance(element, BinaryExpression) and element.operator in _MATCHES:
        return Boolean()  # SQLAlchemy 2.1 does not say so
    while isinstance(element, TypeCoerce | Grouping):
        element = element.clause if isinstance(element, TypeCoerce) else element.element
        if not isinstance(element.type, NullType):
            claimed = element.type
    return _plain_type(claimed, dialect)


def _plain_type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    declared = type_
    plain: TypeEngine[Any] = type_.dialect_impl(dialect)
    while isinstance(plain, TypeDecorator):
        declared = plain.load_dialect_impl(dialect)
        plain = declared.dialect_impl(dialect)
    if dialect.name == "postgresql" and isinstance(declared, CHAR):
        return _Padded()
    if isinstance(declared, Float):  # SQLAlchemy 2.0 makes a Numeric of it
        return declared
    return plain


def _typed(type_: TypeEngine[Any]) -> Callable[[Any], TypeEngine[Any]]:
    if isinstance(type_, BigInteger):
        return lambda value: type_ if -(2**63) <= value < 2**63 else _WIDE
    return lambda _: type_


def _type_of_untyped(value: Any) -> TypeEngine[Any]:
    if isinstance(value, bool):
        return _FLAG
    if isinstance(value, int):
        return _LONG if -(2**63) <= value < 2**63 else _WIDE
    return literal(value).type


_MATCHES = {operators.regexp_match_op, operators.not_regexp_match_op}
_LONG, _WIDE, _FLAG = BigInteger(), Numeric(), Boolean()
