"""Pages one after the other are the list that the query has without pages."""

import pytest
from sqlalchemy import and_, desc, distinct, func, or_, select, tuple_, union, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import (
    Bundle,
    Query,
    aliased,
    contains_eager,
    joinedload,
    selectinload,
    subqueryload,
    with_loader_criteria,
    with_polymorphic,
)

from twopi_pagination import paginated

QUERIES = {}


def query(function):
    QUERIES[function.__name__] = function
    return function


@query
def plain(m, s):
    return select(m.Author).order_by(m.Author.id)


@query
def ties(m, s):
    return select(m.Author).order_by(m.Author.name, m.Author.id)


@query
def downwards(m, s):
    return select(m.Author).order_by(m.Author.country.is_(None), desc("name"), "id")


@query
def filtered(m, s):
    return select(m.Book).where(m.Book.year > 1990).order_by(m.Book.id.desc())


@query
def nothing(m, s):
    return select(m.Book).where(m.Book.year > 3000).order_by(m.Book.id)


@query
def legacy(m, s):
    return s.query(m.Book).filter_by(year=1991).order_by("title", m.Book.id)


@query
def legacy_params(m, s):
    from sqlalchemy import bindparam

    books = s.query(m.Book).filter(m.Book.year == bindparam("year"))
    return books.params(year=1991).order_by(m.Book.id)


@query
def legacy_join(m, s):
    return s.query(m.Author).join(m.Book).order_by(m.Author.name, m.Author.id)


@query
def legacy_join_ordered_by_the_other(m, s):
    return s.query(m.Author).join(m.Book).order_by(m.Book.year, m.Book.id.desc())


@query
def legacy_columns(m, s):
    return s.query(m.Book.id, m.Book.title).order_by(m.Book.id)


@query
def legacy_column(m, s):
    return s.query(m.Book.title).order_by(m.Book.title)


@query
def legacy_tuple(m, s):
    return s.query(m.Author, m.Book).join(m.Book).order_by(m.Book.id)


@query
def legacy_distinct_join(m, s):
    return s.query(m.Author).join(m.Book).distinct().order_by(m.Author.id.desc())


@query
def legacy_union(m, s):
    one = s.query(m.Author).filter(m.Author.id < 7)
    return one.union(s.query(m.Author).filter(m.Author.id > 4)).order_by(m.Author.id)


@query
def legacy_union_all(m, s):
    one = s.query(m.Author).filter(m.Author.id < 7)
    two = s.query(m.Author).filter(m.Author.id > 4)
    return one.union_all(two).order_by(m.Author.name, m.Author.id)


@query
def legacy_slice(m, s):
    return s.query(m.Book).order_by(m.Book.title, m.Book.id).slice(3, 17)


@query
def legacy_with_entities(m, s):
    authors = s.query(m.Book).join(m.Book.author).order_by(m.Book.id)
    return authors.with_entities(m.Author)


@query
def join(m, s):
    return select(m.Author).join(m.Author.books).order_by(m.Author.id)


@query
def join_ordered_by_label_reference(m, s):
    return select(m.Author).join(m.Author.books).order_by(desc("name"), "id")


@query
def join_ordered_by_the_other(m, s):
    books = m.Book
    return select(m.Author).join(books).order_by(books.title.desc(), books.id)


@query
def join_filtered_by_the_other(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .where(m.Book.year == 1991)
        .order_by(m.Author.name.desc(), m.Author.id)
    )


@query
def outer_join(m, s):
    return select(m.Author).outerjoin(m.Author.books).order_by(m.Author.id.desc())


@query
def outer_join_from_the_other_side(m, s):
    rows = select(m.Author).select_from(m.Book)
    return rows.outerjoin(m.Book.author).order_by(m.Book.id)


@query
def outer_join_that_says_nothing_of_its_left_side(m, s):
    seat = and_(m.Seat.row == m.Author.id, m.Seat.number == 1)
    return (
        select(m.Author)
        .join(m.Book, m.Book.id < 5)
        .outerjoin(m.Seat, and_(m.Book.id == m.Author.id, seat))
        .order_by(m.Author.id)
    )


@query
def implicit_join(m, s):
    return select(m.Author).where(m.Author.id == m.Book.author_id).order_by(m.Author.id)


@query
def product(m, s):
    return (
        select(m.Author)
        .where(m.Author.id < m.Seat.row, m.Seat.number < 3)
        .order_by(m.Author.id)
    )


