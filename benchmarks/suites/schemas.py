"""twopi-schemas beside marshmallow, its peers, and code written by hand.

A body that is loaded many times is loaded by one object; that object is compiled from
a class unless the name of the subject says otherwise.
"""

# ruff: noqa: D101, D106 - the classes of a case are its data

from __future__ import annotations

import datetime as dt
import decimal
import gc
import subprocess
import sys
import tracemalloc
import types
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Literal

import attrs
import cattrs
import msgspec
import pydantic
import sqlalchemy as sa
from deepfriedmarshmallow import deep_fry_schema_object
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import orm

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_schemas import compiled, tiers
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


@attrs.define
class ClaimsAttrs:
    iss: str
    sub: str
    scopes: list[str]
    iat: int
    exp: int


def claims_by_hand(data: Any) -> dict[str, Any]:  # noqa: C901, PLR0912 - unrolled
    """Write out what the schema does, in the way that is fastest."""
    if type(data) is not dict:
        raise ValidationError("Invalid input type.")
    result: dict[str, Any] = {}
    if "iss" in data:
        iss = data["iss"]
        if type(iss) is not str:
            raise ValidationError("Not a valid string.", "iss")
        result["iss"] = iss
    if "sub" in data:
        sub = data["sub"]
        if type(sub) is not str:
            raise ValidationError("Not a valid string.", "sub")
        result["sub"] = sub
    if "scopes" in data:
        scopes = data["scopes"]
        if type(scopes) is not list:
            raise ValidationError("Not a valid list.", "scopes")
        for scope in scopes:
            if type(scope) is not str:
                raise ValidationError("Not a valid string.", "scopes")
        result["scopes"] = scopes[:]
    if "iat" in data:
        iat = data["iat"]
        if type(iat) is not int:
            raise ValidationError("Not a valid integer.", "iat")
        result["iat"] = iat
    if "exp" in data:
        exp = data["exp"]
        if type(exp) is not int:
            raise ValidationError("Not a valid integer.", "exp")
        result["exp"] = exp
    return result


def warm(subject: Any, data: Any = None, obj: Any = None) -> Any:
    """Call *subject* until its source is generated, and return it."""
    for _ in range(tiers.SOURCE_AFTER + 10):
        if data is not None:
            subject.load(data)
        if obj is not None:
            subject.dump(obj)
    return subject


def fried(schema: Schema) -> Schema:
    """Return *schema* as DeepFriedMarshmallow makes it."""
    deep_fry_schema_object(schema)
    return schema


