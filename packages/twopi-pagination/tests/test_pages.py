import pytest
from marshmallow import Schema, fields
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from twopi_pagination import paginated


class BookSchema(Schema):
    id = fields.Integer()


class AuthorSchema(Schema):
    id = fields.Integer()
    books = fields.Nested(BookSchema, many=True)


class AuthorRowSchema(Schema):
    Author = fields.Nested(AuthorSchema)
    year = fields.Integer()


@pytest.fixture
def dump(session):
    """Return all items of a query, page by page."""

    def pages(query, schema, limit):
        first = paginated(query, schema, 0, limit, session=session).data
        items = first["items"]
        while len(items) < first["totalItems"]:
            page = paginated(query, schema, len(items), limit, session=session).data
            assert page["items"]
            items += page["items"]
            session.expire_all()
        return items

    return pages


@pytest.fixture
def books(session, models):
    """The years and ids of the authors' books."""
    found = {}
    for book in session.scalars(select(models.Book).order_by(models.Book.id)):
        found.setdefault(book.author_id, []).append((book.year, book.id))
    session.expire_all()
    return found


@pytest.mark.parametrize("load", [joinedload, selectinload])
@pytest.mark.parametrize("limit", [1, 4, 50])
def test_eager_collections_are_complete(dump, models, books, load, limit):
    m = models
    query = (
        select(m.Author)
        .join(m.Author.books)
        .where(m.Book.year == 1991)
        .options(load(m.Author.books))
        .order_by(m.Author.id)
    )

    items = dump(query, AuthorSchema, limit)

    assert [item["id"] for item in items] == sorted(
        author for author in books if author and 1991 in dict(books[author])
    )
    for item in items:
        assert [book["id"] for book in item["books"]] == [
            number for _, number in books[item["id"]]
        ]


@pytest.mark.parametrize("limit", [1, 4, 50])
def test_contained_collections_are_as_in_the_list(dump, models, books, limit):
    """Filtered and ordered by the query, and never cut by a page."""
    m = models
    query = (
        select(m.Author)
        .join(m.Author.books)
        .where(m.Book.year > 1990)
        .options(contains_eager(m.Author.books))
        .order_by(m.Author.name, m.Author.id, m.Book.year.desc(), m.Book.id.desc())
        .execution_options(populate_existing=True)
    )

    for item in dump(query, AuthorSchema, limit):
        assert [book["id"] for book in item["books"]] == [
            number
            for year, number in sorted(books[item["id"]], reverse=True)
            if year > 1990
        ]


@pytest.mark.parametrize("limit", [1, 4, 50])
def test_equal_rows_stay_beside_eager_collections(dump, models, books, limit):
    m = models
    query = (
        select(m.Author, m.Book.year)
        .join(m.Author.books)
        .options(joinedload(m.Author.books))
        .order_by(m.Author.id, m.Book.year)
    )

    items = dump(query, AuthorRowSchema, limit)

    rows = sorted(
        (author, year) for author in books if author for year, _ in books[author]
    )
    assert len(set(rows)) < len(rows)
    assert [(item["Author"]["id"], item["year"]) for item in items] == rows
    for item in items:
        assert [book["id"] for book in item["Author"]["books"]] == [
            number for _, number in books[item["Author"]["id"]]
        ]


def test_ties_do_not_overlap(dump, models, schema):
    by_name = dump(select(models.Author).order_by(models.Author.name), schema, 2)
    downwards = dump(
        select(models.Author).order_by(models.Author.name.desc()), schema, 2
    )

    assert len({str(item) for item in by_name}) == 13
    assert by_name == downwards[::-1]


def test_without_an_order_the_primary_key_orders(dump, models, schema):
    items = dump(select(models.Seat), schema, 3)

    assert items == sorted(items, key=lambda item: item["key"])


