"""Mapped classes, and what identifies their objects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.util import ClauseAdapter


def identity_of(entity: Any) -> list[ColumnElement[Any]]:
    """List the columns of *entity* that identify one of its objects.

    They are the primary key, and what names the class where classes of concrete
    inheritance, each with primary keys of its own, are selected together.
    """
    inspected = inspect(entity)
    mapper = inspected.mapper
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    columns = [getattr(entity, name) for name in names]
    if _is_of_concrete_classes(inspected):
        columns.append(inspected.selectable.corresponding_column(mapper.polymorphic_on))
    return columns


def _is_of_concrete_classes(inspected: Any) -> bool:
    mapper = inspected.mapper
    return (
        any(each.concrete for each in inspected.with_polymorphic_mappers)
        and mapper.polymorphic_on is not None
        and not isinstance(inspected.selectable, Table)
    )


def is_of_one_row_each(entity: Any) -> bool:
    """Return whether a row of the selectable of *entity* is one object.

    It is for tables, and for the union of tables of concrete inheritance.
    """
    inspected = inspect(entity)
    return inspected.is_mapper and _is_of_concrete_classes(inspected)


def in_selectable(entity: Any, element: Any) -> Any:
    """Return *element* with the columns of the selectable of *entity*.

    It differs where classes of concrete inheritance are selected from a union.
    """
    inspected = inspect(entity)
    if not _is_of_concrete_classes(inspected):
        return element
    return ClauseAdapter(inspected.selectable).traverse(element)


def name_of(entity: Any) -> str:
    """Return the name of the class of *entity*."""
    return str(inspect(entity).mapper.class_.__name__)