def claims() -> Case:
    """Load the claims of a token."""
    schema = Claims()
    ours, watched = warm(compiled(Claims), CLAIMS), warm(compiled(Claims()), CLAIMS)
    deep = fried(Claims())
    converter = cattrs.Converter()
    load_struct = converter.get_structure_hook(ClaimsAttrs)

    def check() -> None:
        same(schema, ours, CLAIMS, [{**CLAIMS, "sub": 5}, {**CLAIMS, "scopes": [1]}])
        same(schema, watched, CLAIMS, [{**CLAIMS, "exp": "x"}])
        same(schema, ours, {"sub": "1", "other": 1}, [None, [], {"iss": None}])
        good = schema.load(CLAIMS)
        assert claims_by_hand(CLAIMS) == deep.load(CLAIMS) == good  # noqa: S101
        made = load_struct(CLAIMS, ClaimsAttrs)
        assert attrs.asdict(made) == good  # noqa: S101

    return Case(
        "claims",
        "load five token claims",
        {
            "Schema.load": Subject(lambda: schema.load(CLAIMS)),
            "compiled(class)": Subject(lambda: ours.load(CLAIMS)),
            "compiled(instance)": Subject(lambda: watched.load(CLAIMS)),
            "by hand": Subject(lambda: claims_by_hand(CLAIMS)),
            "attrs by hand": Subject(lambda: ClaimsAttrs(**claims_by_hand(CLAIMS))),
            "pydantic": Subject(
                lambda: ClaimsModel.model_validate(CLAIMS).model_dump()
            ),
            "pydantic, the object": Subject(lambda: ClaimsModel.model_validate(CLAIMS)),
            "cattrs": Subject(lambda: load_struct(CLAIMS, ClaimsAttrs)),
            "msgspec": Subject(lambda: msgspec.convert(CLAIMS, ClaimsStruct)),
            "DeepFriedMarshmallow": Subject(lambda: deep.load(CLAIMS)),
        },
        check,
        [
            Bar("compiled(class)", "Schema.load", 0.045),
            Bar("compiled(class)", "by hand", 1.05),
            Bar("compiled(instance)", "Schema.load", 0.08),
            Bar("compiled(class)", "pydantic", 1),
            Bar("compiled(class)", "cattrs", 1),
        ],
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


def line_by_hand(data: Any) -> dict[str, Any]:
    """Write out what `Line` does."""
    if type(data) is not dict or len(data) > 3:
        raise ValidationError("Invalid input type.")
    result = {"sku": text(data["sku"])}
    result["quantity"] = data.get("quantity", 1)
    if type(result["quantity"]) is not int:
        raise ValidationError("Not a valid integer.")
    if "price" in data:
        price = decimal.Decimal(text(data["price"]))
        if not price.is_finite():
            raise ValidationError("Special numeric values are not permitted.")
        result["price"] = price.quantize(CENT)
    return result


CENT = decimal.Decimal("0.01")
NAMES = frozenset(Order._declared_fields)  # noqa: SLF001
CURRENCIES = ("EUR", "USD", "NZD")
CHECK_EMAIL = validate.Email()


def text(value: Any) -> Any:
    """Return *value* if it is a string."""
    if type(value) is not str:
        raise ValidationError("Not a valid string.")
    return value


def body_by_hand(data: Any) -> dict[str, Any]:  # noqa: C901, PLR0912 - unrolled
    """Write out what `Order` does."""
    if type(data) is not dict or not NAMES.issuperset(data):
        raise ValidationError("Unknown field.")
    result: dict[str, Any] = {"number": text(data["number"])}
    if not 3 <= len(result["number"]) <= 20:
        raise ValidationError("Length must be between 3 and 20.")
    result["customer"] = uuid.UUID(text(data["customer"]))
    if "email" in data:
        result["email"] = CHECK_EMAIL(text(data["email"]))
    if "placed" in data:
        result["placed"] = dt.datetime.fromisoformat(text(data["placed"]))
    if "priority" in data:
        priority = result["priority"] = data["priority"]
        if type(priority) is not int or not 0 <= priority <= 9:
            raise ValidationError("Must be between 0 and 9.")
    if "currency" in data:
        result["currency"] = text(data["currency"])
        if result["currency"] not in CURRENCIES:
            raise ValidationError("Must be one of: EUR, USD, NZD.")
    if "discount" in data:
        discount = result["discount"] = data["discount"]
        if type(discount) is not float or discount - discount != 0.0:
            raise ValidationError("Not a valid number.")
    result["gift"] = data.get("gift", False)
    if type(result["gift"]) is not bool:
        raise ValidationError("Not a valid boolean.")
    if "note" in data:
        note = data["note"]
        result["note"] = note if note is None else text(note)
    if "lines" in data:
        if type(data["lines"]) is not list:
            raise ValidationError("Not a valid list.")
        result["lines"] = [line_by_hand(line) for line in data["lines"]]
    return result


class LineModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    sku: str
    quantity: int = 1
    price: decimal.Decimal | None = None


class OrderModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    number: str = pydantic.Field(min_length=3, max_length=20)
    customer: uuid.UUID
    email: str | None = pydantic.Field(None, pattern=r"^[^@]+@[^@]+\.[^@]+$")
    placed: dt.datetime | None = None
    priority: int | None = pydantic.Field(None, ge=0, le=9)
    currency: Literal["EUR", "USD", "NZD"] | None = None
    discount: float | None = None
    gift: bool = False
    note: str | None = None
    lines: list[LineModel] = []


def body() -> Case:
    """Load the body of a request."""
    schema, ours = Order(), warm(compiled(Order), ORDER)
    watched, deep = warm(compiled(Order()), ORDER), fried(Order())
    bad: list[Any] = [
        {**ORDER, "priority": 10},
        {**ORDER, "lines": [{"sku": 1}]},
        {**ORDER, "more": 1},
        {**ORDER, "email": "jo"},
    ]

    def check() -> None:
        same(schema, ours, ORDER, bad)
        same(schema, watched, ORDER, bad)
        assert body_by_hand(ORDER) == schema.load(ORDER) == deep.load(ORDER)  # noqa: S101
        OrderModel.model_validate(ORDER)

    return Case(
        "body",
        "load ten fields, three validators, one nested list of three",
        {
            "Schema.load": Subject(lambda: schema.load(ORDER)),
            "compiled(class)": Subject(lambda: ours.load(ORDER)),
            "compiled(instance)": Subject(lambda: watched.load(ORDER)),
            "by hand": Subject(lambda: body_by_hand(ORDER)),
            "pydantic": Subject(lambda: OrderModel.model_validate(ORDER).model_dump()),
            "DeepFriedMarshmallow": Subject(lambda: deep.load(ORDER)),
            "Schema.load, bad": Subject(lambda: refused(schema, bad[0])),
            "compiled, bad": Subject(lambda: refused(ours, bad[0])),
        },
        check,
        [
            Bar("compiled(class)", "Schema.load", 0.16),
            Bar("compiled(class)", "by hand", 1.05),
            Bar("compiled(instance)", "Schema.load", 0.25),
        ],
    )


class Item(Schema):
    sku = fields.String(required=True)
    quantity = fields.Integer(load_default=1)


class Basket(Schema):
    number = fields.String(required=True)
    name = fields.String()
    city = fields.String()
    street = fields.String()
    note = fields.String()
    priority = fields.Integer()
    weight = fields.Float()
    gift = fields.Boolean()
    paid = fields.Boolean()
    items = fields.List(fields.Nested(Item))


BASKET = {
    "number": "A-1001",
    "name": "Jo",
    "city": "Wellington",
    "street": "1 Quay",
    "note": "ring twice",
    "priority": 3,
    "weight": 1.5,
    "gift": True,
    "paid": False,
    "items": [{"sku": "tea", "quantity": 2}, {"sku": "cup", "quantity": 1}],
}
BASKET_TYPES = {
    **dict.fromkeys(("number", "name", "city", "street", "note"), str),
    "priority": int,
    "weight": float,
    "gift": bool,
    "paid": bool,
    "items": list,
}


class ItemModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)
    sku: str
    quantity: int = 1


class BasketModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)
    number: str
    name: str
    city: str
    street: str
    note: str
    priority: int
    weight: float
    gift: bool
    paid: bool
    items: list[ItemModel]


def basket() -> Case:
    """Load a body whose values need no conversion: the cost is that of the loop."""
    schema, ours, deep = Basket(), warm(compiled(Basket), BASKET), fried(Basket())

    def check() -> None:
        bad = [{**BASKET, "more": 1}, {**BASKET, "items": [{"sku": "a", "b": 1}]}]
        same(schema, ours, BASKET, bad)
        assert deep.load(BASKET) == schema.load(BASKET)  # noqa: S101
        model = BasketModel.model_validate(BASKET).model_dump()
        assert model == schema.load(BASKET)  # noqa: S101

    return Case(
        "basket",
        "load ten plain fields, one nested list of two",
        {
            "Schema.load": Subject(lambda: schema.load(BASKET)),
            "compiled(class)": Subject(lambda: ours.load(BASKET)),
            "pydantic": Subject(
                lambda: BasketModel.model_validate(BASKET).model_dump()
            ),
            "DeepFriedMarshmallow": Subject(lambda: deep.load(BASKET)),
        },
        check,
        [
            Bar("compiled(class)", "Schema.load", 0.05),
            Bar("compiled(class)", "pydantic", 1),
        ],
    )


