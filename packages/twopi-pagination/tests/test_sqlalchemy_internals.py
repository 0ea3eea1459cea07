"""Each private name of SQLAlchemy that is read: a release that moves one shows."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, func, select, union
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    mapped_column,
    with_loader_criteria,
)

from twopi_pagination.query import sqlalchemy_internals as internals

PACKAGE = Path(internals.__file__).parents[1]


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    parent_id: Mapped[int | None]


TABLE = Table("t", MetaData(), Column("a", Integer), Column("b", Integer))
PLAIN = select(Thing)


def test_only_one_module_reads_them():
    """``_fields`` and ``_mapping`` of rows are documented."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr.startswith("_")
                and not node.attr.startswith("__")
                and node.attr != "_replace"  # of a named tuple
                and not (isinstance(node.value, ast.Name) and node.value.id == "self")
                and not (isinstance(node.value, ast.Call))
            ):
                found.setdefault(path.name, set()).add(node.attr)
    assert set(found) <= {"sqlalchemy_internals.py"}


def test_a_query():
    query = Session().query(Thing).filter(Thing.size == bindparam("s")).params(s=1)

    statement, parameters, options = internals.of_query(query)

    assert "WHERE thing.size = :s" in str(statement)
    assert parameters == {"s": 1}
    assert list(options) == ["_sa_orm_load_options"]


def test_the_mapper():
    assert internals.mapper_of(PLAIN) is Thing.__mapper__
    assert internals.mapper_of(select(aliased(Thing).size)) is Thing.__mapper__
    assert internals.mapper_of(select(TABLE)) is None


def test_clauses():
    statement = (
        PLAIN.where(Thing.size > 1, Thing.id > 2)
        .group_by(Thing.id)
        .order_by(Thing.size, "id")
    )

    assert len(internals.where_clauses(statement)) == 2
    assert len(internals.group_clauses(statement)) == 1
    assert len(internals.order_clauses(statement)) == 2
    assert isinstance(internals.order_clauses(statement)[1], internals.NameReference)
    label = select(Thing.size.label("s")).order_by(Thing.size.label("s"))
    assert isinstance(internals.order_clauses(label)[0], internals.LabelReference)
    assert internals.order_clauses(union(PLAIN, PLAIN)) == ()


def test_options():
    criteria = with_loader_criteria(Thing, Thing.id > 1)
    statement = PLAIN.options(criteria)

    assert internals.loader_options(statement) == (criteria,)
    assert internals.loader_criteria(statement) == [criteria]
    assert internals.loader_criteria(PLAIN) == []


def test_tables_that_are_named():
    other = aliased(Thing)
    assert not internals.names_tables(PLAIN)
    assert internals.names_tables(PLAIN.join(other, other.id == Thing.id))
    assert internals.names_tables(PLAIN.select_from(Thing))
    joined = PLAIN.join(other, other.id == Thing.id).with_only_columns(other.id)
    assert internals.names_tables(joined)


def test_labels():
    [column] = select(Thing.size.label("s")).selected_columns
    assert internals.label_of(column) == "s"
    assert internals.label_of(TABLE.c.a) in {"a", "t_a"}


@pytest.mark.parametrize(
    ("statement", "limited", "bounds"),
    [
        (PLAIN, False, (0, None)),
        (PLAIN.limit(3), True, (0, 3)),
        (PLAIN.offset(2), True, (2, None)),
        (PLAIN.limit(0).offset(2), True, (2, 0)),
        (PLAIN.fetch(3), True, None),
        (PLAIN.limit(func.abs(3)), True, None),
    ],
)
def test_limits(statement, limited, bounds):
    assert internals.is_limited(statement) == limited
    assert internals.own_bounds(statement) == bounds
    assert internals.has_fetch(statement) == ("FETCH" in str(statement))


def distinct_on(statement, *columns):
    if hasattr(postgresql, "distinct_on"):  # SQLAlchemy 2.1
        return statement.ext(postgresql.distinct_on(*columns))
    return statement.distinct(*columns)


def test_distinct():
    some = distinct_on(PLAIN, Thing.size)

    assert [internals.is_distinct(PLAIN), internals.is_distinct_on(PLAIN)] == [
        False,
        False,
    ]
    assert internals.is_distinct(PLAIN.distinct())
    assert not internals.is_distinct_on(PLAIN.distinct())
    assert internals.is_distinct_on(some)
    [term] = internals.distinct_terms(some)
    assert term.compare(Thing.size.expression)
    whole = internals.without_distinct_on(some)
    assert "DISTINCT" not in str(whole.compile(dialect=postgresql.dialect()))
    assert internals.is_distinct_on(some)


def test_locks():
    locked = PLAIN.with_for_update()

    assert internals.is_locked(locked)
    assert not internals.is_locked(PLAIN)
    assert not internals.is_locked(internals.unlocked(locked))
    assert internals.is_locked(locked)


def test_annotations():
    assert Thing.size.expression._annotations
    assert not internals.deannotated(Thing.size.expression)._annotations
    deep = internals.deannotated(func.abs(Thing.size + 1))
    assert str(deep) == "abs(thing.size + :size_1)"


def test_named_values():
    statement = PLAIN.where(Thing.size > 5, Thing.id.in_([1, 2]))
    statement = statement.execution_options(x=1)
    key = internals.cache_key(statement)

    named = internals.with_named_values(statement, key.key, ("v0", "v1"))

    text = str(named)
    assert ":v0" in text
    assert "POSTCOMPILE_v1" in text
    assert named.get_execution_options() == {}
    assert [each.key for each in internals.cache_key(named).bindparams] == ["v0", "v1"]
    # the one it is made from is as it was
    assert [each.value for each in internals.cache_key(statement).bindparams] == [
        5,
        [1, 2],
    ]
    assert statement.get_execution_options() == {"x": 1}


def test_values_that_cannot_be_named():
    some = aliased(Thing, select(Thing).where(Thing.size > 5).subquery())
    criteria = with_loader_criteria(Thing, Thing.id > 1)
    for statement in (select(some), PLAIN.options(criteria)):
        key = internals.cache_key(statement)
        assert internals.with_named_values(statement, key.key, ("v0",)) is None