@query
def many_to_one(m, s):
    return select(m.Book).join(m.Book.author).order_by(m.Author.name, m.Book.id)


@query
def many_to_one_outer(m, s):
    return select(m.Book).outerjoin(m.Book.author).order_by(m.Book.id)


@query
def many_to_one_and_back(m, s):
    sibling = aliased(m.Book)
    return (
        select(m.Book)
        .join(m.Book.author)
        .join(sibling, m.Author.books)
        .order_by(m.Author.name, m.Book.id)
    )


@query
def join_or(m, s):
    condition = or_(m.Book.author_id == m.Author.id, m.Author.id == 2)
    return select(m.Book).join(m.Author, condition).order_by(m.Book.id)


@query
def join_on_part_of_a_key(m, s):
    return (
        select(m.Author)
        .join(m.Seat, and_(m.Seat.row == m.Author.id, m.Seat.number > 1))
        .order_by(m.Author.id)
    )


@query
def join_on_a_whole_key(m, s):
    on = and_(m.Seat.row == m.Author.id, m.Seat.number == 1)
    return select(m.Author).join(m.Seat, on).order_by(m.Author.name, m.Author.id)


@query
def join_to_a_subquery(m, s):
    years = select(m.Book.author_id, m.Book.year).distinct().subquery()
    return (
        select(m.Author)
        .join(years, years.c.author_id == m.Author.id)
        .order_by(years.c.year, m.Author.id)
    )


@query
def exists(m, s):
    found = m.Author.books.any(m.Book.year == 1991)
    return select(m.Author).where(found).order_by(m.Author.id)


@query
def eager_collection(m, s):
    return select(m.Author).options(joinedload(m.Author.books)).order_by(m.Author.id)


@query
def eager_collection_of_a_join(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .options(joinedload(m.Author.books))
        .order_by(m.Book.title, m.Author.id)
    )


@query
def eager_collection_by_select(m, s):
    authors = select(m.Author).order_by(m.Author.name, m.Author.id)
    return authors.options(selectinload(m.Author.books).joinedload(m.Book.author))


@query
def eager_collection_by_subquery(m, s):
    return select(m.Author).order_by(m.Author.id).options(subqueryload(m.Author.books))


@query
def contained(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .options(contains_eager(m.Author.books))
        .order_by(m.Author.name, m.Book.id)
        .execution_options(populate_existing=True)
    )


@query
def contained_and_distinct(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .options(contains_eager(m.Author.books))
        .distinct()
        .order_by(m.Author.name, m.Author.id, m.Book.id)
    )


@query
def contained_many_to_one(m, s):
    return (
        select(m.Book)
        .join(m.Book.author)
        .options(contains_eager(m.Book.author))
        .order_by(m.Author.id, m.Book.id)
    )


@query
def distinct_join(m, s):
    return select(m.Author).join(m.Author.books).distinct().order_by(m.Author.id)


@query
def distinct_on(m, s):
    query = select(m.Book).order_by(m.Book.year, m.Book.title, m.Book.id)
    if s.get_bind().dialect.name != "postgresql":
        return query.distinct()
    if hasattr(postgresql, "distinct_on"):  # SQLAlchemy 2.1
        return query.ext(postgresql.distinct_on(m.Book.year, m.Book.title))
    return query.distinct(m.Book.year, m.Book.title)


@query
def distinct_columns(m, s):
    return select(m.Book.title, m.Book.year).distinct().order_by("title", "year")


@query
def grouped(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .group_by(m.Author.id)
        .having(func.count(m.Book.id) > 1)
        .order_by(func.count(m.Book.id).desc(), m.Author.id)
    )


@query
def grouped_finer(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .group_by(m.Author.id, m.Book.year)
        .order_by(m.Book.year, func.count(m.Book.id).desc(), m.Author.id)
    )


@query
def grouped_rows(m, s):
    number = func.count(m.Book.id).label("number")
    return (
        select(m.Author, number)
        .outerjoin(m.Author.books)
        .group_by(m.Author.id)
        .order_by(number.desc(), m.Author.id)
    )


@query
def grouped_columns(m, s):
    return (
        select(m.Book.year, func.count(distinct(m.Book.author_id)).label("n"))
        .group_by(m.Book.year)
        .having(func.count() > 1)
        .order_by(desc("n"), m.Book.year)
    )


@query
def columns_that_are_equal(m, s):
    return select(m.Book.title).order_by(m.Book.title)