# Many rows, and one object


ROWS = [{**CLAIMS, "sub": str(number)} for number in range(300)]


def rows() -> Case:
    """Load and dump 300 mappings, by schemas with `many`."""
    schema = Claims(many=True)
    ours = warm(compiled(Claims, many=True), ROWS[:2], ROWS[:2])
    model = pydantic.TypeAdapter(list[ClaimsModel])

    def check() -> None:
        assert ours.load(ROWS) == schema.load(ROWS)  # noqa: S101
        assert list(map(claims_by_hand, ROWS)) == schema.load(ROWS)  # noqa: S101

    return Case(
        "rows",
        "load 300 mappings of five claims",
        {
            "Schema.load": Subject(lambda: schema.load(ROWS)),
            "compiled(class)": Subject(lambda: ours.load(ROWS)),
            "by hand": Subject(lambda: [claims_by_hand(row) for row in ROWS]),
            "pydantic": Subject(lambda: model.dump_python(model.validate_python(ROWS))),
        },
        check,
        [
            Bar("compiled(class)", "Schema.load", 0.05),
            Bar("compiled(class)", "by hand", 1.05),
        ],
        rounds=40,
    )


class Place(Schema):
    street = fields.String()
    city = fields.String()


class Person(Schema):
    id = fields.Integer()
    name = fields.String()
    email = fields.String()
    active = fields.Boolean()
    score = fields.Float()
    tags = fields.List(fields.String())
    born = fields.Date()
    place = fields.Nested(Place)


PERSON = types.SimpleNamespace(
    id=1,
    name="Ada",
    email="ada@shop.example",
    active=True,
    score=1.5,
    tags=["a", "b"],
    born=dt.date(1990, 5, 1),
    place=types.SimpleNamespace(street="1 Quay", city="Wellington"),
)
PEOPLE = [types.SimpleNamespace(**{**vars(PERSON), "id": n}) for n in range(300)]


def person_by_hand(person: Any) -> dict[str, Any]:
    """Write out what `Person` does to an object whose types are known."""
    place = person.place
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "active": person.active,
        "score": person.score,
        "tags": list(person.tags),
        "born": person.born.isoformat(),
        "place": {"street": place.street, "city": place.city},
    }


def dumps() -> list[Case]:
    """Dump one object, and 300 of them."""
    made = []
    for name, title, obj, many, limit in (
        ("dump", "dump one object of eight fields, one nested", PERSON, False, 0.16),
        (
            "dump rows",
            "dump 300 objects of eight fields, one nested",
            PEOPLE,
            True,
            0.12,
        ),
    ):
        schema = Person(many=many)
        ours = warm(compiled(Person, many=many), obj=obj)
        watched = warm(compiled(Person(many=many)), obj=obj)
        deep = fried(Person(many=many))
        hand: Callable[[Any], Any] = person_by_hand
        if many:
            hand = hand_rows

        def check(schema: Any = schema, all_of: Any = (ours, watched, deep)) -> None:
            value = PEOPLE if schema.many else PERSON
            for each in all_of:
                assert each.dump(value) == schema.dump(value)  # noqa: S101
            by_hand = hand_rows(value) if schema.many else person_by_hand(value)
            assert by_hand == schema.dump(value)  # noqa: S101

        made.append(
            Case(
                name,
                title,
                {
                    "Schema.dump": Subject(lambda s=schema, o=obj: s.dump(o)),
                    "compiled(class)": Subject(lambda s=ours, o=obj: s.dump(o)),
                    "compiled(instance)": Subject(lambda s=watched, o=obj: s.dump(o)),
                    "by hand": Subject(lambda h=hand, o=obj: h(o)),
                    "DeepFriedMarshmallow": Subject(lambda s=deep, o=obj: s.dump(o)),
                },
                check,
                [
                    Bar("compiled(class)", "Schema.dump", limit),
                    Bar("compiled(class)", "by hand", 1.3),
                    Bar("compiled(instance)", "Schema.dump", 0.25),
                ],
                rounds=40 if many else None,
            )
        )
    return made


