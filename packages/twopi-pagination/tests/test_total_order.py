"""An order is proved to be total, deterministic and comparable, or it is refused."""

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    case,
    column,
    create_engine,
    desc,
    func,
    literal_column,
    select,
    text,
    type_coerce,
    union,
    union_all,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
)
from sqlalchemy.pool import StaticPool

from twopi_pagination import (
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
    fetch_keyset,
    fetch_offset,
)


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"
    id: Mapped[int] = mapped_column(primary_key=True)
    city: Mapped[str] = mapped_column(String(9))


class Sale(Base):
    __tablename__ = "sale"
    shop_id: Mapped[int] = mapped_column(ForeignKey(Shop.id), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    shop: Mapped[Shop] = relationship(backref="sales")
    lines: Mapped[list["Line"]] = relationship()


class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int]
    day: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(["shop_id", "day"], ["sale.shop_id", "sale.day"]),
    )


VIEW = Table("by_city", MetaData(), Column("city", String), Column("n", Integer))
CODES = Table("code", MetaData(), Column("code", String, unique=True, nullable=False))


@pytest.fixture
def session():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Shop(id=i, city=f"c{i % 2}") for i in range(1, 6))
        session.flush()
        session.add_all(
            Sale(shop_id=i, day=d, amount=d % 2) for i in range(1, 6) for d in range(4)
        )
        session.flush()
        session.add_all(
            Line(shop_id=i, day=d) for i in range(1, 6) for d in range(4) for _ in "ab"
        )
        session.execute(text("CREATE VIEW by_city AS SELECT city, 1 AS n FROM shop"))
        session.execute(text("CREATE TABLE code (code VARCHAR NOT NULL UNIQUE)"))
        session.execute(text("INSERT INTO code VALUES ('b'), ('a'), ('d'), ('c')"))
        session.commit()
        yield session
    engine.dispose()


def walk(session, statement, limit=2):
    items, cursor = [], None
    for _ in range(100):
        page = fetch_keyset(session, statement, secret="s", limit=limit, cursor=cursor)
        items += page.items
        cursor = page.next
        if cursor is None:
            return items
    raise AssertionError("the pages do not end")


def of_cte():
    recent = select(Sale.shop_id, Sale.day).where(Sale.day > 0).cte()
    return select(Shop, recent.c.day).join(recent, recent.c.shop_id == Shop.id)


def of_joined_subquery():
    rows = select(Sale.shop_id, Sale.day, Shop.city).join(Sale.shop).subquery()
    return select(rows.c.city, rows.c.day)


def of_groups():
    rows = select(Sale.day, func.count().label("n")).group_by(Sale.day).subquery()
    return select(Shop.id, rows.c.n).join(rows, rows.c.day == Shop.id)


def of_distinct():
    rows = select(Sale.amount, Sale.day).distinct().subquery()
    return select(rows)


def of_union():
    rows = union(select(Shop.city), select(Shop.city)).subquery()
    return select(rows)


def of_alias():
    return select(CODES.alias())


@pytest.mark.parametrize(
    "make",
    [of_cte, of_joined_subquery, of_groups, of_distinct, of_union, of_alias],
)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_keys_of_subqueries_are_found(session, make, limit):
    statement = make()
    statement = statement.order_by(list(statement.selected_columns)[-1])
    expected = session.execute(statement).all()

    found = walk(session, statement, limit)

    assert sorted(map(str, found)) == sorted(map(str, expected))


def without_keys():
    subquery = select(Sale.amount, Sale.shop_id).subquery()
    doubled = union_all(select(Shop.city), select(Shop.city)).subquery()
    rollup = select(Shop.city, func.count()).group_by(func.rollup(Shop.city))
    return {
        "view": select(VIEW).order_by(VIEW.c.city),
        "view by all columns": select(VIEW).order_by(VIEW.c.city, VIEW.c.n),
        "part of a key": select(subquery).order_by(subquery.c.shop_id),
        "UNION ALL": select(doubled).order_by(doubled.c.city),
        "join of a view": select(Shop.id, VIEW.c.n)
        .join(VIEW, VIEW.c.city == Shop.city)
        .order_by(Shop.id),
        "subtotals": rollup.order_by(Shop.city),
        "no order": select(VIEW),
    }


@pytest.mark.parametrize("name", without_keys())
def test_rows_without_a_key_are_refused_with_a_remedy(session, name):
    with pytest.raises(UnorderedQuery, match=r"order_by\(\).*\.distinct\(\)\.order_by"):
        fetch_keyset(session, without_keys()[name], secret="s", limit=1)


