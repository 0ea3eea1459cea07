import asyncio
import os

import pytest
from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String, event, make_url, select
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import NullPool

from twopi_pagination import (
    Sort,
    acursor_paginated,
    apaginated,
    cursor_paginated,
    fetch_keyset,
    fetch_offset,
    paginated,
)


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "twopi_pagination_shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    volumes: Mapped[list["Volume"]] = relationship(order_by="Volume.id")


class Volume(Base):
    __tablename__ = "twopi_pagination_volume"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey(Shelf.id))


class VolumeSchema(Schema):
    id = fields.Integer()


class ShelfSchema(Schema):
    name = fields.String()
    volumes = fields.List(fields.Nested(VolumeSchema))


SHELVES = select(Shelf).join(Shelf.volumes).order_by(Shelf.name)
SORT = Sort({"name": Shelf.name})


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)],
)
def engine(request, tmp_path_factory):
    """An engine for any event loop: each view runs in one of its own."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shelves") / "db.sqlite"
        url = make_url(f"sqlite+aiosqlite:///{path}")
    else:
        url = make_url(os.environ["TWOPI_TEST_POSTGRES_URL"])
        url = url.set(drivername="postgresql+psycopg")
    engine = create_async_engine(url, poolclass=NullPool)

    async def make():
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session:
            session.add_all(
                Shelf(name="CBA"[n % 3], volumes=[Volume(), Volume()]) for n in range(9)
            )
            await session.commit()

    async def drop():
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)

    asyncio.run(make())
    yield engine
    asyncio.run(drop())


@pytest.fixture
def app(engine):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "s"

    @app.get("/offset")
    async def by_offset():
        async with AsyncSession(engine) as session:
            result = await apaginated(SHELVES, ShelfSchema, session=session, sort=SORT)
            return {**result.data, "links": result.links}

    @app.get("/cursor")
    async def by_cursor():
        async with AsyncSession(engine) as session:
            result = await acursor_paginated(
                select(Shelf).order_by(Shelf.name),
                ShelfSchema,
                session=session,
                count="exact",
            )
            return {**result.data, "links": result.links}

    return app


def names(data):
    return "".join(item["name"] for item in data["items"])


def test_pages_in_async_views(app):
    client = app.test_client()

    data = client.get("/offset?limit=4&offset=4").json

    assert (names(data), data["totalItems"]) == ("BBCC", 9)
    # lazy collections load while the items are dumped
    assert all(len(item["volumes"]) == 2 for item in data["items"])
    assert data["links"]["next"] == "/offset?offset=8&limit=4"
    assert names(client.get("/offset?sort=-name&limit=4").json) == "CCCB"


def test_cursors_in_async_views(app):
    client = app.test_client()

    found, url = "", "/cursor?limit=4"
    while url:
        data = client.get(url).json
        assert data["totalItems"] == 9
        found += names(data)
        url = data["links"].get("next")

    assert found == "AAABBBCCC"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/offset", "limit=-1"),
        ("/offset", "sort=id"),
        ("/cursor", "cursor=x"),
        ("/cursor", "limit=0"),
    ],
)
def test_bad_requests_in_async_views(app, engine, path, asked):
    seen = []

    def note(*_):
        seen.append("connected")

    event.listen(engine.sync_engine, "connect", note)
    answer = app.test_client().get(f"{path}?{asked}")

    assert answer.status_code == 422
    assert answer.json["_errors"][0].startswith(asked.split("=")[0])
    event.remove(engine.sync_engine, "connect", note)
    assert not seen


def test_pages_at_the_same_time(app, engine):
    async def page(offset):
        async with AsyncSession(engine) as session:
            result = await apaginated(SHELVES, ShelfSchema, offset, 2, session=session)
            return names(result.data)

    async def all_pages():
        return await asyncio.gather(*map(page, range(0, 9, 2)))

    assert asyncio.run(all_pages()) == ["AA", "AB", "BB", "CC", "C"]


def test_all_counts_and_options(engine):
    async def page(**options):
        async with AsyncSession(engine) as session:
            result = await apaginated(
                SHELVES, ShelfSchema, 2, 3, session=session, **options
            )
            return result.data

    exact = asyncio.run(page())
    assert (names(exact), exact["totalItems"]) == ("ABB", 9)
    for count in ("none", "capped", "estimated", "window"):
        data = asyncio.run(page(count=count, deep="deferred"))
        assert data["items"] == exact["items"]
        assert data.get("hasMore", True)
    assert asyncio.run(page(total=lambda: 77))["totalItems"] == 77


def test_a_scoped_session(engine):
    async def page():
        sessions = async_scoped_session(
            async_sessionmaker(engine), scopefunc=asyncio.current_task
        )
        try:
            one = await apaginated(SHELVES, ShelfSchema, 0, 3, session=sessions)
            two = await acursor_paginated(
                select(Shelf).order_by(Shelf.name),
                ShelfSchema,
                limit=3,
                session=sessions,
                secret="s",
            )
        finally:
            await sessions.remove()
        return names(one.data), names(two.data)

    assert asyncio.run(page()) == ("AAA", "AAA")


def test_the_core_runs_in_async_sessions(engine):
    async def page():
        async with AsyncSession(engine) as session:
            rows = await session.run_sync(fetch_offset, SHELVES, offset=8, limit=5)
            keyset = await session.run_sync(
                lambda sync: fetch_keyset(
                    sync, select(Shelf).order_by(Shelf.name), secret="s", limit=4
                )
            )
            return rows.total, len(rows.items), len(keyset.items), bool(keyset.next)

    assert asyncio.run(page()) == (9, 1, 4, True)


@pytest.mark.parametrize("paginate", [apaginated, acursor_paginated])
def test_a_synchronous_session_is_refused(paginate):
    with Session() as session, pytest.raises(TypeError, match="AsyncSession"):
        asyncio.run(paginate(SHELVES, ShelfSchema, session=session))


@pytest.mark.parametrize("paginate", [paginated, cursor_paginated])
def test_an_async_session_is_refused_elsewhere(engine, paginate):
    session = AsyncSession(engine)

    with pytest.raises(TypeError, match=r"apaginated\(\)"):
        paginate(SHELVES, ShelfSchema, session=session)

    asyncio.run(session.close())