def hand_rows(people: Any) -> list[Any]:
    """Write out what ``Person(many=True)`` does."""
    return [person_by_hand(each) for each in people]


def per_request() -> Case:
    """Make a schema for one request and use it once, as many applications do."""

    def plain() -> Any:
        return Person(only=("id", "name", "born")).dump(PERSON)

    def ours() -> Any:
        return compiled(Person(only=("id", "name", "born"))).dump(PERSON)

    def check() -> None:
        assert plain() == ours()  # noqa: S101

    return Case(
        "per request",
        "make a schema with only= and dump one object",
        {"Schema.dump": Subject(plain), "compiled(instance)": Subject(ours)},
        check,
        [Bar("compiled(instance)", "Schema.dump", 1.05)],
    )


def first_use() -> Case:
    """Make a schema, load once, dump once."""
    value = Claims().load(CLAIMS)

    def plain() -> Any:
        schema = Claims()
        return schema.load(CLAIMS), schema.dump(value)

    def ours() -> Any:
        schema = compiled(Claims())
        return schema.load(CLAIMS), schema.dump(value)

    def second() -> Any:
        schema = compiled(Claims())
        schema.load(CLAIMS)
        schema.dump(value)
        return schema.load(CLAIMS), schema.dump(value)

    def check() -> None:
        assert plain() == ours() == second()  # noqa: S101

    return Case(
        "first use",
        "make a schema, load and dump once",
        {
            "Schema": Subject(plain),
            "compiled": Subject(ours),
            "compiled, twice": Subject(second),
        },
        check,
        [Bar("compiled", "Schema", 1.6)],
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
    schema = ThingSchema(many=True)
    rows = [tuple_of(thing) for thing in things]
    model = pydantic.TypeAdapter(list[ThingModel])
    hand = by_hand(things)
    ours = warm(compiled(ThingSchema, many=True), obj=things[:2])

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
            Bar("compiled", "Schema.dump", 0.2),
            Bar("compiled", "by hand", 1.3),
            Bar("compiled", "pydantic", 1),
            Bar("compiled", "pydantic, one adapter", 1),
        ],
    )


def tuple_of(thing: Thing) -> dict[str, Any]:
    """Return an entity as a mapping."""
    return {name: getattr(thing, name) for name in ThingSchema._declared_fields}  # noqa: SLF001


# What compiling costs


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
    core = subject._ready()  # noqa: SLF001
    core.loading.generate()
    core.dumping.generate()
    return subject


def imports() -> list[str]:
    """Say what importing the package takes, beside marshmallow."""
    script = (
        "from time import process_time as now\n"
        "start = now(); import marshmallow\n"
        "between = now(); import twopi_schemas\n"
        "print((between - start) * 1000, (now() - between) * 1000)"
    )
    command = [sys.executable, "-c", script]
    taken = []
    for _ in range(7):
        done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603
        taken.append([float(each) for each in done.stdout.split()])
    theirs, ours = (sorted(each)[3] for each in zip(*taken, strict=True))
    return [f"import: marshmallow {theirs:.0f} ms, twopi_schemas {ours:.0f} ms more"]


def notes() -> list[str]:
    """Return what is no comparison."""
    return [*memory(), *imports()]


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
            basket(),
            rows(),
            *dumps(),
            page(),
            per_request(),
            first_use(),
        ],
        [
            *("twopi-schemas", "marshmallow", "sqlalchemy", "pydantic", "msgspec"),
            *("cattrs", "attrs", "DeepFriedMarshmallow"),
        ],
        notes,
    )
