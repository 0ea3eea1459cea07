"""Cursors over joins, groups and expressions; changing rows; and the use of indexes."""

import pytest
from marshmallow import Schema, fields
from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    case,
    cast,
    delete,
    desc,
    event,
    func,
    literal_column,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.orm import (
    Bundle,
    aliased,
    contains_eager,
    joinedload,
    registry,
    selectinload,
    with_loader_criteria,
)

from twopi_pagination import (
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
    cursor_paginated,
)

# a statement in the order of its pages, and what completes the order
SHAPES = {
    "no order": lambda m, s: (select(m.Book), [m.Book.id]),
    "names": lambda m, s: (select(m.Book).order_by(desc("year"), "title"), [m.Book.id]),
    "legacy": lambda m, s: (
        s.query(m.Book)
        .filter(m.Book.year > bindparam("y"))
        .params(y=1990)
        .order_by("title"),
        [m.Book.id],
    ),
    "legacy union": lambda m, s: (
        s.query(m.Author)
        .filter(m.Author.id < 7)
        .union(s.query(m.Author).filter(m.Author.id > 4))
        .order_by(m.Author.name.desc()),
        [m.Author.id.desc()],
    ),
    "expression": lambda m, s: (
        select(m.Book).order_by(func.coalesce(m.Book.author_id, 5) + m.Book.year),
        [m.Book.id],
    ),
    "case": lambda m, s: (
        select(m.Author).order_by(
            case((m.Author.country == "nz", 0), else_=1),
            func.lower(m.Author.name).desc(),
        ),
        [m.Author.id.desc()],
    ),
    "condition": lambda m, s: (
        select(m.Author).order_by(m.Author.country.is_(None), m.Author.name),
        [m.Author.id],
    ),
    "subquery": lambda m, s: (
        select(m.Author).order_by(
            select(func.count())
            .where(m.Book.author_id == m.Author.id)
            .scalar_subquery()
            .desc()
        ),
        [m.Author.id.desc()],
    ),
    "bundle": lambda m, s: (
        select(m.Book).order_by(Bundle("b", m.Book.year, m.Book.title)),
        [m.Book.id],
    ),
    "alias": lambda m, s: (select(m.other).order_by(m.other.year), [m.other.id]),
    "many to one": lambda m, s: (
        select(m.Book).join(m.Book.author).order_by(m.Author.name.desc(), m.Book.year),
        [m.Book.id],
    ),
    "many to one, outer": lambda m, s: (
        select(m.Book)
        .outerjoin(m.Book.author)
        .options(contains_eager(m.Book.author))
        .order_by(m.Author.name.desc(), m.Author.country),
        [m.Book.id],
    ),
    "one to many": lambda m, s: (
        select(m.Author).join(m.Author.books).order_by(m.Author.name.desc()),
        [m.Author.id.desc()],
    ),
    "one to many, NULLs": lambda m, s: (
        select(m.Author).outerjoin(m.Author.books).order_by(m.Author.country),
        [m.Author.id],
    ),
    "one to many, contained": lambda m, s: (
        select(m.Author)
        .join(m.Author.books)
        .options(contains_eager(m.Author.books))
        .order_by(m.Author.country),
        [m.Author.id],
    ),
    "distinct": lambda m, s: (
        select(m.Author).join(m.Author.books).distinct().order_by(m.Author.country),
        [m.Author.id],
    ),
    "eager": lambda m, s: (
        select(m.Author)
        .options(joinedload(m.Author.books))
        .order_by(m.Author.country.desc()),
        [m.Author.id.desc()],
    ),
    "eager by select": lambda m, s: (
        select(m.Author).options(selectinload(m.Author.books)).order_by(m.Author.name),
        [m.Author.id],
    ),
    "criteria": lambda m, s: (
        select(m.Author)
        .join(m.Author.books)
        .options(with_loader_criteria(m.Book, m.Book.year == 1991))
        .order_by(m.Author.country),
        [m.Author.id],
    ),
    "aggregate": lambda m, s: (
        select(m.Author)
        .join(m.Author.books)
        .group_by(m.Author.id)
        .order_by(func.count().desc(), m.Author.name),
        [m.Author.id],
    ),
    "columns": lambda m, s: (
        select(m.Book.id, m.Book.title).order_by(m.Book.title),
        [m.Book.id],
    ),
    "label": lambda m, s: (
        select(m.Book.id, (m.Book.year * 2).label("double")).order_by(desc("double")),
        [m.Book.id.desc()],
    ),
    "columns of a join": lambda m, s: (
        select(m.Author.name, m.Book.title)
        .outerjoin(m.Author.books)
        .order_by(m.Author.name, m.Book.title),
        [m.Author.id, m.Book.id],
    ),
    "distinct columns": lambda m, s: (
        select(m.Book.title, m.Book.author_id).distinct().order_by(m.Book.title.desc()),
        [m.Book.author_id.desc()],
    ),
    "sums": lambda m, s: (
        select(m.Book.author_id, func.sum(m.Book.year).label("sum"))
        .group_by(m.Book.author_id)
        .order_by(desc("sum")),
        [m.Book.author_id.desc()],
    ),
    "entities": lambda m, s: (
        select(m.Author, m.Book).join(m.Author.books).order_by(m.Book.year.desc()),
        [m.Author.id.desc(), m.Book.id.desc()],
    ),
    "entity and aggregate": lambda m, s: (
        select(m.Author, func.count().label("books"))
        .join(m.Author.books)
        .group_by(m.Author.id)
        .order_by(desc("books"))
        .options(joinedload(m.Author.books)),
        [m.Author.id.desc()],
    ),
    "inheritance": lambda m, s: (
        select(m.Manager).order_by(m.Manager.floor.desc(), m.Manager.kind),
        [m.Manager.id],
    ),
    "composite key": lambda m, s: (
        select(m.Seat).order_by(m.Seat.author_id.desc()),
        [m.Seat.row.desc(), m.Seat.number.desc()],
    ),
    "core": lambda m, s: (
        select(m.Book.__table__).order_by(m.Book.__table__.c.year.desc()),
        [m.Book.__table__.c.id.desc()],
    ),
    "entities and a column": lambda m, s: (
        select(m.Author, m.Book, m.Book.year)
        .outerjoin(m.Author.books)
        .order_by(m.Book.year.desc(), m.Author.name, m.Book.id),
        [m.Author.id],
    ),
    "implicit join": lambda m, s: (
        select(m.Book)
        .where(m.Book.author_id == m.Author.id)
        .order_by(m.Author.name, m.Book.id.desc()),
        [],
    ),
    "hybrid": lambda m, s: (
        select(m.Seat).order_by(m.Seat.distance.desc(), m.Seat.row),
        [m.Seat.number],
    ),
    "hybrid, selected": lambda m, s: (
        select(m.Seat, m.Seat.distance).order_by(m.Seat.distance, m.Seat.row),
        [m.Seat.number],
    ),
    "hybrid of a subquery": lambda m, s: (
        select(m.Seat).order_by(m.Seat.neighbours.desc()),
        [m.Seat.row.desc(), m.Seat.number.desc()],
    ),
    "column_property": lambda m, s: (select(m.Seat).order_by(m.Seat.label.desc()), []),
    "two aliases": lambda m, s: (
        select(m.other.title, m.third.title)
        .join(m.third, m.third.year == m.other.year)
        .order_by(m.other.title, m.third.title.desc(), m.other.id),
        [m.third.id],
    ),
    "with_entities": lambda m, s: (
        s.query(m.Book).with_entities(m.Book.id, m.Book.title).order_by("title"),
        [m.Book.id],
    ),
    "join to a subquery": lambda m, s: (
        select(m.Author.id, m.counts.c.n)
        .join(m.counts, m.counts.c.author_id == m.Author.id)
        .order_by(m.counts.c.n.desc()),
        [m.Author.id.desc()],
    ),
    "recursive": lambda m, s: (
        select(m.tree.c.id, m.tree.c.depth).order_by(m.tree.c.depth.desc(), "id"),
        [],
    ),
    "arithmetic of two tables": lambda m, s: (
        select(m.Author.name, m.Book.id)
        .join(m.Author.books)
        .order_by((m.Author.id * 3 - m.Book.year).desc(), m.Book.id),
        [m.Author.id],
    ),
    "compound aggregate": lambda m, s: (
        select(m.Book.year, func.sum(m.Book.id) - func.min(m.Book.id) * 2)
        .group_by(m.Book.year)
        .order_by(func.sum(m.Book.id) - func.min(m.Book.id) * 2),
        [m.Book.year],
    ),
    "subselect": lambda m, s: (select(m.numbers).order_by(desc("n"), "id"), []),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_pages_are_the_list(session, models, schema, describe, walk, shape):
    models.other = aliased(models.Book)
    models.numbers = union(
        select(models.Book.id, models.Book.author_id.label("n")),
        select(models.Author.id + 100, models.Author.id),
    ).subquery()
    models.third = aliased(models.Book)
    counts = select(models.Book.author_id, func.count().label("n"))
    models.counts = counts.group_by(models.Book.author_id).subquery()
    tree = select(models.Node.id, literal_column("0", Integer).label("depth"))
    tree = tree.where(models.Node.parent_id.is_(None)).cte(recursive=True)
    below = select(models.Node.id, tree.c.depth + 1)
    models.tree = tree.union(below.where(models.Node.parent_id == tree.c.id))
    statement, rest = SHAPES[shape](models, session)
    whole = statement.order_by(*rest)
    if isinstance(whole, type(select())):
        result = session.execute(whole)
        width = len(statement.column_descriptions)
        if statement.column_descriptions[0].get("entity") is not None:
            result = result.unique() if width == 1 or "aggregate" in shape else result
        rows = list(result.scalars() if width == 1 else result)
    else:
        rows, width = whole.all(), len(statement.column_descriptions)
    expected = describe(rows)
    session.expunge_all()

    for limit in (1, 4, 50):
        there, back = walk(statement, schema, limit)

        for pages in (there, back):
            found = [item["key"] for page in pages for item in page["items"]]
            assert found == expected, limit
    assert expected


def test_rows_keep_their_names(session, models, walk):
    class RowSchema(Schema):
        names = fields.Function(lambda row: [*row._fields, row.title, len(row)])

    statement = select(models.Book.id, models.Book.title).order_by(models.Book.year)

    there, _ = walk(statement, RowSchema, 3)

    for page in there:
        for item in page["items"]:
            assert item["names"][:2] == ["id", "title"]
            assert item["names"][3] == 2


def test_collections_are_complete(session, models, walk):
    class BooksSchema(Schema):
        books = fields.Function(lambda author: sorted(book.id for book in author.books))

    statement, _ = SHAPES["one to many, contained"](models, session)
    authors = statement.order_by(models.Author.id).execution_options(
        populate_existing=True
    )
    expected = [
        {"books": sorted(book.id for book in author.books)}
        for author in session.scalars(authors).unique()
    ]
    session.expunge_all()

    there, back = walk(statement, BooksSchema, 2)

    for pages in (there, back):
        assert [item for page in pages for item in page["items"]] == expected


def follow(session, models, schema, statement, cursor=None):
    return cursor_paginated(
        statement, schema, cursor=cursor, limit=4, session=session, secret="s"
    ).data


def ids(data):
    return [item["key"][1] for item in data["items"]]


def test_rows_that_come_and_go(session, models, schema):
    """Those that stay are neither repeated nor lost."""
    author = models.Author
    statement = select(author).order_by(author.name.desc())
    in_order = session.scalars(
        select(author.id).order_by(author.name.desc(), author.id.desc())
    )
    in_order = in_order.all()

    first = follow(session, models, schema, statement)
    session.execute(delete(models.Book))
    session.execute(delete(models.Seat))
    # the row that the cursor was made of, and the one after it
    session.execute(delete(author).where(author.id.in_(in_order[3:5])))
    session.add_all([author(id=100, name="Z"), author(id=101, name="A")])
    session.flush()
    second = follow(session, models, schema, statement, first["next"])
    again = follow(session, models, schema, statement, second["prev"])

    assert ids(first) == in_order[:4]
    assert ids(second) == in_order[5:9]
    assert ids(again) == [100, *in_order[:3]]
    assert again["prev"] is None


def test_a_page_of_which_nothing_is_left(session, models, schema):
    """It leads to the first or the last page, not nowhere."""
    author = models.Author
    statement = select(author).order_by(author.id)
    session.execute(delete(models.Book))
    session.execute(delete(models.Seat))

    first = follow(session, models, schema, statement)
    session.execute(delete(author).where(author.id > 4))
    behind = follow(session, models, schema, statement, first["next"])
    last = follow(session, models, schema, statement, behind["prev"])

    assert (behind["items"], behind["next"]) == ([], None)
    assert (ids(last), last["prev"], last["next"]) == ([1, 2, 3, 4], None, None)


def test_no_rows(session, models, schema):
    nothing = select(models.Author).where(models.Author.id < 0)

    data = follow(session, models, schema, nothing)

    assert data == {"limit": 4, "items": [], "next": None, "prev": None}


def test_one_select_a_page(session, models, schema, statements):
    statement = select(models.Author).order_by(
        models.Author.country, models.Author.name
    )
    cursor = follow(session, models, schema, statement)["next"]

    follow(session, models, schema, statement, cursor)

    assert len(statements) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_has_no_order(session, models, schema):
    numbers = union_all(select(literal_column("1", Integer).label("n"))).subquery()

    with pytest.raises(UnorderedQuery, match="give it an order_by"):
        follow(session, models, schema, select(numbers))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_orders_that_cursors_cannot_keep(session, models, schema, statements):
    m = models
    number = func.row_number().over(order_by=m.Book.title)
    for statement, text_ in (
        (select(m.Book).order_by(text("title")), "not by text"),
        (select(m.Book).order_by("nothing"), "not by text"),
        (select(m.Book).order_by(cast(m.Book.title, JSON)), "JSON.*type_coerce"),
        (select(m.Book).order_by(number), "select it in a .subquery"),
        (
            select(m.Author).join(m.Author.books).order_by(m.Book.title),
            "a join gives Author several rows",
        ),
        (
            select(m.Book.title).distinct().order_by(m.Book.year),
            "is DISTINCT and .*year is not selected",
        ),
    ):
        with pytest.raises(UnsupportedOrdering, match=text_):
            follow(session, models, schema, statement)
    assert statements == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_paged(session, models, schema):
    book = models.Book
    for statement in (
        select(book).order_by(book.id).limit(5),
        union_all(select(book.id), select(book.id)),
    ):
        with pytest.raises(UnpageableQuery, match="subquery"):
            follow(session, models, schema, statement)


@pytest.fixture(scope="session")
def indexed(engine):
    """A class whose table is so large that an index shows."""
    table = Table(
        "twopi_pagination_indexed",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("a", Integer, nullable=False),
        Column("n", Integer),
        Column("filler", String(200), nullable=False),
        Index("twopi_pagination_a_id", "a", "id"),
        Index("twopi_pagination_n_id", "n", "id"),
    )
    Index("twopi_pagination_a_id_desc", table.c.a, table.c.id.desc())
    rows = [
        {"id": i, "a": i // 3, "n": None if i % 5 == 0 else i // 3, "filler": "x" * 200}
        for i in range(1, 3001)
    ]
    is_mysql = engine.dialect.name == "mysql"
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), rows)
        analyze = "ANALYZE TABLE" if is_mysql else "ANALYZE"
        connection.execute(text(f"{analyze} twopi_pagination_indexed"))

    class Row:
        pass

    mapping = registry()
    mapping.map_imperatively(Row, table)
    yield Row
    mapping.dispose()
    table.drop(engine)


