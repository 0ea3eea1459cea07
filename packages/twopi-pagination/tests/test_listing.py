"""A declared list: filters, orders, both kinds of pages, forms and the check."""

import datetime as dt
import enum
import itertools
import os
import uuid
from decimal import Decimal

import pytest
from flask import Flask, jsonify
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import (
    DateTime,
    ForeignKey,
    Integer,
    Numeric,
    String,
    Uuid,
    create_engine,
    event,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

from twopi_pagination import (
    Filter,
    InvalidPage,
    Listing,
    Sort,
    UnpageableQuery,
    forms,
    init_app,
)


class Base(DeclarativeBase):
    pass


class Genre(enum.Enum):
    NOVEL = "novel"
    POEM = "poem"


class Writer(Base):
    __tablename__ = "twopi_listing_writer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Work(Base):
    __tablename__ = "twopi_listing_work"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    genre: Mapped[Genre]
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    pages: Mapped[int] = mapped_column(Integer)
    printed: Mapped[bool]
    day: Mapped[dt.date]
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    code: Mapped[uuid.UUID] = mapped_column(Uuid)
    writer_id: Mapped[int | None] = mapped_column(ForeignKey(Writer.id))
    writer: Mapped[Writer | None] = relationship()
    tags: Mapped[list["Tag"]] = relationship()


class Tag(Base):
    __tablename__ = "twopi_listing_tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey(Work.id))
    name: Mapped[str] = mapped_column(String(20))


class WorkSchema(Schema):
    id = fields.Integer()


FILTERS = {
    "title": Filter(Work.title, operators=["eq", "ne", "in", "contains", "startswith"]),
    "genre": Work.genre,
    "price": Work.price,
    "pages": Work.pages,
    "printed": Work.printed,
    "day": Work.day,
    "at": Work.at,
    "code": Work.code,
    "writer": Filter(Writer.name, through=Work.writer),
    "tag": Filter(Tag.name, through=Work.tags),
}
SORT = Sort(
    {
        "title": Work.title,
        "price": Work.price,
        "writer": Writer.name,
        "id": Work.id,
    },
    default="title",
)


def works(form=forms.BY_CURSOR, **options):
    statement = select(Work).outerjoin(Work.writer)
    options = {"filters": FILTERS, "sort": SORT, "max_limit": 10, **options}
    return Listing(statement, WorkSchema, form=form, **options)


URLS = {
    "sqlite": None,
    "postgresql": "TWOPI_TEST_POSTGRES_URL",
    "mariadb": "TWOPI_TEST_MARIADB_URL",
}


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.services),
        pytest.param("mariadb", marks=pytest.mark.services),
    ],
)
def session(request):
    name = URLS[request.param]
    if name is None:
        engine = create_engine("sqlite://", poolclass=StaticPool)
    else:
        engine = create_engine(os.environ[name])
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        writers = [Writer(name=f"w{i}") for i in range(3)]
        session.add_all(
            Work(
                id=i,
                title=f"t{i % 5}",
                genre=list(Genre)[i % 2],
                price=None if i % 4 == 0 else Decimal(i) / 2,
                pages=i * 10,
                printed=i % 3 == 0,
                day=dt.date(2026, 1, i),
                at=dt.datetime(2026, 1, i, tzinfo=dt.UTC),
                code=uuid.UUID(int=i),
                writer=None if i % 7 == 0 else writers[i % 3],
                tags=[Tag(name="x"), Tag(name="x"), Tag(name="yz"[i % 2])][: i % 4],
            )
            for i in range(1, 25)
        )
        session.commit()
        yield session
    Base.metadata.drop_all(engine)
    engine.dispose()


HERE = pytest.mark.parametrize("session", ["sqlite"], indirect=True)


@pytest.fixture
def client(session):
    def client(listing, **config):
        app = Flask(__name__)
        app.config.update(SECRET_KEY="s", **config)

        @app.get("/works")
        def view():
            result = listing.page(session=session)
            return jsonify(result.data), result.headers

        return app.test_client()

    return client


def ids(items):
    return [item["id"] for item in items]


