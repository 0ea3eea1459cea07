import pytest
from flask import has_app_context
from sqlalchemy import select

from twopi_pagination import (
    InvalidCursor,
    KeysetSlice,
    OffsetSlice,
    UnpageableQuery,
    fetch_keyset,
    fetch_offset,
)


def test_a_page_without_flask(models, session, statements):
    assert not has_app_context()
    authors = select(models.Author).order_by(models.Author.id)

    page = fetch_offset(session, authors, offset=10, limit=2)

    assert isinstance(page, OffsetSlice)
    assert [author.id for author in page.items] == [11, 12]
    assert (page.offset, page.limit, page.total, page.exact) == (10, 2, 13, True)
    assert page.more
    assert len(statements) == 2
    assert not fetch_offset(session, authors, offset=11, limit=2).more


def test_rows_keep_their_names(models, session):
    rows = select(models.Author.id, models.Author.name).order_by(models.Author.id)

    for count in ("exact", "window"):
        page = fetch_offset(session, rows, limit=1, count=count)
        assert page.items[0]._asdict() == {"id": 1, "name": "B"}
        assert page.total == 13


def test_a_walk_without_flask(models, session):
    authors = select(models.Author).order_by(models.Author.name)
    found, cursor = [], None
    while True:
        page = fetch_keyset(session, authors, secret="s", cursor=cursor, limit=4)
        assert isinstance(page, KeysetSlice)
        assert (page.total, page.exact) == (None, False)
        found += page.items
        cursor = page.next
        if cursor is None:
            break

    assert len({author.id for author in found}) == len(found) == 13
    assert [author.name for author in found] == sorted(each.name for each in found)


def test_old_secrets_still_open(models, session):
    authors = select(models.Author)
    old = fetch_keyset(session, authors, secret="old", limit=4).next

    page = fetch_keyset(
        session, authors, secret=["new", b"old"], cursor=old, limit=4, count="exact"
    )

    assert (page.items[0].id, page.total) == (5, 13)
    with pytest.raises(InvalidCursor):
        fetch_keyset(session, authors, secret="new", cursor=old)
    with pytest.raises(InvalidCursor):
        fetch_keyset(session, authors, secret=["old"], cursor=page.next)


@pytest.mark.parametrize(
    ("count", "cap", "total", "exact"),
    [
        ("exact", 5, 13, True),
        ("capped", 5, 5, False),
        ("capped", 13, 13, True),
        ("none", 5, None, False),
    ],
)
def test_a_walk_may_be_counted(models, session, statements, count, cap, total, exact):
    options = {"secret": "s", "limit": 4, "count": count, "cap": cap}

    page = fetch_keyset(session, select(models.Author), **options)

    assert (page.total, page.exact) == (total, exact)
    assert len(statements) == (1 if count == "none" else 2)


def test_a_page_with_everything_is_not_counted(models, session, statements):
    page = fetch_keyset(
        session, select(models.Author), secret="s", limit=13, count="exact"
    )

    assert (page.total, len(statements)) == (13, 1)


def test_a_walk_is_counted_by_items(models, session):
    joined = select(models.Author).join(models.Author.books)

    page = fetch_keyset(session, joined, secret="s", limit=2, count="exact")
    plain = fetch_offset(session, joined, limit=2)

    assert page.total == plain.total
    assert fetch_keyset(session, joined, secret="s", limit=2, total=7).total == 7


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": 0}, ValueError),
        ({"limit": "1"}, TypeError),
        ({"limit": 2**63}, ValueError),
        ({"cap": 0}, ValueError),
        ({"secret": ""}, ValueError),
        ({"secret": []}, ValueError),
        ({"count": "window"}, ValueError),
        ({"count": "all"}, ValueError),
        ({"count": "exact", "total": 1}, TypeError),
    ],
)
def test_arguments_of_a_walk(models, session, statements, options, error):
    with pytest.raises(error):
        fetch_keyset(session, select(models.Author), **{"secret": "s", **options})
    assert not statements


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": -1}, ValueError),
        ({"offset": 2**63}, ValueError),
        ({"offset": None, "limit": "1"}, TypeError),
        ({"cap": 0}, ValueError),
        ({"deep": "no"}, ValueError),
    ],
)
def test_arguments_of_a_page(models, session, statements, options, error):
    with pytest.raises(error):
        fetch_offset(session, select(models.Author), **options)
    assert not statements


def test_what_is_no_query(session):
    with pytest.raises(UnpageableQuery):
        fetch_offset(session, "SELECT 1")
