import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, select

from twopi_pagination import (
    InvalidCursor,
    InvalidPage,
    Sort,
    UnpageableQuery,
    cursor_paginated,
    paginated,
)

RULE = (
    "Must be 1 to 3 of: title, year, place, separated by commas. "
    "Prefix a name with - to reverse it."
)


@pytest.fixture
def sort(models):
    return Sort(
        {
            "title": models.Book.title,
            "year": models.Book.year,
            "place": [models.Book.author_id.desc().nulls_last(), models.Book.id],
        }
    )


@pytest.fixture
def ask(models, session, schema):
    """Return a function that pages books as a query string asks."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "s"
    books = select(models.Book).order_by(models.Book.id)

    def page(query_string, *, paginate=paginated, query=books, **options):
        with app.test_request_context("/", query_string=query_string):
            return paginate(query, schema, session=session, **options).data

    return page


def keys(data):
    return [item["key"][1] for item in data["items"]]


def test_the_client_sorts(ask, sort, models, session):
    def expected(*order):
        return list(session.scalars(select(models.Book.id).order_by(*order)))

    book = models.Book
    everything = "limit=100&sort="
    assert keys(ask(everything + "title", sort=sort)) == expected(book.title, book.id)
    assert keys(ask(everything + "-year,title", sort=sort)) == expected(
        book.year.desc(), book.title, book.id
    )
    assert keys(ask("limit=100", sort=sort)) == expected(book.id)


def test_a_minus_turns_directions_and_leaves_nulls(ask, sort, models):
    there = keys(ask("limit=100&sort=place", sort=sort))
    back = keys(ask("limit=100&sort=-place", sort=sort))

    assert there[-2:] == [14, 28]  # without an author, by their id
    assert back[-2:] == [28, 14]
    assert there[:-2] == back[:-2][::-1]


def test_the_default_order(ask, models, sort):
    assert Sort({"id": models.Book.id}).default == ""
    newest = Sort({"id": models.Book.id}, default="-id")

    assert keys(ask("limit=2", sort=newest)) == [31, 30]
    assert keys(ask("limit=2&sort=id", sort=newest)) == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "author_id",
        "-",
        "--title",
        "+title",
        "title ",
        " title",
        "Title",
        "title,",
        ",title",
        "title,title",
        "title,-title",
        "title,year,place,title",
        "title;year",
        "title desc",
        "__class__",
        "1",
        "," * 100_000,
    ],
)
def test_what_is_not_allowed_is_refused_before_any_sql(ask, sort, statements, text):
    for paginate in (paginated, cursor_paginated):
        with pytest.raises(InvalidPage) as caught:
            ask({"sort": text, "limit": "x"}, sort=sort, paginate=paginate)
        assert caught.value.messages["sort"] == [RULE]
        assert set(caught.value.messages) == {"sort", "limit"}
    assert not statements


@given(st.text())
def test_any_text_is_an_order_or_none(text):
    sort = Sort({"a": column("a"), "b": column("b")}, max_keys=2)

    clauses = sort.clauses(text)

    names = [part.removeprefix("-") for part in text.split(",")]
    good = names in [["a"], ["b"], ["a", "b"], ["b", "a"]]
    assert (clauses is not None) == good


def test_a_cursor_belongs_to_its_order(ask, sort, statements):
    def walk(order, cursor=None):
        asked = {"sort": order, "limit": 7} | ({"cursor": cursor} if cursor else {})
        return ask(asked, sort=sort, paginate=cursor_paginated)

    found, page = [], walk("-year,title")
    found += page["items"]
    while page["next"]:
        page = walk("-year,title", page["next"])
        found += page["items"]
    assert len({str(item) for item in found}) == 31

    first = walk("-year,title")
    statements.clear()
    for other in ["year,title", "title,-year", "-year", "place"]:
        with pytest.raises(InvalidCursor):
            walk(other, first["next"])
    assert not statements


def test_a_limited_query_is_not_sorted(ask, sort, models):
    query = select(models.Book).order_by(models.Book.id).limit(5)

    assert keys(ask("", sort=sort, query=query)) == [1, 2, 3, 4, 5]
    with pytest.raises(UnpageableQuery, match="subquery"):
        ask("sort=title", sort=sort, query=query)


def test_sorting_is_by_sort_only(ask):
    with pytest.raises(TypeError, match="must be a Sort"):
        ask("", sort="title")


@pytest.mark.parametrize(
    ("keys", "options", "error"),
    [
        ({}, {}, ValueError),
        ({"": column("a")}, {}, ValueError),
        ({"-a": column("a")}, {}, ValueError),
        ({"a,b": column("a")}, {}, ValueError),
        ({"a": "a"}, {}, TypeError),
        ({"a": [column("a"), "b desc"]}, {}, TypeError),
        ({"a": None}, {}, TypeError),
        ({"a": column("a")}, {"default": "b"}, ValueError),
        ({"a": column("a")}, {"max_keys": 0}, ValueError),
    ],
)
def test_a_sort_that_cannot_be(keys, options, error):
    with pytest.raises(error):
        Sort(keys, **options)


def test_the_rule_of_one_key():
    rule = "Must be one of: a. Prefix it with - for the reverse order."
    assert Sort({"a": column("a")}).rule == rule