@pytest.mark.parametrize("name", ["id", "twopi_pagination_author_id", "column", "down"])
def test_a_key_in_the_order_is_not_repeated(session, models, schema, statements, name):
    id_ = models.Author.id
    order = {"column": id_, "down": id_.desc()}.get(name, name)
    query = select(models.Author).order_by(models.Author.name, order)

    paginated(query, schema, 0, 100, session=session)

    [page] = statements
    assert page.partition("ORDER BY")[2].count("author.id") == 1


@pytest.mark.parametrize(
    ("offset", "limit", "number"),
    [
        (0, 14, 1),  # the whole
        (0, 13, 2),  # a full page may not be the last
        (0, 5, 2),
        (10, 5, 1),  # the last one
        (13, 5, 2),  # beyond: may be far beyond
        (500, 5, 2),
        (0, 0, 1),
        (500, 0, 1),
        (2**63 - 1, 2**63 - 1, 2),
    ],
)
@pytest.mark.parametrize("joined", [False, True])
def test_statements_of_a_page(
    session, models, schema, statements, offset, limit, number, joined
):
    query = select(models.Author)
    if joined:
        query = query.outerjoin(models.Author.books)

    data, _ = paginated(query, schema, offset, limit, session=session)

    assert data["totalItems"] == 13
    assert len(statements) == number


def is_numbered(query, session, schema, statements):
    statements.clear()
    paginated(query, schema, 0, 5, session=session)
    return "row_number" in statements[0]


def test_what_cannot_repeat_an_entity_is_not_numbered(
    session, models, schema, statements
):
    m = models
    parent = aliased(m.Node)
    boss = aliased(m.Manager, flat=True)
    for query in (
        select(m.Author),
        select(m.Author).where(m.Author.books.any()),
        select(m.Book).join(m.Book.author),
        select(m.Book).outerjoin(m.Book.author),
        select(m.Book).where(m.Book.author_id == m.Author.id),
        select(m.Book).join(m.Author, m.Author.id == m.Book.author_id),
        select(m.Book).select_from(m.Author).join(m.Author.books),
        select(m.Node).join(parent, m.Node.parent),
        select(m.Author).outerjoin(
            m.Seat, (m.Seat.row == m.Author.id) & (m.Seat.number == 1)
        ),
        select(m.Manager),
        select(aliased(m.Manager, flat=True)),
        select(m.Employee).join(boss, m.Employee.boss_id == boss.id),
        select(m.Author).join(m.Author.books).distinct(),
        select(m.Author).join(m.Author.books).group_by(m.Author.id),
        session.query(m.Book).join(m.Book.author),
    ):
        assert not is_numbered(query, session, schema, statements), query


def test_what_may_repeat_an_entity_is_numbered(session, models, schema, statements):
    m = models
    other = aliased(m.Book)
    for query in (
        select(m.Author).join(m.Author.books),
        select(m.Author).select_from(m.Book).outerjoin(m.Book.author),
        select(m.Book).join(m.Book.author).join(other, m.Author.books),
        select(m.Author).join(m.Seat, m.Seat.row == m.Author.id),
        select(m.Book).join(m.Author, m.Author.id >= m.Book.author_id),
        select(m.Book).join(
            m.Author, (m.Author.id == m.Book.author_id) | (m.Author.id == 1)
        ),
        select(m.Book).outerjoin(
            m.Seat, (m.Seat.row == m.Book.id) & (m.Seat.number != 1)
        ),
        select(m.Author)
        .join(m.Author.books)
        .group_by(m.Author.id, func.coalesce(m.Book.year, 0)),
        session.query(m.Author).union_all(session.query(m.Author)),
    ):
        assert is_numbered(query, session, schema, statements), query


def test_no_lock_for_the_count(session, models, schema, statements):
    query = select(models.Author).with_for_update()

    paginated(query, schema, 0, 3, session=session)

    [page, count] = statements
    assert "FOR UPDATE" not in count
    if session.get_bind().dialect.name != "sqlite":
        assert "FOR UPDATE" in page
