import pytest
from sqlalchemy import func, select, text, union
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from twopi_pagination import UnpageableQuery, fetch_offset, paginated

COUNTS = ["exact", "none", "capped", "estimated", "window"]


def entities(m):
    return select(m.Author).order_by(m.Author.name)


def filtered(m):
    return select(m.Book).where(m.Book.year == 1991).order_by(m.Book.title.desc())


def many_to_one(m):
    return select(m.Book).join(m.Book.author).order_by(m.Author.name)


def joined(m):
    return select(m.Author).join(m.Author.books).order_by(m.Book.year.desc())


def eager_join(m):
    query = select(m.Author).outerjoin(m.Author.books)
    return query.options(contains_eager(m.Author.books)).order_by(m.Author.name)


def joined_collections(m):
    return select(m.Author).options(joinedload(m.Author.books)).order_by(m.Author.id)


def distinct(m):
    return select(m.Author).join(m.Author.books).distinct().order_by(m.Author.name)


def distinct_rows(m):
    return select(m.Book.title, m.Book.year).distinct().order_by("title", "year")


def grouped(m):
    query = select(m.Author.name, func.count()).join(m.Author.books)
    return query.group_by(m.Author.name).order_by(m.Author.name)


def grouped_entity(m):
    query = select(m.Author).join(m.Author.books).group_by(m.Author.id)
    return query.order_by(func.count(m.Book.id).desc())


def rows(m):
    return select(m.Author, m.Book.title).join(m.Author.books).order_by(m.Book.id)


def rows_with_collections(m):
    return rows(m).options(joinedload(m.Author.books))


def united(m):
    one, two = (select(each.id.label("id")) for each in (m.Author, m.Book))
    return union(one, two).order_by("id")


def limited(m):
    return entities(m).limit(7).offset(2)


def limited_join(m):
    return joined(m).limit(9)


def empty(m):
    return entities(m).where(m.Author.id < 0)


QUERIES = [
    entities,
    filtered,
    many_to_one,
    joined,
    eager_join,
    joined_collections,
    distinct,
    distinct_rows,
    grouped,
    grouped_entity,
    rows,
    rows_with_collections,
    united,
    limited,
    limited_join,
    empty,
]
NAMES = [query.__name__ for query in QUERIES]


@pytest.fixture
def pages(session, schema):
    """Return a function that lists the data of all pages."""

    def every(statement, limit, **options):
        session.expunge_all()
        found, offset = [], 0
        while True:
            result = paginated(
                statement, schema, offset, limit, session=session, **options
            )
            found.append(result.data)
            if not result.data["items"]:
                return found
            offset += limit

    return every


@pytest.mark.parametrize("deep", ["offset", "deferred"])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_every_count_gives_the_same_items(models, pages, query, count, deep):
    statement = query(models)
    expected = pages(statement, 4)
    total = expected[0]["totalItems"]

    found = pages(statement, 4, count=count, deep=deep)

    assert [page["items"] for page in found] == [page["items"] for page in expected]
    if count in {"exact", "window"}:
        assert found == expected
    elif count == "none":
        assert all(page["totalItems"] is None for page in found)
        assert not any("totalItemsExact" in page for page in found)
    else:
        assert all(
            page["totalItems"] == total for page in found if page["totalItemsExact"]
        )
    if count in {"none", "capped", "estimated"}:
        more = [page["offset"] + 4 < total for page in expected]
        assert [page["hasMore"] for page in found] == more


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_page_takes_two_statements_at_most(
    models, schema, session, statements, query, count
):
    paginated(query(models), schema, 0, 2, session=session, count=count)

    alone = query is empty or count == "none"
    # where rows cannot be counted in the same SELECT, there is another one
    apart = {distinct, distinct_rows, united, limited}
    windowed = count == "window" and query not in apart
    assert len(statements) == (1 if alone or windowed else 2)


@pytest.mark.parametrize("query", [entities, joined, rows])
def test_a_window_tells_no_total_past_the_end(
    models, schema, session, statements, query
):
    exact = paginated(query(models), schema, 0, 1, session=session).data
    statements.clear()

    page = paginated(query(models), schema, 500, 5, session=session, count="window")

    assert (page.data["items"], len(statements)) == ([], 2)
    assert page.data["totalItems"] == exact["totalItems"]


