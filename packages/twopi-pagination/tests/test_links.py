import re

import pytest
from flask import Flask, jsonify
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import create_engine, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from twopi_pagination import cursor_paginated, paginated


class NumberSchema(Schema):
    n = fields.Integer()


COUNTER = select(literal(0).label("n")).cte(recursive=True)
COUNTER = COUNTER.union(select(COUNTER.c.n + 1).where(COUNTER.c.n < 24))
NUMBERS = select(COUNTER.c.n).order_by(COUNTER.c.n)


@pytest.fixture(scope="module")
def session():
    with Session(create_engine("sqlite://", poolclass=NullPool)) as session:
        yield session


@pytest.fixture
def app(session):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "s"

    def answer(result):
        body = jsonify(**result.data, links=result.links)
        return body, result.headers

    @app.get("/numbers/<path:name>")
    def numbers(name):
        return answer(paginated(NUMBERS, NumberSchema, session=session))

    @app.get("/uncounted")
    def uncounted():
        return answer(paginated(NUMBERS, NumberSchema, session=session, count="none"))

    @app.get("/capped")
    def capped():
        return answer(paginated(NUMBERS, NumberSchema, session=session, count="capped"))

    @app.get("/walk")
    def walk():
        return answer(cursor_paginated(NUMBERS, NumberSchema, session=session))

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def header(answer):
    found = re.findall(r'<([^>]*)>; rel="(\w+)"(?:, |$)', answer.headers["Link"])
    return {rel: url for url, rel in found}


def follow(client, url, rel, **options):
    """List the numbers of all pages from *url* on."""
    found = []
    while url is not None:
        answer = client.get(url, **options)
        assert answer.status_code == 200
        found.append([item["n"] for item in answer.json["items"]])
        url = answer.json["links"].get(rel)
    return found


def test_the_links_of_a_page(client):
    answer = client.get("/numbers/all?offset=10&limit=5")

    assert answer.json["links"] == {
        "first": "/numbers/all?offset=0&limit=5",
        "prev": "/numbers/all?offset=5&limit=5",
        "next": "/numbers/all?offset=15&limit=5",
        "last": "/numbers/all?offset=20&limit=5",
    }
    assert header(answer) == answer.json["links"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("offset=0&limit=25", {}),
        ("limit=0", {}),
        ("offset=0&limit=24", {"first": 0, "next": 24, "last": 24}),
        ("offset=3&limit=10", {"first": 0, "prev": 0, "next": 13, "last": 23}),
        ("offset=20&limit=10", {"first": 0, "prev": 10, "last": 20}),
        ("offset=25&limit=10", {"first": 0, "prev": 15, "last": 20}),
        ("offset=99&limit=10", {"first": 0, "prev": 20, "last": 20}),
    ],
)
def test_the_links_there_are(client, query, expected):
    answer = client.get("/numbers/all?" + query)

    links = answer.json["links"]
    found = {rel: int(re.search(r"offset=(\d+)", links[rel])[1]) for rel in links}
    assert found == expected
    assert ("Link" in answer.headers) == bool(expected)


@pytest.mark.parametrize("path", ["/numbers/a", "/uncounted", "/capped", "/walk"])
def test_links_lead_through_all_pages_and_back(client, path):
    pages = [list(range(start, min(start + 7, 25))) for start in range(0, 25, 7)]

    assert follow(client, path + "?limit=7", "next") == pages
    last = client.get(path + "?limit=7")
    while "next" in last.json["links"]:
        last = client.get(last.json["links"]["next"])
    assert follow(client, last.request.full_path, "prev") == pages[::-1]
    assert client.get(header(last)["first"]).json["items"][0] == {"n": 0}


def test_what_is_not_known_is_no_link(client):
    assert set(client.get("/uncounted?offset=5&limit=5").json["links"]) == {
        "first",
        "prev",
        "next",
    }
    assert "last" not in client.get("/walk?limit=5").json["links"]


def test_a_capped_count_knows_the_last_page_only_below_the_cap(app, client):
    assert "last" in client.get("/capped?limit=5").json["links"]
    app.config["PAGINATION_COUNT_CAP"] = 10
    links = client.get("/capped?limit=5").json["links"]
    assert set(links) == {"first", "next"}


def test_other_parameters_are_kept(client):
    answer = client.get("/walk?tag=a&tag=b%26c&q=%C3%A9+%22%3E%3C&limit=3&sort=x")

    url = answer.json["links"]["next"]
    with client.application.test_request_context(url) as context:
        args = context.request.args
        assert args.getlist("tag") == ["a", "b&c"]
        assert args["q"] == 'é "><'
        assert args["sort"] == "x"
        assert args.getlist("limit") == ["3"]
        assert args.getlist("cursor") == [answer.json["next"]]
    assert header(answer)["next"] == url


def test_the_limit_used_is_in_the_links(app, client):
    app.config["PAGINATION_MAX_LIMIT"] = 4

    assert "limit=4" in client.get("/walk?limit=1000").json["links"]["next"]


def test_no_host_of_the_request_is_repeated(client):
    hostile = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    answer = client.get("/walk?limit=5", headers=hostile)

    assert answer.json["links"]["next"].startswith("/walk?")
    assert "evil" not in answer.headers["Link"]


@pytest.mark.parametrize("base", ["https://api.example.com", "http://[::1]:80/v1/"])
def test_links_may_be_absolute(app, client, base):
    app.config["PAGINATION_BASE_URL"] = base

    url = client.get("/walk?limit=5").json["links"]["next"]

    assert url.startswith(base.rstrip("/") + "/walk?")


def test_where_the_application_is_mounted_is_part_of_the_path(client):
    base = "http://localhost/app"

    answer = client.get("/walk?limit=5", base_url=base)

    assert answer.json["links"]["next"].startswith("/app/walk?")


@given(name=st.text(st.characters(codec="utf-8"), min_size=1))
def test_no_path_makes_another_host_or_header(name):
    app = Flask(__name__)
    path = {"PATH_INFO": f"//{name}".encode().decode("latin-1")}
    with (
        Session(create_engine("sqlite://", poolclass=NullPool)) as session,
        app.test_request_context(query_string={name: name}, environ_overrides=path),
    ):
        result = paginated(NUMBERS, NumberSchema, 0, 5, session=session)

        for url in result.links.values():
            assert re.fullmatch(r"/(?!/)[!#-;=?-~]*", url)
        assert set(result.headers) == {"Link"}


def test_no_link_goes_beyond_the_largest_offset(app, client):
    app.config["PAGINATION_MAX_OFFSET"] = 12

    links = client.get("/numbers/a?offset=10&limit=5").json["links"]

    assert set(links) == {"first", "prev"}


def test_there_are_no_links_outside_of_a_request(session):
    result = paginated(NUMBERS, NumberSchema, 0, 5, session=session)

    assert (result.links, result.headers) == ({}, {})
    walked = cursor_paginated(NUMBERS, NumberSchema, session=session, secret="s")
    assert (walked.links, walked.headers) == ({}, {})