@query
def columns_of_one_name(m, s):
    return select(m.Author.id, m.Book.id).join(m.Author.books).order_by(m.Book.id)


@query
def column_and_entity(m, s):
    return select(m.Book.year, m.Author).join(m.Book.author).order_by(m.Book.id)


@query
def rows_that_are_equal(m, s):
    year = m.Book.year
    return select(m.Author, year).join(m.Book).order_by(m.Author.id, year)


@query
def bundle(m, s):
    return select(Bundle("b", m.Book.id, m.Book.title)).order_by(m.Book.id)


@query
def core_table(m, s):
    table = m.Seat.__table__
    return select(table).order_by(table.c.number, table.c.seat_row)


@query
def core_columns(m, s):
    book, author = m.Book.__table__, m.Author.__table__
    return (
        select(book.c.title, author.c.name.label("author"))
        .join_from(book, author)
        .order_by("author", book.c.title)
    )


@query
def compound(m, s):
    return union(select(m.Author.id), select(m.Book.id)).order_by("id")


@query
def compound_all(m, s):
    names = select(m.Author.name.label("text"))
    return union_all(names, select(m.Book.title)).order_by("text")


@query
def compound_limited(m, s):
    ids = union_all(select(m.Author.id), select(m.Book.id))
    return ids.order_by("id").limit(21).offset(2)


@query
def entity_of_a_compound(m, s):
    some = select(m.Author).where(m.Author.id < 7)
    rest = select(m.Author).where(m.Author.id > 3)
    author = aliased(m.Author, union_all(some, rest).subquery())
    return select(author).order_by(author.name.desc(), author.id)


@query
def limited(m, s):
    return select(m.Book).order_by(m.Book.title, m.Book.id).limit(11)


@query
def limited_from(m, s):
    return select(m.Book).order_by(m.Book.title, m.Book.id).limit(13).offset(5)


@query
def started(m, s):
    return s.query(m.Book).order_by(m.Book.id).limit(1000).offset(5)


@query
def started_only(m, s):
    return select(m.Book).order_by(m.Book.id).offset(27)


@query
def limited_to_nothing(m, s):
    return select(m.Book).order_by(m.Book.id).limit(0)


@query
def limited_join(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .order_by(m.Book.title, m.Book.id)
        .limit(12)
        .offset(3)
    )


@query
def limited_contained(m, s):
    return limited_join(m, s).options(contains_eager(m.Author.books))


@query
def limited_distinct_join(m, s):
    return distinct_join(m, s).limit(7).offset(2)


@query
def limited_rows(m, s):
    return select(m.Author, m.Book).join(m.Book).order_by(m.Book.id).limit(9)


@query
def limited_by_fetch(m, s):
    query = select(m.Book).order_by(m.Book.year)
    if s.get_bind().dialect.name != "postgresql":
        return query.order_by(m.Book.id).limit(12)
    return query.order_by(m.Book.id).fetch(12, with_ties=True)


@query
def limited_by_an_expression(m, s):
    number = select(func.count(m.Author.id)).scalar_subquery()
    if s.get_bind().dialect.name == "mysql":
        number = 13
    return select(m.Book).order_by(m.Book.id).limit(number)


@query
def limited_subquery(m, s):
    book = aliased(m.Book, select(m.Book).order_by(m.Book.id).limit(9).subquery())
    return select(book).order_by(book.id.desc())


@query
def composite_key(m, s):
    return select(m.Seat).order_by(m.Seat.number, m.Seat.row.desc())


@query
def composite_key_joined(m, s):
    return (
        select(m.Seat)
        .join(m.Author, m.Author.id == m.Seat.author_id)
        .join(m.Author.books)
        .order_by(m.Author.name, m.Seat.row, m.Seat.number)
    )


@query
def composite_key_in(m, s):
    keys = [(1, 2), (2, 2), (4, 4)]
    found = tuple_(m.Seat.row, m.Seat.number).in_(keys)
    return select(m.Seat).where(found).order_by(m.Seat.row, m.Seat.number)


@query
def alias(m, s):
    author = aliased(m.Author)
    return select(author).join(author.books).order_by(author.name, author.id)


@query
def self_reference(m, s):
    child = aliased(m.Node)
    return select(m.Node).join(child, m.Node.children).order_by(child.id)


@query
def self_reference_upwards(m, s):
    parent = aliased(m.Node)
    return (
        select(m.Node).join(parent, m.Node.parent).order_by(parent.id.desc(), m.Node.id)
    )