@pytest.mark.parametrize(
    ("cap", "total", "exact"), [(12, 12, False), (13, 13, True), (14, 13, True)]
)
@pytest.mark.parametrize("query", [entities, eager_join, joined_collections])
def test_a_capped_count_stops(models, session, query, cap, total, exact):
    page = fetch_offset(session, query(models), limit=1, count="capped", cap=cap)

    assert (page.total, page.exact, page.more) == (total, exact, True)


def test_a_cap_says_no_less_than_what_is_seen(models, session):
    at = {"offset": 6, "limit": 4, "count": "capped", "cap": 5}

    page = fetch_offset(session, entities(models), **at)

    assert (page.total, page.exact, page.more) == (11, False, True)
    end = fetch_offset(session, entities(models), **{**at, "offset": 10})
    assert (end.total, end.exact, end.more) == (13, True, False)


def test_an_estimate_asks_no_rows(models, session, statements):
    page = fetch_offset(session, filtered(models), limit=1, count="estimated")

    postgres = session.get_bind().dialect.name == "postgresql"
    assert statements[1].startswith("EXPLAIN") == postgres
    assert page.exact != postgres
    assert page.total >= 2


@pytest.mark.services
def test_an_estimate_is_near(engine, models, session):
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE twopi_pagination_book"))

    whole = fetch_offset(session, select(models.Book), limit=1, count="estimated")
    some = fetch_offset(session, filtered(models), limit=1, count="estimated")

    assert (whole.total, whole.exact) == (31, False)
    assert some.total < 31


def test_the_total_of_the_caller_is_used_as_it_is(models, schema, session, statements):
    def page(total, **at):
        options = {"session": session, "total": total, **at}
        return paginated(entities(models), schema, 0, 5, **options).data

    assert page(1234)["totalItems"] == 1234
    assert page(lambda: 12)["totalItems"] == 12
    assert len(statements) == 2
    asked = page(select(func.count(models.Author.id)))
    assert (asked["totalItems"], len(statements)) == (13, 4)
    assert list(asked) == ["offset", "limit", "items", "totalItems"]
    assert page(0)["totalItems"] == 0


@pytest.mark.parametrize(
    ("total", "error"),
    [(-1, ValueError), ("5", TypeError), (True, TypeError), (lambda: None, TypeError)],
)
def test_a_total_is_a_number(models, schema, session, total, error):
    with pytest.raises(error, match="total"):
        paginated(entities(models), schema, 0, 5, session=session, total=total)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"count": "all"}, ValueError),
        ({"count": "exact", "total": 5}, TypeError),
        ({"deep": "very"}, ValueError),
    ],
)
def test_options_that_are_none(models, schema, session, options, error):
    with pytest.raises(error):
        paginated(entities(models), schema, 0, 5, session=session, **options)


def test_no_items_and_only_the_total(models, schema, session, statements):
    for count in COUNTS:
        statements.clear()
        options = {"session": session, "count": count}
        data = paginated(joined(models), schema, 0, 0, **options).data
        assert data["items"] == []
        assert data.get("hasMore", True)
        assert count == "none" or data["totalItems"] > 0
        assert len(statements) <= 2


def test_a_deferred_page_skips_keys(models, schema, session, statements):
    options = {"session": session, "count": "none", "deep": "deferred"}

    paginated(entities(models), schema, 4, 4, **options)

    [sql] = statements
    inner = sql[sql.index("(") : sql.index(")")]
    assert "LIMIT" in inner
    assert "country" not in inner


def test_a_deferred_page_keeps_eager_loading(engine, models, schema):
    query = entities(models).options(selectinload(models.Author.books))
    with Session(engine) as session:
        page = fetch_offset(session, query, limit=3, count="none", deep="deferred")
        books = [[book.id for book in each.books] for each in page.items]
    with Session(engine) as session:
        plain = fetch_offset(session, query, limit=3, count="none")
        assert [[book.id for book in each.books] for each in plain.items] == books


