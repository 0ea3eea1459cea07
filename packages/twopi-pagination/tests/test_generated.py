"""Any query made of these parts has the pages of its list, on SQLite.

``TWOPI_PAGINATION_EXAMPLES`` says how many are made.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from twopi_pagination import paginated

EXAMPLES = int(os.environ.get("TWOPI_PAGINATION_EXAMPLES", "40"))


def start(draw, author, book):
    """Return what is selected, the query, and all that is in FROM."""
    join = draw(st.sampled_from(["none", "inner", "outer"]))
    outer = {"isouter": join == "outer"}
    shape = draw(st.sampled_from(["author", "book", "rows", "columns"]))
    if shape == "book":
        query = select(book)
        if join == "none":
            return [book], query, [book]
        return [book], query.join(book.author.of_type(author), **outer), [author, book]
    if shape == "author" and join == "none":
        return [author], select(author), [author]
    selected = {
        "author": [author],
        "rows": [author, book.year],
        "columns": [author.name, book.year],
    }[shape]
    query = select(*selected).select_from(author).join(author.books, **outer)
    return selected, query, [author, book]


def order(draw, selected, sources, condensed):
    """Return an order that only equal rows are tied in."""
    known = selected if condensed else sources
    names = ["id", "name", "country", "title", "year"]
    keys = [each.id for each in known if is_entity(each)]
    free = [each for each in selected if not is_entity(each)]
    columns = [
        getattr(each, name)
        for each in known
        if is_entity(each)
        for name in names
        if hasattr(each, name)
    ]
    terms = draw(st.lists(st.sampled_from(columns or free), max_size=2))
    terms = [draw(st.sampled_from([term, term.desc()])) for term in terms]
    return [*terms, *free, *keys]


def is_entity(selected):
    return hasattr(selected, "id")


@st.composite
def queries(draw, models):
    author = aliased(models.Author) if draw(st.booleans()) else models.Author
    book = models.Book
    selected, query, sources = start(draw, author, book)
    if draw(st.booleans()):
        query = query.where(draw(st.sampled_from(sources)).id > draw(st.integers(0, 9)))
    condensed = draw(st.sampled_from(["", "", "distinct", "group"]))
    if condensed == "distinct":
        query = query.distinct()
    elif condensed == "group":
        keys = [each.id if is_entity(each) else each for each in selected]
        query = query.group_by(*keys).having(func.count() > draw(st.integers(0, 2)))
        if draw(st.booleans()):
            query = query.order_by(func.count().desc())
    query = query.order_by(*order(draw, selected, sources, condensed))
    if selected[0] is author:
        loads = [joinedload(author.books), selectinload(author.books)]
        if len(sources) == 2 and len(selected) == 1 and not condensed:
            loads.append(contains_eager(author.books))
        query = query.options(*draw(st.lists(st.sampled_from(loads), max_size=1)))
    if draw(st.booleans()):
        query = query.limit(draw(st.integers(0, 20))).offset(draw(st.integers(0, 5)))
    return query


def whole(query, session):
    result = session.execute(query)
    if len(query.column_descriptions) == 1:
        return result.scalars().unique().all()
    return result.all()


pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_pages_are_the_list(engine, models, schema, describe, data):
    query = data.draw(queries(models))
    limit = data.draw(st.integers(2, 12))
    plain = query._generate()
    if len(query.column_descriptions) > 1:
        plain._with_options = ()
    with Session(engine) as session:
        expected = [{"key": describe(each)} for each in whole(plain, session)]
        width = len(query.column_descriptions)

        items = []
        while True:
            page = paginated(query, schema, len(items), limit, session=session).data
            assert page["totalItems"] == len(expected)
            items += page["items"]
            if not page["items"]:
                break
            assert len(page["items"]) == min(
                limit, len(expected) - len(items) + len(page["items"])
            )

    if width > 1:
        items = [{"key": item["key"][:width]} for item in items]
    assert items == expected