EXPECTED = {
    "": lambda i: True,
    "title=t1": lambda i: i % 5 == 1,
    "title__ne=t1": lambda i: i % 5 != 1,
    "title__in=t1,t2,": lambda i: i % 5 in {1, 2},
    "title__contains=1": lambda i: i % 5 == 1,
    "title__contains=%25": lambda i: False,
    "title__startswith=t": lambda i: True,
    "genre=NOVEL": lambda i: i % 2 == 0,
    "price__gte=3.5&price__lt=6": lambda i: i % 4 and 7 <= i < 12,
    "price=1.50": lambda i: i == 3,
    "price__ne=1.5": lambda i: i != 3,
    "price__null=true": lambda i: i % 4 == 0,
    "price__null=false&pages__lte=50": lambda i: i % 4 and i <= 5,
    "pages__gt=99999999999": lambda i: False,
    "pages__in=10,30": lambda i: i in {1, 3},
    "pages__in=10,99999999999": lambda i: i == 1,
    "printed=true": lambda i: i % 3 == 0,
    "printed=0": lambda i: i % 3 != 0,
    "day__gt=2026-01-20": lambda i: i > 20,
    "at__lte=2026-01-03T00:00:00Z": lambda i: i <= 3,
    f"code={uuid.UUID(int=5)}": lambda i: i == 5,
    "writer=w1": lambda i: i % 7 and i % 3 == 1,
    "tag=x": lambda i: i % 4 > 0,
    "tag__ne=x": lambda i: i % 4 == 0,
    "tag=x&tag=y": lambda i: i % 4 == 3 and i % 2 == 0,
    "tag=x&tag=z": lambda i: i % 4 == 3 and i % 2 == 1,
    "tag=&cursor=&sort=&limit=&price__gte=": lambda i: True,
}


@pytest.mark.parametrize("query", EXPECTED)
def test_filters(client, query):
    get = client(works()).get
    found, cursor = [], ""
    while cursor is not None:
        page = get(f"/works?{query}&limit=10&sort=id&cursor={cursor}")
        assert page.status_code == 200, page.json
        found += ids(page.json["items"])
        cursor = page.json["next"]

    assert found == [i for i in range(1, 25) if EXPECTED[query](i)]


PAIRS = list(
    itertools.product(
        ["title__in=t1,t2", "price__gte=2", "writer=w1", "tag=x", "tag__ne=x"],
        ["title", "-price", "writer", "-writer,title"],
    )
)


@pytest.mark.parametrize(("query", "sort"), PAIRS)
def test_every_filter_with_every_order(client, query, sort):
    by_cursor, by_offset = client(works()), client(works(forms.BY_OFFSET))
    there, cursor = [], ""
    while cursor is not None:
        page = by_cursor.get(f"/works?{query}&sort={sort}&limit=3&cursor={cursor}").json
        there += ids(page["items"])
        cursor = page["next"]
    pages = [
        by_offset.get(f"/works?{query}&sort={sort}&limit=3&offset={offset}").json
        for offset in range(0, 24, 3)
    ]

    assert len(there) == len(set(there)) == pages[0]["totalItems"]
    assert sorted(there) == sorted(i for page in pages for i in ids(page["items"]))


@HERE
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("pages=x", "pages"),
        ("pages=1_0", "pages"),
        ("pages=٣", "pages"),
        ("pages=9223372036854775808", "pages"),
        ("pages__contains=1", "pages__contains"),
        ("pages__in=1,x", "pages__in"),
        ("pages__in=" + ",".join(map(str, range(60))), "pages__in"),
        ("price=NaN", "price"),
        ("price=1e999", "price"),
        ("genre=opera", "genre"),
        ("day=2026-13-01", "day"),
        ("code=1", "code"),
        ("printed=maybe", "printed"),
        ("title=a%00b", "title"),
        ("title__contains=%00", "title__contains"),
        ("title=" + "x" * 1001, "title"),
        ("title__gt=a", "title__gt"),
        ("price__null=perhaps", "price__null"),
        ("sort=nothing", "sort"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("&".join("tag=x" for _ in range(25)), "tag"),
    ],
)
def test_what_is_not_allowed_is_named(client, query, name):
    answer = client(works()).get(f"/works?{query}")

    assert answer.status_code == 422
    [error] = answer.json["_errors"]
    assert error.startswith(f"{name}: ")