def test_the_remedy_is_one(session):
    with pytest.raises(UnorderedQuery) as caught:
        walk(session, select(VIEW).order_by(VIEW.c.city))
    assert ".distinct().order_by(by_city.city, by_city.n)" in str(caught.value)

    found = walk(session, select(VIEW).distinct().order_by(VIEW.c.city, VIEW.c.n))

    assert found == [("c0", 1), ("c1", 1)]


VOLATILE = {
    "random": func.random(),
    "a part": Shop.id + func.random(),
    "in a case": case((func.random() > 0, 1), else_=0),
    "now": func.now(),
    "days until now": func.julianday("now") - Shop.id,
    "today": func.date(),
    "age": func.age(Shop.city),
    "next value": func.nextval("s"),
}


@pytest.mark.parametrize("name", VOLATILE)
def test_values_that_change_are_refused(session, name):
    statement = select(Shop).order_by(VOLATILE[name], Shop.id)

    with pytest.raises(UnsupportedOrdering, match="other values for the next page"):
        fetch_keyset(session, statement, secret="s")


@pytest.mark.parametrize(
    "term",
    [
        literal_column("1"),
        literal_column("city"),
        literal_column("random()"),
        desc(literal_column("2")),
        func.lower(literal_column("city")),
        column("nothing"),
        func.lower(column("city")),
        text("city"),
    ],
)
def test_text_is_refused(session, term):
    statement = select(Shop.city.label("name"), Shop.id).order_by(term, Shop.id)

    with pytest.raises(UnsupportedOrdering, match="cursors cannot keep a place"):
        fetch_keyset(session, statement, secret="s")


@pytest.mark.parametrize(
    "term", [column("name"), "name", desc("name"), Shop.id + literal_column("0")]
)
def test_names_of_columns_are_resolved(session, term):
    statement = select(Shop.city.label("name"), Shop.id).order_by(term, Shop.id)

    assert walk(session, statement) == session.execute(statement).all()


def test_functions_of_a_time_that_is_given(session):
    statement = select(Shop).order_by(func.date("2026-01-01"), Shop.id.desc())

    assert [each.id for each in walk(session, statement)] == [5, 4, 3, 2, 1]


def test_groups_of_an_entity(session):
    number = func.count().label("n")
    for group in (Shop.id, Shop):
        statement = (
            select(Shop, number)
            .join(Shop.sales)
            .group_by(group)
            .order_by(desc(number), Shop.city)
        )
        expected = session.execute(statement.order_by(Shop.id)).all()
        assert walk(session, statement) == expected


@pytest.mark.parametrize(
    "terms",
    [
        [Shop.city],
        [func.lower(Shop.city).desc()],
        [func.substr(Shop.city, 1, 2), Sale.day],
        [Sale.amount + Shop.id],
    ],
)
def test_what_a_repeated_entity_determines(session, terms):
    """A join of lines repeats a sale, but not its shop."""
    statement = select(Sale).join(Sale.shop).join(Sale.lines).order_by(*terms)
    total = statement.order_by(Sale.shop_id, Sale.day)
    descending = terms[-1] is not None and "DESC" in str(terms[-1])
    if descending:
        total = statement.order_by(Sale.shop_id.desc(), Sale.day.desc())
    expected = session.scalars(total).unique().all()

    assert walk(session, statement, 3) == expected
    assert fetch_offset(session, statement, limit=50).total == len(expected)


def test_what_a_repeated_entity_does_not_determine(session):
    statement = select(Sale).join(Sale.lines).order_by(Line.id)

    with pytest.raises(UnsupportedOrdering, match=r"filter by relationship\.any\(\)"):
        fetch_keyset(session, statement, secret="s")


def test_rows_are_asked_by_column_and_entity(session):
    statement = select(Shop, Shop.city, Sale.day).join(Shop.sales).order_by(Sale.day)

    for page in (
        fetch_offset(session, statement, limit=3),
        fetch_keyset(session, statement, secret="s", limit=3),
    ):
        row = page.items[0]
        assert row._mapping[Shop] is row.Shop is row[0]
        assert row._mapping[Shop.city] == row.city == row.Shop.city
        assert row._mapping[Sale.day] == row.day == 0
        assert row._fields == ("Shop", "city", "day")


def test_an_order_by_another_type_than_it_claims(session):
    statement = select(Shop).order_by(type_coerce(Shop.city, Integer), Shop.id)

    assert [each.id for each in walk(session, statement)] == [2, 4, 1, 3, 5]


def test_what_cannot_be_paged_is_a_type_error():
    assert issubclass(UnorderedQuery, UnpageableQuery)
    assert issubclass(UnpageableQuery, TypeError)
