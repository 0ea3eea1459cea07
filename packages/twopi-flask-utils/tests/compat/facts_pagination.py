"""Pages, by `twopi_flask_utils.pagination`."""

from flask import Flask, jsonify, request
from marshmallow import Schema, fields
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import sessionmaker

from compat.kit import answer, fact
from twopi_flask_utils.pagination import paginated, pagination_args
from twopi_flask_utils.webargs import parser, use_args

try:
    from sqlalchemy.orm import declarative_base
except ImportError:
    from sqlalchemy.ext.declarative import declarative_base

Base = declarative_base()


class Plant(Base):
    __tablename__ = "plant"
    id = Column(Integer, primary_key=True)
    name = Column(String(20))


class Leaf(Base):
    __tablename__ = "leaf"
    id = Column(Integer, primary_key=True)
    plant_id = Column(ForeignKey("plant.id"))


class SchemaOfTheFacts(Schema):
    id = fields.Integer()
    name = fields.String()


def database():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    session = sessionmaker(bind=engine)()
    session.add_all(Plant(id=n + 1, name="plant %d" % n) for n in range(45))
    session.add_all(Leaf(id=n + 1, plant_id=1) for n in range(6))
    session.commit()
    return engine, session


def paged(
    query=None, schema=SchemaOfTheFacts, url="/", send=None, method="get", args=()
):
    engine, session = database()
    options = dict(args)

    def view():
        rows = (query or ordered)(session)
        page = paginated(rows, schema, **options).data
        page = dict(page, items=[len(page["items"]), (page["items"] or [None])[0]])
        return jsonify(page)

    app = Flask("shop")
    app.add_url_rule("/", "view", view, methods=["GET", "POST"])
    try:
        return answer(getattr(app.test_client(), method)(url, **(send or {})))
    finally:
        session.close()
        engine.dispose()


def ordered(session):
    return session.query(Plant).order_by(Plant.id)


for _query in [
    "",
    "offset=5&limit=3",
    "limit=30",
    "limit=0",
    "limit=-1",
    "offset=-1",
    "limit=x",
    "limit=",
    "limit=2.5",
    "limit=200",
    "offset=100",
    "z=1",
    "limit=1&limit=2",
    "limit=%203",
    "limit=%2B3",
    "limit=03",
]:

    @fact("?" + _query)
    def _(query=_query):
        return paged(url="/?" + query)


for _args in [
    {"offset": 1, "limit": 2},
    {"limit": 2},
    {"offset": 2},
    {"limit": 0},
    {"limit": 200},
    {"limit": -1},
    {"offset": -1},
    {"limit": "3", "offset": "0"},
    {"limit": "3"},
    {"limit": 3.0},
]:

    @fact("arguments {}".format(sorted(_args.items())))
    def _(args=_args):
        return paged(url="/?offset=4&limit=4", args=args)


for _name, _schema in [
    ("an instance", SchemaOfTheFacts()),
    ("an instance of many", SchemaOfTheFacts(many=True)),
    ("an instance with only", SchemaOfTheFacts(only=("id",))),
    ("a name", "SchemaOfTheFacts"),
]:

    @fact("schema: " + _name)
    def _(schema=_schema):
        return paged(schema=schema)


JSON = "application/json"
for _name, _options in [
    ("a form", {"data": {"limit": "3"}}),
    ("JSON", {"data": '{"limit": 3}', "content_type": JSON}),
    ("JSON, text", {"data": '{"limit": "3", "offset": "2"}', "content_type": JSON}),
    ("JSON that is broken", {"data": "{", "content_type": JSON}),
    ("JSON that is a list", {"data": "[]", "content_type": JSON}),
    ("a form, but the query", {"data": {"limit": "3"}, "query_string": "limit=5"}),
    ("a form, wrong", {"data": {"limit": "x"}}),
    ("both", {"data": {"limit": "3"}, "query_string": "offset=5"}),
]:

    @fact("POST, numbers in " + _name)
    def _(options=_options):
        return paged(send=dict(options), method="post")


@fact("a result is a pair")
def _():
    engine, session = database()
    with Flask("shop").test_request_context("/"):
        data, errors = paginated(ordered(session), SchemaOfTheFacts)
    session.close()
    engine.dispose()
    return [sorted(data), errors]


@fact("a result has data and errors, and data is a dict")
def _():
    engine, session = database()
    with Flask("shop").test_request_context("/"):
        page = paginated(ordered(session), SchemaOfTheFacts)
    session.close()
    engine.dispose()
    return [page.data["totalItems"], page.errors, isinstance(page.data, dict)]


@fact("the class of a result")
def _():
    engine, session = database()
    name = type(paginated(ordered(session), SchemaOfTheFacts, 0, 2)).__name__
    session.close()
    engine.dispose()
    return name


@fact("without a request")
def _():
    engine, session = database()
    try:
        return paginated(ordered(session), SchemaOfTheFacts, 0, 2).data
    finally:
        session.close()
        engine.dispose()


@fact("without a request, text")
def _():
    engine, session = database()
    try:
        return paginated(ordered(session), SchemaOfTheFacts, "0", "2").data
    finally:
        session.close()
        engine.dispose()


def joined(session):
    return ordered(session).join(Leaf, Leaf.plant_id == Plant.id)


for _name, _rows in [
    ("a join that repeats rows", joined),
    ("distinct", lambda s: joined(s).distinct()),
    ("columns", lambda s: s.query(Plant.id, Plant.name).order_by(Plant.id)),
    ("no order", lambda s: s.query(Plant)),
    ("a limit of its own", lambda s: ordered(s).limit(5)),
    ("a filter", lambda s: ordered(s).filter(Plant.id > 40)),
    ("no rows", lambda s: ordered(s).filter(Plant.id > 400)),
]:

    @fact("a query with " + _name)
    def _(rows=_rows):
        return paged(rows)


class Rows(list):
    """What some tests pass in place of a query."""

    def limit(self, number):
        return Rows(self[:number])

    def offset(self, number):
        return Rows(self[number:])

    def count(self):
        return len(self)


@fact("a stand-in for a query")
def _():
    return paged(lambda _: Rows([Plant(id=1, name="rose")]))


@fact("pagination_args")
def _():
    with Flask("shop").test_request_context("/?limit=5"):
        return parser.parse(pagination_args, request)


@fact("pagination_args and more")
def _():
    app = Flask("shop")
    names = dict(pagination_args, name=fields.String())
    app.add_url_rule("/", "view", use_args(names)(lambda args: jsonify(args)))
    return answer(app.test_client().get("/?offset=3&name=rose"))
