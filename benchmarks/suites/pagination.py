"""twopi-pagination beside its peers and code by hand, on a million rows.

SQLite always takes part, PostgreSQL and MariaDB where ``TWOPI_TEST_POSTGRES_URL`` and
``TWOPI_TEST_MARIADB_URL`` name a database. The table is made once and kept. All
subjects open a session, fetch 20 rows, and dump them; all by cursor make the cursor of
the next page, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns, process_time_ns
from typing import Any

import fastapi_pagination
import sqlakeyset
import sqlalchemy as sa
from fastapi_pagination import cursor as fastapi_cursor
from fastapi_pagination.customization import CustomizedPage, UseIncludeTotal
from fastapi_pagination.ext.sqlalchemy import paginate as fastapi_paginate
from flask import Flask
from flask_sqlalchemy.pagination import SelectPagination
from marshmallow import Schema, fields
from sqlalchemy import orm

from benchmarks.cases import Bar, Case, Subject, Suite
from benchmarks.million import ROWS, Event, engines
from twopi_pagination import cursor_paginated, paginated
from twopi_schemas import compiled

SIZE = 20
DEPTHS = [0, 100_000, 250_000, 500_000, 750_000, 990_000]
Page = list[dict[str, Any]]


class EventSchema(Schema):
    """What is sent of an event."""

    id = fields.Integer()
    created = fields.DateTime()
    category = fields.Integer()
    title = fields.String()
    amount = fields.Integer()
    note = fields.String()


dumped = partial(compiled(EventSchema).dump, many=True)
ORDERED = sa.select(Event).order_by(Event.created, Event.id)
WithoutTotal = CustomizedPage[fastapi_cursor.CursorPage[Any], UseIncludeTotal(False)]


class List:
    """All events on one database, and the ways to get pages of them."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.is_mysql = engine.dialect.name == "mysql"
        # SQLite works in this process
        is_here = engine.dialect.name == "sqlite"
        self.clock = process_time_ns if is_here else perf_counter_ns

    def place(self, depth: int) -> tuple[Any, int]:
        """Return the time and number of the last row before the page."""
        with orm.Session(self.engine) as session:
            row = session.get_one(Event, depth)
            return row.created, row.id

    def by_hand(self, depth: int) -> Callable[[], Page]:
        """Fetch entities by a condition that the database finds an index for."""
        created, number = self.place(depth)

        def run() -> Page:
            statement = sa.select(Event).where(self.after(created, number))
            statement = statement.order_by(Event.created, Event.id).limit(SIZE + 1)
            with orm.Session(self.engine) as session:
                rows = session.scalars(statement).all()
                return dumped(rows[:SIZE])

        return run

    def core(self, depth: int) -> Callable[[], Page]:
        """Fetch rows by SQLAlchemy without entities."""
        created, number = self.place(depth)
        columns = list(Event.__table__.c)

        def run() -> Page:
            statement = sa.select(*columns).where(self.after(created, number))
            statement = statement.order_by(Event.created, Event.id).limit(SIZE + 1)
            with self.engine.connect() as connection:
                rows = connection.execute(statement).all()
                return dumped([row._mapping for row in rows[:SIZE]])  # noqa: SLF001

        return run

    def dbapi(self, depth: int) -> Callable[[], Page]:
        """Run SQL text, and build the result by hand."""
        created, number = self.place(depth)
        statement = sa.select(*Event.__table__.c).where(self.after(created, number))
        statement = statement.order_by(Event.created, Event.id).limit(SIZE + 1)
        names = [column.name for column in Event.__table__.c]
        engine, dialect = self.engine, self.engine.dialect
        compiled_ = statement.compile(
            engine, compile_kwargs={"render_postcompile": True}
        )
        text = compiled_.string
        known: Any = compiled_.params
        if dialect.name == "sqlite":
            known = {**known, "created_1": str(created)}
        if dialect.positional:
            known = tuple(known[name] for name in compiled_.positiontup or ())

        def run() -> Page:
            connection = engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(text, known)
                rows = cursor.fetchall()[:SIZE]
                page = [dict(zip(names, row, strict=True)) for row in rows]
                for row in page:
                    row["created"] = str(row["created"]).replace(" ", "T")
                return page
            finally:
                connection.close()

        return run

    def after(self, created: Any, number: int) -> sa.ColumnElement[bool]:
        """Return the condition that this database uses the index for."""
        if self.is_mysql:
            return sa.and_(
                Event.created >= created,
                sa.or_(Event.created > created, Event.id > number),
            )
        return sa.tuple_(Event.created, Event.id) > (created, number)

    def cursor(self, depth: int) -> Callable[[], Page]:
        """Fetch a page by our cursor, made on the page before."""
        at = None
        if depth:
            # the first page of this list ends with the row before the place
            created, number = self.place(depth)
            rest = ORDERED.where(Event.created >= created)
            ties = rest.where(Event.created == created, Event.id <= number)
            with orm.Session(self.engine) as session:
                size = len(session.scalars(ties).all())
                before = cursor_paginated(
                    rest, EventSchema, limit=size, session=session
                )
            at = before.data["next"]

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with orm.Session(self.engine) as session:
                page = cursor_paginated(
                    statement, EventSchema, cursor=at, limit=SIZE, session=session
                )
                return page.data["items"]

        return run

    def get_page(self, depth: int) -> Callable[[], Page]:
        """Fetch a page by sqlakeyset, of a Query."""
        after = self.place(depth) if depth else None

        def run() -> Page:
            with orm.Session(self.engine) as session:
                query = session.query(Event).order_by(Event.created, Event.id)
                page = sqlakeyset.get_page(query, per_page=SIZE, after=after)
                assert page.paging.bookmark_next  # noqa: S101
                return dumped(page)

        return run

    def select_page(self, depth: int) -> Callable[[], Page]:
        """Fetch a page by sqlakeyset, of a select()."""
        after = self.place(depth) if depth else None

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with orm.Session(self.engine) as session:
                page = sqlakeyset.select_page(
                    session, statement, per_page=SIZE, after=after
                )
                assert page.paging.bookmark_next  # noqa: S101
                return dumped([row[0] for row in page])

        return run

    def fastapi_cursor(self, depth: int) -> Callable[[], Page]:
        """Fetch a page by fastapi-pagination's cursor, told not to count."""
        bookmark = sqlakeyset.serialize_bookmark((self.place(depth), False))
        params = WithoutTotal.__params_type__(
            cursor=fastapi_cursor.encode_cursor(bookmark), size=SIZE
        )

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with (
                orm.Session(self.engine) as session,
                fastapi_pagination.set_page(WithoutTotal),
            ):
                page = fastapi_paginate(session, statement, params=params)
                return dumped(page.items)

        return run

    def offset(self, depth: int, count: str = "none") -> Callable[[], Page]:
        """Fetch a page by our offset."""

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with orm.Session(self.engine) as session:
                page = paginated(
                    statement, EventSchema, depth, SIZE, session=session, count=count
                )
                assert page.data["totalItems"] in {None, 10_000, ROWS}  # noqa: S101
                return page.data["items"]

        return run

    def counted_by_hand(self) -> Page:
        """Count, and fetch the first page of entities."""
        with orm.Session(self.engine) as session:
            total = session.scalar(sa.select(sa.func.count()).select_from(Event))
            assert total == ROWS  # noqa: S101
            statement = sa.select(Event).order_by(Event.created, Event.id)
            return dumped(session.scalars(statement.limit(SIZE)).all())

    def flask_sqlalchemy(self, depth: int, *, count: bool) -> Callable[[], Page]:
        """Fetch a page by Flask-SQLAlchemy."""

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with orm.Session(self.engine) as session:
                page = SelectPagination(
                    select=statement,
                    session=session,
                    page=depth // SIZE + 1,
                    per_page=SIZE,
                    count=count,
                )
                return dumped(page.items)

        return run

    def fastapi_offset(self, depth: int) -> Callable[[], Page]:
        """Fetch a page by fastapi-pagination's offset, which counts."""
        params = fastapi_pagination.LimitOffsetParams(offset=depth, limit=SIZE)

        def run() -> Page:
            statement = sa.select(Event).order_by(Event.created, Event.id)
            with (
                orm.Session(self.engine) as session,
                fastapi_pagination.set_page(fastapi_pagination.LimitOffsetPage[Any]),
            ):
                return dumped(fastapi_paginate(session, statement, params=params).items)

        return run