ORDERS = {
    "one way": lambda row: [row.a, row.id],
    "one way, down": lambda row: [row.a.desc(), row.id.desc()],
    "mixed": lambda row: [row.a, row.id.desc()],
    "completed": lambda row: [row.a],
    "nullable": lambda row: [row.n, row.id],
    "nullable, down": lambda row: [row.n.desc()],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("rel", ["next", "prev"])
def test_rows_before_the_place_are_not_read(session, indexed, statements, order, rel):
    class IdSchema(Schema):
        id = fields.Integer()

    def page(cursor, limit):
        return cursor_paginated(
            query, IdSchema, cursor=cursor, limit=limit, session=session, secret="s"
        ).data

    query = select(indexed).order_by(*ORDERS[order](indexed))
    cursor = page(None, 1500)["next"]
    if rel == "prev":
        cursor = page(cursor, 5)["prev"]
    seen = []

    def note(connection, cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    data = page(cursor, 5)
    event.remove(connection, "before_cursor_execute", note)

    assert len(data["items"]) == 5
    [(statement, parameters)] = seen
    assert rows_read(connection, statement, parameters) < 100


def rows_read(connection, statement, parameters):
    """Run *statement* again, and return how many rows the database read for it."""
    name = connection.dialect.name
    run = connection.exec_driver_sql
    if name == "postgresql":
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        return rows_of(run(explain, parameters).scalar()[0]["Plan"])
    if name == "mysql":
        run("FLUSH STATUS")
        run(statement, parameters).all()
        status = run("SHOW SESSION STATUS LIKE 'Handler_read%%'")
        return sum(int(value) for _, value in status)
    # SQLite does not count, but says where it starts at a place, and where not
    plan = [row[-1] for row in run(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    pieces = any(step.startswith(("MATERIALIZE", "CO-ROUTINE")) for step in plan)
    # what the pieces found, a page each, is sorted again
    sorts = 0 if pieces else plan.count("USE TEMP B-TREE FOR ORDER BY")
    scans = [step for step in plan if step.startswith("SCAN twopi_pagination_indexed")]
    return (len(scans) + sorts) * 3000


def rows_of(plan):
    filtered = [value for key, value in plan.items() if key.startswith("Rows Removed")]
    read = (plan["Actual Rows"] + sum(filtered)) * plan["Actual Loops"]
    return max([read, *(rows_of(each) for each in plan.get("Plans", []))])
