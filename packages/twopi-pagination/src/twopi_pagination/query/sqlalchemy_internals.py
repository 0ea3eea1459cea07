"""Everything that this package reads of SQLAlchemy's private attributes.

SQLAlchemy tells what a statement *selects* through public attributes, but not how it
is limited, ordered, grouped or made distinct. A test for each name fails first when
a release moves one.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import BindParameter
from sqlalchemy.orm import LoaderCriteriaOption, Query, QueryableAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import _label_reference, _textual_label_reference
from sqlalchemy.sql.selectable import AliasedReturnsRows
from sqlalchemy.sql.util import _deep_deannotate
from sqlalchemy.util import immutabledict

LabelReference = _label_reference
"""What ``order_by()`` makes of a label."""

NameReference = _textual_label_reference
"""What ``order_by()`` makes of a string."""


def of_query(query: Query[Any]) -> tuple[Any, Mapping[str, Any], dict[str, Any]]:
    """Return the statement of *query*, its parameters and its execution options."""
    # `.statement` of a Query.union() is not of entities any more
    parameters = cast("Mapping[str, Any]", query._params)
    options = {"_sa_orm_load_options": query.load_options}
    return query._statement_20(), parameters, options


def cache_key(statement: Any) -> Any:
    """Return what is equal for all statements of the same SQL, and their parameters.

    It is `None` if SQLAlchemy would not keep the SQL either. It says nothing of
    execution options.
    """
    return statement._generate_cache_key()


def mapper_of(statement: Any) -> Any:
    """Return the mapper of the first entity of *statement*, if there is one."""
    subject = statement._propagate_attrs.get("plugin_subject")
    return None if subject is None else subject.mapper


def deannotated(element: Any) -> Any:
    """Return *element* without what the ORM noted in it.

    If such an element is selected, the ORM adds the table of its class to FROM and the
    condition of its class to WHERE; in ORDER BY it does not.
    """
    return _deep_deannotate(element)


def order_clauses(statement: Any) -> tuple[Any, ...]:
    """List the ORDER BY of *statement*."""
    return tuple(statement._order_by_clauses)


def group_clauses(statement: Any) -> tuple[Any, ...]:
    """List the GROUP BY of *statement*."""
    return tuple(statement._group_by_clauses)


def where_clauses(statement: Any) -> tuple[Any, ...]:
    """List the WHERE of *statement*."""
    return tuple(statement._where_criteria)


def loader_options(statement: Any) -> tuple[Any, ...]:
    """List the ``options()`` of *statement*."""
    return tuple(statement._with_options)


def loader_criteria(statement: Any) -> list[LoaderCriteriaOption]:
    """List the ``with_loader_criteria()`` options of *statement*.

    SQLAlchemy applies them inside of a subquery only if the enclosing statement,
    too, has them.
    """
    options = loader_options(statement)
    return [each for each in options if isinstance(each, LoaderCriteriaOption)]


def names_tables(statement: Any) -> bool:
    """Return whether *statement* has a join or ``select_from()``."""
    return bool(
        statement._setup_joins
        or statement._from_obj
        or statement._memoized_select_entities
    )


def label_of(column: Any) -> str:
    """Return the name of a selected column that ``order_by()`` may use."""
    return str(column._tq_label or column.key)


def is_limited(statement: Any) -> bool:
    """Return whether *statement* has a LIMIT, an OFFSET or a FETCH of its own."""
    return bool(statement._has_row_limiting_clause)


def has_fetch(statement: Any) -> bool:
    """Return whether *statement* has a FETCH, which may be WITH TIES."""
    return statement._fetch_clause is not None


def own_bounds(statement: Any) -> tuple[int, int | None] | None:
    """Return *statement*'s own offset and limit; `None` if they are not integers."""
    if has_fetch(statement):
        return None
    bounds = []
    for clause in (statement._offset_clause, statement._limit_clause):
        value = clause.effective_value if isinstance(clause, BindParameter) else None
        if clause is not None and not isinstance(value, int):
            return None
        bounds.append(value)
    return bounds[0] or 0, bounds[1]