@query
def self_reference_eager(m, s):
    children = joinedload(m.Node.children).joinedload(m.Node.children)
    return select(m.Node).options(children).order_by(m.Node.id)


@query
def inherited(m, s):
    return select(m.Manager).order_by(m.Manager.floor, m.Manager.id)


@query
def inherited_base(m, s):
    return select(m.Employee).order_by(m.Employee.kind, m.Employee.id)


@query
def inherited_single_table(m, s):
    return select(m.Trainee).order_by(m.Trainee.id)


@query
def inherited_joined(m, s):
    worker = aliased(m.Employee)
    return (
        select(m.Manager)
        .join(worker, m.Manager.id == worker.boss_id)
        .order_by(worker.id)
    )


@query
def inherited_alias(m, s):
    boss = aliased(m.Manager)
    return (
        select(m.Employee)
        .join(boss, m.Employee.boss_id == boss.id)
        .order_by(boss.floor, m.Employee.id)
    )


@query
def inherited_alias_selected(m, s):
    boss = aliased(m.Manager, flat=True)
    return select(boss).order_by(boss.floor, boss.id)


@query
def inherited_all(m, s):
    person = with_polymorphic(m.Employee, [m.Manager])
    return select(person).order_by(person.Manager.floor.is_(None), person.id)


@query
def criteria(m, s):
    return (
        select(m.Author)
        .options(with_loader_criteria(m.Author, m.Author.id > 4))
        .order_by(m.Author.id)
    )


@query
def criteria_joined(m, s):
    return (
        select(m.Author)
        .join(m.Author.books)
        .options(with_loader_criteria(m.Book, m.Book.year == 1990))
        .order_by(m.Author.id)
    )


@query
def criteria_rows(m, s):
    return (
        select(m.Author.id, m.Book.id)
        .join(m.Author.books)
        .options(with_loader_criteria(m.Book, m.Book.year == 1990))
        .order_by(m.Book.id)
    )


@query
def common_table(m, s):
    recent = select(m.Book).where(m.Book.year > 1990).cte()
    return (
        select(m.Author)
        .join(recent, recent.c.author_id == m.Author.id)
        .order_by(recent.c.id.desc())
    )


@query
def window(m, s):
    rank = func.rank().over(partition_by=m.Book.year, order_by=m.Book.title)
    return select(m.Book.id, rank.label("rank")).order_by("rank", m.Book.id)


@query
def locked(m, s):
    return select(m.Author).order_by(m.Author.id).with_for_update()


def whole(statement, session):
    """The list without pages; an entity comes once."""
    if isinstance(statement, Query):
        statement = statement._statement_20().params(statement._params)
    result = session.execute(statement)
    descriptions = getattr(statement, "column_descriptions", [{}])
    [entity, *more] = [each.get("entity") for each in descriptions]
    single = not more and entity is not None
    if single and descriptions[0]["expr"] is entity:
        return result.unique().scalars().all()
    return result.all()


def walk(statement, schema, session, limit):
    offset = 0
    while True:
        data, _ = paginated(statement, schema, offset, limit, session=session)
        yield data
        offset += limit
        if not data["items"]:
            return


@pytest.mark.parametrize("name", QUERIES)
def test_pages_are_the_list(name, session, models, describe, schema, statements):
    items = [
        {"key": describe(item)}
        for item in whole(QUERIES[name](models, session), session)
    ]

    for limit in (1, 4, 100):
        statements.clear()
        pages = list(walk(QUERIES[name](models, session), schema, session, limit))

        assert [item for page in pages for item in page["items"]] == items
        assert {page["totalItems"] for page in pages} == {len(items)}
        assert all(len(page["items"]) == limit for page in pages[:-2])
        if "eager" not in name:
            assert len(statements) <= 2 * len(pages)


@pytest.mark.parametrize("name", QUERIES)
def test_the_total_alone(name, session, models, schema, statements):
    number = len(whole(QUERIES[name](models, session), session))
    statements.clear()

    data, _ = paginated(QUERIES[name](models, session), schema, 0, 0, session=session)

    assert data == {"offset": 0, "limit": 0, "items": [], "totalItems": number}
    [count] = statements
    # the order matters only to what a limit of the query's own leaves
    if name != "window" and "limited" not in name:
        assert "ORDER BY" not in count
    if "eager" in name:
        assert "LEFT OUTER JOIN" not in count