@HERE
def test_all_complaints_come_at_once(client):
    answer = client(works()).get("/works?limit=x&pages=y&sort=z&day=0")

    assert {error.partition(":")[0] for error in answer.json["_errors"]} == {
        "limit",
        "pages",
        "sort",
        "day",
    }


@HERE
def test_other_parameters_are_not_filters(client):
    assert client(works()).get("/works?utm_source=x&__class__=y").status_code == 200


@HERE
def test_cursors_belong_to_their_filters(client):
    get = client(works()).get
    cursor = get("/works?tag=x&pages__gte=10&limit=2").json["next"]

    same = get(f"/works?pages__gte=10&tag=x&limit=2&cursor={cursor}")
    assert same.status_code == 200
    for other in ("", "tag=x", "tag=y&pages__gte=10", "tag=x&pages__gte=11"):
        answer = get(f"/works?{other}&cursor={cursor}")
        assert answer.status_code == 422
        assert answer.json["_errors"][0].startswith("cursor: ")


@HERE
def test_the_most_items(client):
    get = client(works(default_limit=4)).get

    assert len(get("/works").json["items"]) == 4
    assert get("/works?limit=1000").json["limit"] == 10


@HERE
def test_links_keep_the_filters(client):
    get = client(works()).get
    found, url = [], "/works?tag=x&sort=-id&limit=4"
    while url:
        page = get(url)
        found += ids(page.json["items"])
        links = dict(
            reversed(each.strip("<").split('>; rel="'))
            for each in page.headers.get("Link", "").rstrip('"').split('", ')
            if each
        )
        url = links.get("next")

    assert found == [i for i in range(24, 0, -1) if i % 4]


@HERE
def test_page_numbers(client):
    get = client(works(forms.PAGE_NUMBERS)).get
    page = get("/works?page=2&per_page=10&sort=id")

    assert page.json == {
        "page": 2,
        "per_page": 10,
        "pages": 3,
        "total": 24,
        "has_next": True,
        "has_prev": True,
        "items": [{"id": i} for i in range(11, 21)],
    }
    assert "page=3" in page.headers["Link"]
    assert "per_page=10" in page.headers["Link"]
    assert get("/works?page=0").status_code == 422
    assert get(f"/works?page={2**63}").status_code == 422
    assert get("/works?page=99").json["items"] == []


@HERE
def test_json_api(client):
    get = client(works(forms.JSON_API)).get
    first = get("/works?page[size]=3&sort=id&filter[pages__gt]=30").json
    assert ids(first["data"]) == [4, 5, 6]
    assert first["links"]["prev"] is None

    second = get(first["links"]["next"]).json
    assert ids(second["data"]) == [7, 8, 9]
    assert ids(get(second["links"]["prev"]).json["data"]) == [4, 5, 6]
    assert ids(get(second["links"]["first"]).json["data"]) == [4, 5, 6]
    wrong = get("/works?page[size]=x&filter[pages__like]=3&page[after]=y")
    assert [each.partition(":")[0] for each in wrong.json["_errors"]] == [
        "page[size]",
        "filter[pages__like]",
    ]
    assert get("/works?page[after]=y").json["_errors"][0].startswith("page[after]: ")


@HERE
def test_relay(client):
    get = client(works(forms.RELAY)).get
    page = get("/works?first=3&sort=id").json
    assert [each["node"]["id"] for each in page["edges"]] == [1, 2, 3]
    info = page["pageInfo"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)

    def nodes(query):
        edges = get(f"/works?sort=id&{query}").json["edges"]
        return [each["node"]["id"] for each in edges]

    assert nodes(f"first=2&after={info['endCursor']}") == [4, 5]
    middle = page["edges"][1]["cursor"]
    assert nodes(f"first=2&after={middle}") == [3, 4]
    assert nodes(f"last=2&before={middle}") == [1]
    assert nodes("last=3") == [22, 23, 24]
    tail = get("/works?sort=id&last=3").json["pageInfo"]
    assert (tail["hasNextPage"], tail["hasPreviousPage"]) == (False, True)
    both = get(f"/works?after={middle}&before={middle}")
    assert both.json["_errors"] == ["before: Cannot be combined with after."]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(sorted(FILTERS)),
    operator=st.sampled_from(
        ["", "__ne", "__in", "__gte", "__contains", "__null", "__x", "__"]
    ),
    text=st.text(max_size=30) | st.integers().map(str) | st.floats().map(str),
    sort=st.sampled_from(["title", "-price", "writer", "x"]),
)
def test_no_request_is_an_error_of_the_program(client, name, operator, text, sort):
    answer = client(works()).get(
        "/works", query_string={f"{name}{operator}": text, "sort": sort}
    )

    assert answer.status_code in {200, 422}