def test_a_locked_page_is_counted_beside(models, schema, session, statements):
    if session.get_bind().dialect.name == "sqlite":
        query = entities(models)
    else:
        query = entities(models).with_for_update()

    data = paginated(query, schema, 0, 5, session=session, count="window").data

    assert (data["totalItems"], len(data["items"])) == (13, 5)


def test_an_estimate_of_what_cannot_be_paged(models, schema, session):
    query = select(models.Author.id).fetch(2)
    with pytest.raises(UnpageableQuery):
        paginated(query, schema, 0, 5, session=session, count="estimated")


@pytest.mark.parametrize("deep", ["offset", "deferred"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", ["entity", "rows", "joined"])
def test_nulls_are_placed_on_every_database(
    models, session, describe, name, first, deep
):
    book = models.Book
    country = models.Author.country.desc()
    statement = {
        "entity": select(book).outerjoin(book.author),
        "rows": select(book.id, models.Author.country).outerjoin(book.author),
        "joined": select(models.Author).join(models.Author.books),
    }[name].order_by(country.nulls_first() if first else country.nulls_last(), book.id)

    page = fetch_offset(session, statement, limit=100, deep=deep)

    everything = (
        select(book.id, models.Author.id, models.Author.country)
        .outerjoin(book.author)
        .order_by(book.id)
    )
    rows = list(session.execute(everything))
    rows.sort(key=lambda row: row.country or "", reverse=True)
    rows.sort(key=lambda row: (row.country is None) != first)
    if name == "joined":
        authors = dict.fromkeys(row[1] for row in rows if row[1] is not None)
        assert [author.id for author in page.items] == list(authors)
    else:
        ids = [item.id for item in page.items]
        assert ids == [row[0] for row in rows]


def by_window(m):
    rank = func.row_number().over(partition_by=m.Author.id, order_by=m.Book.id)
    return select(m.Author).join(m.Author.books).order_by(rank.desc(), m.Author.id)


def eager_by_window(m):
    return by_window(m).options(contains_eager(m.Author.books))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("query", [by_window, eager_by_window])
def test_an_order_of_window_functions(models, session, query, count):
    every = list(session.scalars(by_window(models)).unique())

    found = []
    for offset in range(0, 12, 4):
        page = fetch_offset(session, query(models), offset=offset, limit=4, count=count)
        found += page.items

    assert found == every
    assert count not in {"exact", "window"} or page.total == len(every) == 6


def distinct_on(query, *terms):
    if hasattr(postgresql, "distinct_on"):  # SQLAlchemy 2.1
        return query.ext(postgresql.distinct_on(*terms))
    return query.distinct(*terms)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.services
def test_distinct_on_what_a_join_repeats(engine, models, session, count, eager):
    if engine.dialect.name != "postgresql":
        return
    book = models.Book
    query = select(models.Author).join(models.Author.books)
    query = distinct_on(query, book.title, book.year)
    query = query.order_by(book.title, book.year.desc(), book.id)
    every = list(session.scalars(query).unique())
    if eager:
        query = query.options(contains_eager(models.Author.books))

    found = []
    for offset in range(0, len(every) + 3, 3):
        page = fetch_offset(session, query, offset=offset, limit=3, count=count)
        found += page.items

    assert len(session.scalars(query.with_only_columns(book.id)).all()) > len(every)
    assert found == every
    assert count not in {"exact", "window"} or page.total == len(every)


@pytest.mark.services
def test_distinct_on_the_entity_is_not_numbered(engine, models, session, statements):
    if engine.dialect.name != "postgresql":
        return
    query = select(models.Author).join(models.Author.books).order_by(models.Author.id)

    page = fetch_offset(session, distinct_on(query, models.Author.id), limit=2)

    assert (len(page.items), page.total) == (2, 6)
    assert not any("row_number" in sql for sql in statements)


@pytest.mark.services
def test_repeated_entities_may_be_locked(engine, models, session):
    page = fetch_offset(session, joined(models).with_for_update(), limit=3)

    assert (len(page.items), page.total) == (3, 6)