def by_cursor(name: str, events: List, depth: int) -> list[Case]:
    """Fetch the page after *depth* rows."""
    hand = {
        "ORM by hand": events.by_hand(depth),
        "Core by hand": events.core(depth),
        "raw DBAPI": events.dbapi(depth),
    }
    ours = {"cursor_paginated": events.cursor(depth)}
    first = {"cursor_paginated, page 1": events.cursor(0)}
    peers = {
        "get_page": events.get_page(depth),
        "select_page": events.select_page(depth),
        "fastapi-pagination": events.fastapi_cursor(depth),
    }
    bars = [
        Bar("cursor_paginated", "ORM by hand", 1.5),
        Bar("cursor_paginated", "cursor_paginated, page 1", 1.3),
    ]
    title = f"20 rows after {depth:,}"
    if not events.is_mysql:
        bars += [Bar("cursor_paginated", peer, 1) for peer in peers]
        return [
            _case(events, f"{name} {depth}", title, hand | ours | first | peers, bars)
        ]
    slow = [Bar("cursor_paginated", peer, 1 / 100) for peer in peers]
    return [
        _case(events, f"{name} {depth}", title, hand | ours | first, bars),
        _case(events, f"{name} {depth} peers", title, ours | peers, slow, rounds=10),
    ]


