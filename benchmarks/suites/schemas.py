"""twopi-schemas beside marshmallow, pydantic, msgspec and code written by hand."""

# ruff: noqa: D101, D106 - the classes of a case are its data

from __future__ import annotations

import datetime as dt
import decimal
import gc
import tracemalloc
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import pydantic
import sqlalchemy as sa
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import orm

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_schemas import compiled
from twopi_schemas.schema import CompiledSchema

# Five claims of a token


class Claims(Schema):
    class Meta:
        unknown = EXCLUDE

    iss = fields.String()
    sub = fields.String()
    scopes = fields.List(fields.String())
    iat = fields.Integer()
    exp = fields.Integer()


class ClaimsStruct(msgspec.Struct):
    iss: str
    sub: str
    scopes: list[str]
    iat: int
    exp: int


class ClaimsModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    iss: str
    sub: str
    scopes: list[str]
    iat: int
    exp: int


CLAIMS = {
    "iss": "https://id.example",
    "sub": "4711",
    "scopes": ["read", "write", "admin"],
    "iat": 1795372201,
    "exp": 1795375801,
}


def claims() -> Case:
    """Load the claims of a token."""
    schema = Claims()
    ours, watched = compiled(Claims), compiled(Claims())

    def check() -> None:
        same(schema, ours, CLAIMS, [{**CLAIMS, "sub": 5}, {**CLAIMS, "scopes": [1]}])
        same(schema, watched, CLAIMS, [{**CLAIMS, "exp": "x"}])
        same(schema, ours, {"sub": "1", "other": 1}, [None, [], {"iss": None}])

    return Case(
        "claims",
        "load five token claims",
        {
            "Schema.load": Subject(lambda: schema.load(CLAIMS)),
            "compiled(class)": Subject(lambda: ours.load(CLAIMS)),
            "compiled(instance)": Subject(lambda: watched.load(CLAIMS)),
            "pydantic": Subject(
                lambda: ClaimsModel.model_validate(CLAIMS).model_dump()
            ),
            "msgspec": Subject(lambda: msgspec.convert(CLAIMS, ClaimsStruct)),
        },
        check,
        [Bar("compiled(class)", "Schema.load", 1 / 10)],
    )


# A request body


class Line(Schema):
    sku = fields.String(required=True)
    quantity = fields.Integer(load_default=1)
    price = fields.Decimal(places=2)


class Order(Schema):
    number = fields.String(required=True, validate=validate.Length(min=3, max=20))
    customer = fields.UUID(required=True)
    email = fields.Email()
    placed = fields.DateTime()
    priority = fields.Integer(validate=validate.Range(min=0, max=9))
    currency = fields.String(validate=validate.OneOf(["EUR", "USD", "NZD"]))
    discount = fields.Float()
    gift = fields.Boolean(load_default=False)
    note = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(Line))


ORDER = {
    "number": "A-1001",
    "customer": "12345678-1234-5678-1234-567812345678",
    "email": "jo@shop.example",
    "placed": "2026-11-22T18:30:00+00:00",
    "priority": 3,
    "currency": "NZD",
    "discount": 0.1,
    "gift": True,
    "note": None,
    "lines": [
        {"sku": "tea", "quantity": 2, "price": "4.50"},
        {"sku": "cup", "price": "12.00"},
        {"sku": "pot", "quantity": 1, "price": "39.90"},
    ],
}


def body() -> Case:
    """Load the body of a request."""
    schema, ours = Order(), compiled(Order)
    bad: list[Any] = [
        {**ORDER, "priority": 10},
        {**ORDER, "lines": [{"sku": 1}]},
        {**ORDER, "more": 1},
        {**ORDER, "email": "jo"},
    ]

    return Case(
        "body",
        "load ten fields, three validators, one nested list of three",
        {
            "Schema.load": Subject(lambda: schema.load(ORDER)),
            "compiled": Subject(lambda: ours.load(ORDER)),
            "Schema.load, bad": Subject(lambda: refused(schema, bad[0])),
            "compiled, bad": Subject(lambda: refused(ours, bad[0])),
        },
        lambda: same(schema, ours, ORDER, bad),
        [Bar("compiled", "Schema.load", 1 / 4)],
    )


# A page of entities


class Base(orm.DeclarativeBase):
    """The mapped classes."""


class Owner(Base):
    __tablename__ = "owner"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]


class Thing(Base):
    __tablename__ = "thing"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    active: orm.Mapped[bool]
    created: orm.Mapped[dt.datetime]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    key: orm.Mapped[uuid.UUID]
    owner_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("owner.id"))
    owner: orm.Mapped[Owner] = orm.relationship()


class OwnerSchema(Schema):
    id = fields.Integer()
    name = fields.String()


class ThingSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    active = fields.Boolean()
    created = fields.DateTime()
    price = fields.Decimal(as_string=True)
    key = fields.UUID()
    owner = fields.Nested(OwnerSchema)


class OwnerModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(from_attributes=True)
    id: int
    name: str


class ThingModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(from_attributes=True)
    id: int
    name: str
    active: bool
    created: dt.datetime
    price: decimal.Decimal
    key: uuid.UUID
    owner: OwnerModel


class OwnerStruct(msgspec.Struct):
    id: int
    name: str


class ThingStruct(msgspec.Struct):
    id: int
    name: str
    active: bool
    created: dt.datetime
    price: decimal.Decimal
    key: uuid.UUID
    owner: OwnerStruct


def by_hand(things: Sequence[Thing]) -> list[dict[str, Any]]:
    """Write out what the schema does."""
    return [
        {
            "id": thing.id,
            "name": thing.name,
            "active": thing.active,
            "created": thing.created.isoformat(),
            "price": format(thing.price, "f"),
            "key": str(thing.key),
            "owner": {"id": thing.owner.id, "name": thing.owner.name},
        }
        for thing in things
    ]


