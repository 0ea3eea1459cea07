"""Pages by cursor, one after the other and back, are the list without pages.

``TWOPI_PAGINATION_ORDERINGS`` says how many orderings are made; if it is set, each of
them is walked in pages of every size.
"""

import os
import random

import pytest
from sqlalchemy import select

FULL = "TWOPI_PAGINATION_ORDERINGS" in os.environ
ORDERINGS = int(os.environ.get("TWOPI_PAGINATION_ORDERINGS", "60"))
SIZES = [*range(1, 12), 40]
NAMES = [
    "whole",
    "text",
    "folded",
    "money",
    "single",
    "double",
    "flag",
    "mood",
    "code",
    "day",
    "moment",
    "instant",
    "data",
    "half",
]
NULLS = [None, "first", "last"]


def orderings():
    """List terms: a column, descending or not, and where NULLs come."""
    draw = random.Random(20261122)
    columns = [f"{name}{null}" for name in NAMES for null in ("", "_null")]
    for number in range(ORDERINGS):
        # each column leads some orderings
        first = columns[number % len(columns)]
        others = draw.sample([each for each in columns if each != first], 2)
        yield [
            (column, draw.random() < 0.5, draw.choice(NULLS))
            for column in [first, *others][: draw.choice([1, 2, 2, 3])]
        ]


def describe_ordering(ordering):
    return ", ".join(
        f"{column}{' desc' * descending}{f' nulls {nulls}' * bool(nulls)}"
        for column, descending, nulls in ordering
    )


def term(column, descending, nulls):
    clause = column.desc() if descending else column.asc()
    return {
        None: clause,
        "first": clause.nulls_first(),
        "last": clause.nulls_last(),
    }[nulls]


def portable(column, descending, nulls, dialect):
    """Return what orders so on MariaDB, too."""
    if dialect != "mysql" or nulls is None:
        return [term(column, descending, nulls)]
    missing = column.is_(None)
    return [
        missing.desc() if nulls == "first" else missing,
        term(column, descending, None),
    ]


@pytest.mark.parametrize("ordering", list(orderings()), ids=describe_ordering)
def test_all_rows_come_once_in_order(session, models, schema, walk, ordering):
    sample = models.Sample
    terms = [(getattr(sample, name), *how) for name, *how in ordering]
    statement = select(sample).order_by(*(term(*each) for each in terms))
    dialect = session.get_bind().dialect.name
    whole = [each for term in terms for each in portable(*term, dialect)]
    descending = terms[-1][1]
    last = sample.id.desc() if descending else sample.id
    ids = session.scalars(select(sample.id).order_by(*whole, last)).all()
    assert len(ids) == 40

    sizes = SIZES if FULL else random.Random(repr(ordering)).sample(SIZES, 3)
    for limit in sizes:
        there, back = walk(statement, schema, limit)
        session.expire_all()

        found = [item["key"][1] for page in there for item in page["items"]]
        assert found == ids, limit
        assert [len(page["items"]) for page in there[:-1]] == [limit] * (len(there) - 1)
        found = [item["key"][1] for page in back for item in page["items"]]
        assert found == ids, limit
        assert (there[0]["prev"], back[-1]["next"]) == (None, None)
        assert (there[-1]["next"], back[0]["prev"]) == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_every_size_of_page(session, models, schema, walk, name):
    """What NULLs and ties lose depends on it."""
    column = getattr(models.Sample, f"{name}_null")
    statement = (
        select(models.Sample).where(models.Sample.id < 14).order_by(column.desc())
    )
    expected = select(models.Sample.id).where(models.Sample.id < 14)
    ids = session.scalars(
        expected.order_by(column.desc(), models.Sample.id.desc())
    ).all()

    for limit in range(1, 15):
        there, back = walk(statement, schema, limit)

        for pages in (there, back):
            found = [item["key"][1] for page in pages for item in page["items"]]
            assert found == ids, limit