def counted(name: str, events: List) -> Case:
    """Fetch the first page and the number of all rows."""
    return _case(
        events,
        f"{name} counted",
        "the first 20 rows, and how many there are",
        {
            "count + ORM by hand": events.counted_by_hand,
            "paginated": events.offset(0, count="exact"),
            "paginated, capped": events.offset(0, count="capped"),
            "Flask-SQLAlchemy": events.flask_sqlalchemy(0, count=True),
            "fastapi-pagination": events.fastapi_offset(0),
        },
        [Bar("paginated", "count + ORM by hand", 1.1)],
        rounds=60,
    )


def at_depth(name: str, events: List, depth: int) -> Case:
    """Fetch a page for the picture of time against depth."""
    return _case(
        events,
        f"{name} depth {depth}",
        f"20 rows after {depth:,}, by offset and by cursor",
        {
            "cursor_paginated": events.cursor(depth),
            "sqlakeyset": events.select_page(depth),
            "paginated": events.offset(depth),
            "Flask-SQLAlchemy": events.flask_sqlalchemy(depth, count=False),
        },
        rounds=7,
    )


def _case(
    events: List,
    name: str,
    title: str,
    runs: dict[str, Callable[[], Page]],
    bars: Sequence[Bar] = (),
    rounds: int | None = None,
) -> Case:
    def check() -> None:
        pages = {subject: run() for subject, run in runs.items()}
        first = pages.pop("cursor_paginated, page 1", None)
        assert first is None or first[0]["id"] == 1  # noqa: S101
        for one, other in itertools.pairwise(pages.values()):
            assert one == other  # noqa: S101
            assert len(one) == SIZE  # noqa: S101

    subjects = {subject: Subject(run) for subject, run in runs.items()}
    return Case(name, title, subjects, check, bars, events.clock, rounds)


def suite() -> Suite:
    """Return the suite."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "signs the cursors"  # noqa: S105
    app.app_context().push()
    cases: list[Case] = []
    for name, engine in engines().items():
        events = List(engine)
        cases += by_cursor(name, events, 500_000)
        cases += by_cursor(name, events, 990_000)
        cases.append(counted(name, events))
        cases += [at_depth(name, events, depth) for depth in DEPTHS]
    return Suite(
        "pagination",
        cases,
        [
            "twopi-pagination",
            "sqlalchemy",
            "sqlakeyset",
            "fastapi-pagination",
            "flask-sqlalchemy",
            "psycopg",
            "pymysql",
        ],
    )