def test_pairs_are_tested_at_start_up():
    works().self_test()
    joined = Listing(
        select(Work), WorkSchema, filters={"tag": Tag.name}, sort={"id": Work.id}
    )
    with pytest.raises(UnpageableQuery, match=r"with the filter tag in.*through="):
        init_app(Flask(__name__), joined)

    repeated = Listing(select(Work).join(Work.tags), WorkSchema, sort={"tag": Tag.name})
    with pytest.raises(UnpageableQuery, match=r"in the order tag: a join gives Work"):
        init_app(Flask(__name__), repeated)


def test_declarations_that_are_wrong():
    with pytest.raises(ValueError, match="a filter cannot be called limit"):
        Listing(select(Work), WorkSchema, filters={"limit": Work.pages})
    with pytest.raises(ValueError, match="operators must be some of"):
        Filter(Work.pages, operators=["like"])
    with pytest.raises(TypeError, match="schema_type must be a marshmallow"):
        Listing(select(Work), dict)


@HERE
def test_a_list_of_each_request(session):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "s"
    tenants = iter([3, 4])
    listing = Listing(lambda: select(Work).where(Work.id == next(tenants)), WorkSchema)

    with app.test_request_context("/"):
        found = [listing.page(session=session).data["items"] for _ in range(2)]

    assert found == [[{"id": 3}], [{"id": 4}]]


@HERE
def test_without_a_secret(session):
    with (
        Flask(__name__).test_request_context("/"),
        pytest.raises(ValueError, match="set SECRET_KEY or PAGINATION_SECRET"),
    ):
        works().page(session=session)


@HERE
def test_an_invalid_page_is_an_invalid_page(session):
    with (
        Flask(__name__).test_request_context("/?pages=x"),
        pytest.raises(InvalidPage) as caught,
    ):
        works().page(session=session)
    assert caught.value.messages == {"pages": ["Not a valid integer."]}


def test_the_check_of_an_application(session):
    from flask_sqlalchemy import SQLAlchemy

    app = Flask(__name__)
    url = session.get_bind().url.render_as_string(hide_password=False)
    app.config.update(SECRET_KEY="s", SQLALCHEMY_DATABASE_URI=url)
    database = SQLAlchemy(app)
    listing = works(sort=Sort({"title": Work.title, "id": Work.id}, default="id"))
    init_app(app, listing)
    with app.app_context():
        if session.get_bind().dialect.name == "sqlite":
            Base.metadata.create_all(database.engine)
            database.session.add_all(
                Work(
                    id=i,
                    title="t",
                    genre=Genre.POEM,
                    pages=i,
                    printed=True,
                    day=dt.date(2026, 1, 1),
                    at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                    code=uuid.UUID(int=i),
                )
                for i in range(1, 25)
            )
            database.session.commit()
        seen = []
        event.listen(
            database.engine,
            "before_cursor_execute",
            lambda _c, _u, text, *_: seen.append(text),
        )
        runner = app.test_cli_runner()
        result = runner.invoke(args=["pagination", "check"])
        strict = runner.invoke(args=["pagination", "check", "--strict"])
        database.session.remove()
        database.engine.dispose()

    assert result.exit_code == 0, result.output
    assert "Work\n  sort=title" in result.output
    assert "missing: CREATE INDEX ix_twopi_listing_work_title_id ON" in result.output
    assert "twopi_listing_work (title, id)" in result.output
    assert result.output.endswith("all lists are complete\n")
    assert result.output.count("missing") == 2
    assert strict.exit_code == 1
    assert any(text.startswith("EXPLAIN") for text in seen)
    assert not any(text.startswith(("CREATE", "INSERT", "UPDATE")) for text in seen)