def entities() -> list[Thing]:
    """Return 100 loaded entities."""
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    start = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC).replace(tzinfo=None)
    session = orm.Session(engine)
    owners = [Owner(name=f"owner {number}") for number in range(5)]
    session.add_all(
        Thing(
            name=f"thing {number}",
            active=bool(number % 2),
            created=start + dt.timedelta(minutes=number, microseconds=number),
            price=decimal.Decimal(number) / 4,
            key=uuid.UUID(int=number),
            owner=owners[number % 5],
        )
        for number in range(100)
    )
    session.commit()
    wanted = sa.select(Thing).options(orm.joinedload(Thing.owner))
    found = list(session.scalars(wanted))
    session.expunge_all()
    return found


def page() -> Case:
    """Dump a page of entities."""
    things = entities()
    schema, ours = ThingSchema(many=True), compiled(ThingSchema, many=True)
    rows = [tuple_of(thing) for thing in things]
    model = pydantic.TypeAdapter(list[ThingModel])
    hand = by_hand(things)

    def with_pydantic() -> Any:
        return [ThingModel.model_validate(thing).model_dump() for thing in things]

    def with_adapter() -> Any:
        return model.dump_python(model.validate_python(things, from_attributes=True))

    def with_msgspec() -> Any:
        structs = msgspec.convert(things, list[ThingStruct], from_attributes=True)
        return msgspec.to_builtins(structs)

    def check() -> None:
        assert schema.dump(things) == ours.dump(things) == hand  # noqa: S101
        assert list(ours.dump(things)[0]) == list(hand[0])  # noqa: S101
        assert schema.dump(rows) == ours.dump(rows) == hand  # noqa: S101
        plain = [thing.id for thing in things]
        for other in (with_pydantic(), with_adapter(), with_msgspec()):
            assert [each["id"] for each in other] == plain  # noqa: S101

    return Case(
        "page",
        "dump 100 SQLAlchemy entities of seven fields, one nested",
        {
            "Schema.dump": Subject(lambda: schema.dump(things)),
            "compiled": Subject(lambda: ours.dump(things)),
            "by hand": Subject(lambda: by_hand(things)),
            "pydantic": Subject(with_pydantic),
            "pydantic, one adapter": Subject(with_adapter),
            "msgspec": Subject(with_msgspec),
        },
        check,
        [
            Bar("compiled", "Schema.dump", 1 / 3),
            Bar("compiled", "by hand", 1.5),
            Bar("compiled", "pydantic", 1),
            Bar("compiled", "pydantic, one adapter", 1),
        ],
    )


def tuple_of(thing: Thing) -> dict[str, Any]:
    """Return an entity as a mapping."""
    return {name: getattr(thing, name) for name in ThingSchema._declared_fields}  # noqa: SLF001


# What compiling costs


def compiling(name: str, schema: type[Schema], data: Any) -> Case:
    """Compile both ways, beside making the schema."""

    def used() -> Schema:
        instance = schema()
        instance.load(data)
        return instance

    def for_load(instance: Schema) -> CompiledSchema:
        subject = CompiledSchema(instance, watched=True)
        subject._load_program(instance.unknown, None)  # noqa: SLF001
        return subject

    def for_dump(instance: Schema) -> None:
        CompiledSchema(instance, watched=True)._dump_program()  # noqa: SLF001

    return Case(
        f"compiling {name}",
        "compile a schema when it is first used, beside making one",
        {
            "Schema()": Subject(schema),
            "for load": Subject(for_load, used),
            "for dump": Subject(for_dump, used),
            "for both": Subject(lambda made: for_load(made)._dump_program(), used),  # noqa: SLF001
        },
        lambda: same(schema(), compiled(schema), data, []),
        [Bar("for both", "Schema()", 3)],
    )


def memory() -> list[str]:
    """Say what a compiled schema takes, beside the schema itself."""
    notes = []
    for schema in (Claims, Order, ThingSchema):
        made = _bytes(lambda schema=schema: schema())
        both = _bytes(lambda schema=schema: _ready(schema))
        notes.append(
            f"memory: {schema.__name__}() {made / 1024:.1f} KiB, "
            f"compiled for load and dump {(both - made) / 1024:.1f} KiB more"
        )
    return notes


def _ready(schema: type[Schema]) -> CompiledSchema:
    subject = CompiledSchema(schema(), watched=True)
    subject._load_program(subject._schema.unknown, None)  # noqa: SLF001
    subject._dump_program()  # noqa: SLF001
    return subject


def _bytes(make: Any, count: int = 100) -> float:
    make()
    gc.collect()
    tracemalloc.start()
    kept = [make() for _ in range(count)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(kept)


# Gates


def same(schema: Schema, subject: CompiledSchema, good: Any, bad: list[Any]) -> None:
    """Raise if the compiled schema loads anything in another way."""
    assert repr(subject.load(good)) == repr(schema.load(good))  # noqa: S101
    for each in bad:
        assert refused(subject, each) == refused(schema, each)  # noqa: S101


def refused(subject: Any, data: Any) -> Any:
    """Return the messages of the error that loading *data* raises."""
    try:
        return subject.load(data)
    except ValidationError as error:
        return error.messages


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "schemas",
        [
            claims(),
            body(),
            page(),
            compiling("claims", Claims, CLAIMS),
            compiling("body", Order, ORDER),
        ],
        ["twopi-schemas", "marshmallow", "sqlalchemy", "pydantic", "msgspec"],
        memory,
    )