def is_distinct(statement: Any) -> bool:
    """Return whether *statement* is a SELECT DISTINCT, or DISTINCT ON."""
    return bool(getattr(statement, "_distinct", False))


def is_distinct_on(statement: Any) -> bool:
    """Return whether *statement* is a PostgreSQL DISTINCT ON."""
    clause = getattr(statement, "_pre_columns_clause", None)  # SQLAlchemy 2.1
    return clause is not None or bool(getattr(statement, "_distinct_on", ()))


def distinct_terms(statement: Any) -> tuple[Any, ...]:
    """List what a DISTINCT ON is on, as far as it is known."""
    clause = getattr(statement, "_pre_columns_clause", None)  # SQLAlchemy 2.1
    return (
        *getattr(clause, "_distinct_on", ()),
        *getattr(statement, "_distinct_on", ()),
    )


def without_distinct_on(statement: Any) -> Any:
    """Return *statement* without its DISTINCT ON."""
    copy = statement._generate()
    copy._distinct = False
    copy._distinct_on = ()
    if hasattr(copy, "_pre_columns_clause"):  # SQLAlchemy 2.1
        copy._pre_columns_clause = None
    return copy


def is_locked(statement: Any) -> bool:
    """Return whether *statement* is FOR UPDATE or the like."""
    return statement._for_update_arg is not None


def unlocked(statement: Any) -> Any:
    """Return *statement* without FOR UPDATE, which a count does not need."""
    copy = statement._generate()
    copy._for_update_arg = None
    return copy


def with_named_values(statement: Any, key: Any, names: tuple[str, ...]) -> Any:
    """Return a copy of *statement* whose parameters have *names* and no values.

    It has no execution options either, which belong to one statement only.

    Args:
        statement: What to copy.
        key: The key of its `cache_key`.
        names: One name for each parameter in its `cache_key`.

    Returns:
        The copy, or `None` if it would not be of the same SQL, or if a parameter is
        where it cannot be renamed, as in the options of a loader.
    """
    plain = statement._generate()
    plain._with_options = ()
    shared = _without_parameters(plain)
    if shared is None:
        return None
    traversal = {
        "maintain_key": True,
        "detect_subquery_cols": True,
        "stop_on": shared,
    }
    copy = visitors.cloned_traverse(plain, traversal, {})._generate()
    copy._with_options = statement._with_options
    copied = copy._generate_cache_key()
    if copied is None or copied.key != key or len(copied.bindparams) != len(names):
        return None
    renamed = {
        id(each): name for each, name in zip(copied.bindparams, names, strict=True)
    }

    def rename(parameter: Any) -> None:
        name = renamed.get(id(parameter))
        if name is not None:
            parameter.key = parameter._identifying_key = parameter._orig_key = name
            parameter._key_is_anon = parameter.unique = parameter.required = False
            parameter.value = parameter.callable = None

    visitors.traverse(copy, {}, {"bindparam": rename})
    copy = copy._generate()
    copy._execution_options = immutabledict()
    again = copy._generate_cache_key()
    if again is None or tuple(each.key for each in again.bindparams) != names:
        return None
    return copy


def _without_parameters(statement: Any) -> list[Any] | None:
    """List relationships, aliases and subqueries in *statement* without parameters.

    Returns:
        Those that a copy can share; `None` if an entity is selected from one that
        cannot be shared: it would be another one in the copy.
    """
    sources: dict[int, Any] = {}
    entities: list[Any] = []
    for element in visitors.iterate(statement):
        entities.append(element._annotations.get("parententity"))
        for each in (element, getattr(element, "table", None)):
            if isinstance(each, AliasedReturnsRows):
                sources[hash(each)] = each
    aliased = [each.selectable for each in entities if each is not None]
    shared: list[Any] = [
        part
        for join in getattr(statement, "_setup_joins", ())
        for part in join[:2]
        if isinstance(part, QueryableAttribute) and not part._extra_criteria
    ]
    for key, source in sources.items():
        if not any(isinstance(e, BindParameter) for e in visitors.iterate(source)):
            shared.append(source)
        elif any(hash(each) == key for each in aliased):
            return None
    return shared
