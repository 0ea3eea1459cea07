"""What is found out about a statement serves only those that mean the same."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from marshmallow import Schema, fields
from sqlalchemy import bindparam, create_engine, func, select
from sqlalchemy.orm import (
    Session,
    aliased,
    selectinload,
    subqueryload,
    with_loader_criteria,
)
from sqlalchemy.pool import NullPool

from twopi_pagination import cursor_paginated
from twopi_pagination.cursor_pages import order_cache as orders
from twopi_pagination.cursor_pages import rows as places
from twopi_pagination.cursor_pages.cache import Cache

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("engine"),
]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(orders, "KNOWN", Cache(500))


@pytest.fixture
def analyses(monkeypatch):
    """What was analysed: orders, and statements of pages made."""
    seen = []
    for module, name in ((orders, "order_of"), (places, "page_from")):
        whole = getattr(module, name)

        def counted(*arguments, whole=whole, name=name):
            seen.append(name)
            return whole(*arguments)

        monkeypatch.setattr(module, name, counted)
    return seen


@pytest.fixture
def page(session, schema):
    def page(statement, cursor=None, limit=4):
        return cursor_paginated(
            statement, schema, cursor=cursor, limit=limit, session=session, secret="s"
        ).data

    return page


@pytest.fixture
def walked(page):
    def walked(make, limit=4):
        """List the keys on all pages of statements that are made anew for each."""
        found, cursor = [], None
        while True:
            data = page(make(), cursor, limit)
            found += [item["key"][1] for item in data["items"]]
            cursor = data["next"]
            if cursor is None:
                return found

    return walked


def test_an_order_is_analysed_once(models, walked, analyses):
    book = models.Book

    for year in (1989, 1990, 1989):
        walked(lambda year=year: select(book).where(book.year > year).order_by("title"))

    assert analyses.count("order_of") == 1


def test_the_same_page_is_made_once(models, page, analyses):
    def make():
        return select(models.Book).where(models.Book.year > 1989).order_by("title")

    first = page(make())
    second = page(make(), first["next"])
    for _ in range(5):
        assert page(make()) == first
        assert page(make(), second["next"])["prev"] is not None
        assert page(make(), first["next"]) == second
        assert page(make(), second["prev"]) == first

    # the first one, those behind a place, and those before one
    assert analyses == ["order_of", "page_from", "page_from", "page_from"]


def test_other_orders_are_analysed_anew(models, walked, analyses):
    book = models.Book
    for order in (book.title, book.title.desc(), book.year, book.title.nulls_last()):
        walked(lambda order=order: select(book).order_by(order))
        walked(lambda order=order: select(book).order_by(order))

    assert analyses.count("order_of") == 4


def test_values_in_the_order(session, models, walked):
    book = models.Book

    def nearest(year):
        return select(book).order_by(func.abs(book.year - year), book.id)

    expected = {
        year: [each.id for each in session.scalars(nearest(year))]
        for year in (1990, 1991, 1992)
    }

    assert expected[1990] != expected[1992]
    for year in (1990, 1991, 1992, 1990, 1992):
        assert walked(lambda year=year: nearest(year)) == expected[year]


def test_values_of_filters(session, models, walked):
    book = models.Book

    def of(year):
        return select(book).where(book.year == year).order_by(book.title, book.id)

    for year in (1990, 1991, 1990, 1992):
        expected = [each.id for each in session.scalars(of(year))]
        assert walked(lambda year=year: of(year)) == expected
    several = select(book).where(book.year.in_([1990, 1992])).order_by(book.id)
    expected = [each.id for each in session.scalars(several)]
    for _ in range(2):
        assert walked(lambda: several.where(book.id > 0)) == expected


def test_values_that_are_called_for(models, page):
    book = models.Book
    current = []
    year = bindparam("year", callable_=lambda: current[-1])
    statement = select(book).where(book.year == year).order_by(book.id)

    def items(value):
        current.append(value)
        return page(statement, limit=50)["items"]

    assert items(1990) == items(1990) != items(1991) == items(1991)


def test_aliases_of_each_request(session, models, walked):
    expected = session.scalars(
        select(models.Book.id).order_by(models.Book.year, models.Book.id)
    ).all()

    def make():
        book = aliased(models.Book)
        return select(book).order_by(book.year)

    assert walked(make) == walked(make) == expected


def test_subqueries_of_each_request(session, models, walked):
    def make(least):
        years = select(models.Book.id, models.Book.year).where(models.Book.id > least)
        years = years.subquery()
        return (
            select(models.Book)
            .join(years, years.c.id == models.Book.id)
            .order_by(years.c.year.desc(), models.Book.id)
        )

    # a subquery is taken to repeat books, so the order is by the books' own columns
    def by_own(least):
        return make(least).order_by(None).order_by(models.Book.title)

    assert len(walked(lambda: by_own(3))) == 28
    assert len(walked(lambda: by_own(20))) == 11


def test_criteria_of_options(session, models):
    author, book = models.Author, models.Book

    class YearsSchema(Schema):
        years = fields.Function(lambda author: [each.year for each in author.books])

    def years(options):
        session.expunge_all()
        statement = select(author).options(options).order_by(author.name)
        page = cursor_paginated(
            statement, YearsSchema, limit=50, session=session, secret="s"
        )
        return {year for item in page.data["items"] for year in item["years"]}

    for load in (selectinload, subqueryload):
        for year in (1990, 1991, 1990):
            only = load(author.books.and_(book.year == year))
            assert years(only) == {year}


def test_criteria_with_closures(session, models, walked):
    author = models.Author

    def make(least):
        criteria = with_loader_criteria(author, lambda cls: cls.id > least)
        return select(author).options(criteria).order_by(author.name)

    for least in (3, 9, 3):
        assert sorted(walked(lambda least=least: make(least))) == [
            *range(least + 1, 14)
        ]


def test_execution_options(session, models, page):
    statement = select(models.Author).order_by(models.Author.id)
    page(statement)
    author = session.get(models.Author, 1)
    session.execute(
        models.Author.__table__.update().where(models.Author.id == 1).values(name="new")
    )

    page(statement)
    assert author.name != "new"
    page(statement.execution_options(populate_existing=True))
    assert author.name == "new"
    session.rollback()


def test_it_does_not_grow(models, page, monkeypatch):
    monkeypatch.setattr(orders, "KNOWN", Cache(5))

    for number in range(20):
        page(select(models.Book, *[models.Book.year] * number).order_by("title"))

    assert len(orders.KNOWN) == 5


def test_threads(models, schema, tmp_path):
    """Each gets its own list, whatever the others find out meanwhile."""
    engine = create_engine(f"sqlite:///{tmp_path}/nodes", poolclass=NullPool)
    table = models.Node.__table__
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": i} for i in range(1, 61)])
    node = models.Node

    def work(number):
        least = number % 3 * 10
        descending = number % 2
        found, cursor = [], None
        while True:
            statement = select(node).where(node.id > least)
            order = node.id.desc() if descending else node.id
            with Session(engine) as session:
                data = cursor_paginated(
                    statement.order_by(order),
                    schema,
                    cursor=cursor,
                    limit=7,
                    session=session,
                    secret="s",
                ).data
            found += [item["key"][1] for item in data["items"]]
            cursor = data["next"]
            if cursor is None:
                expected = [*range(least + 1, 61)]
                return found == (expected[::-1] if descending else expected)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(48)))
    engine.dispose()
