"""SQLAlchemy entities and rows."""

import datetime as dt
import decimal
import uuid

import pytest
import sqlalchemy as sa
from marshmallow import Schema, fields
from sqlalchemy import orm

from twopi_schemas import compiled
from twopi_schemas.dump.attribute_access import Access, access, stored


class Base(orm.DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owner"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    things: orm.Mapped[list["Thing"]] = orm.relationship(back_populates="owner")


class Thing(Base):
    __tablename__ = "thing"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    created: orm.Mapped[dt.datetime]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    key: orm.Mapped[uuid.UUID]
    owner_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("owner.id"))
    owner: orm.Mapped[Owner | None] = orm.relationship(back_populates="things")
    alias: orm.Mapped[str] = orm.synonym("name")

    @property
    def shout(self):
        return self.name.upper()


class OwnerSchema(Schema):
    id = fields.Integer()
    name = fields.String()


class ThingSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    created = fields.DateTime()
    price = fields.Decimal(as_string=True)
    key = fields.UUID()
    owner = fields.Nested(OwnerSchema)
    shout = fields.String()
    alias = fields.String()
    owner_name = fields.String(attribute="owner.name")
    nothing = fields.String()


@pytest.fixture
def session():
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        owner = Owner(name="o")
        for number in range(5):
            session.add(
                Thing(
                    name=f"t{number}",
                    created=dt.datetime(2026, 1, 1, 12, number),  # noqa: DTZ001
                    price=decimal.Decimal("1.50"),
                    key=uuid.UUID(int=number),
                    owner=owner if number else None,
                )
            )
        session.commit()
        session.expire_all()
        yield session
    engine.dispose()


def test_entities_dump_as_before(session):
    things = session.scalars(sa.select(Thing)).all()

    dumped = compiled(ThingSchema).dump(things, many=True)

    assert dumped == ThingSchema().dump(things, many=True)
    assert dumped[1]["owner"] == {"id": 1, "name": "o"}
    assert dumped[0]["owner"] is None
    assert "nothing" not in dumped[0]


def test_expired_pending_and_deferred_attributes_are_read(session):
    thing = session.scalars(sa.select(Thing).options(orm.defer(Thing.price))).first()
    session.expire(thing, ["name"])
    pending = Thing(id=9)

    assert compiled(ThingSchema).dump(thing)["price"] == "1.50"
    session.expire(thing)
    assert compiled(ThingSchema).dump(thing) == ThingSchema().dump(thing)
    assert compiled(ThingSchema).dump(pending) == ThingSchema().dump(Thing(id=9))


def test_collections_and_statements_are_the_same(session):
    class Full(OwnerSchema):
        things = fields.List(fields.Nested(ThingSchema, only=("name",)))

    statements = []
    sa.event.listen(
        session.bind, "before_cursor_execute", lambda *a: statements.append(a[2])
    )
    owner = session.scalars(sa.select(Owner)).one()
    ours = compiled(Full).dump(owner)
    count = len(statements)
    session.expire_all()
    theirs = Full().dump(owner)

    assert ours == theirs
    assert [each["name"] for each in ours["things"]] == ["t1", "t2", "t3", "t4"]
    assert len(statements) - count == count


def test_rows_and_mappings_dump_as_before(session):
    result = session.execute(sa.select(Thing.id, Thing.name, Thing.key)).all()
    mappings = session.execute(sa.select(Thing.id, Thing.name)).mappings().all()
    subject = compiled(ThingSchema, many=True)

    assert subject.dump(result) == ThingSchema(many=True).dump(result)
    assert subject.dump(mappings) == ThingSchema(many=True).dump(mappings)


def test_a_row_never_answers_to_a_name_in_brackets(session):
    row = session.execute(sa.select(Thing.id)).first()

    assert access(type(row)) is Access.ATTRIBUTE
    with pytest.raises(TypeError):
        row["id"]


def test_only_plain_mapped_attributes_are_read_from_the_dict():
    names = {"id", "name", "owner", "shout", "alias", "nothing"}

    assert access(Thing) is Access.STATE
    assert stored(Thing, names) == {"id", "name", "owner"}


class Failing:
    a = 1

    def __getattr__(self, name):
        raise KeyError(name)


class Faking:
    def __getattribute__(self, name):
        return 5


class Generic:
    a = "x"

    def __class_getitem__(cls, name):
        return f"[{name}]"


class Proxy:
    def __init__(self, target):
        self.__dict__["target"] = target

    def __getattr__(self, name):
        return getattr(self.target, name)


@pytest.mark.parametrize(
    "make",
    [
        Failing,
        Faking,
        Generic,
        lambda: Generic,
        lambda: Proxy(Generic()),
        lambda: Proxy({"a": 1}),
    ],
)
def test_what_answers_in_its_own_way_is_left_to_marshmallow(make):
    made, obj = Schema.from_dict({"a": fields.String()}), make()
    try:
        expected = made().dump(obj)
    except KeyError:
        expected = KeyError

    if expected is KeyError:
        with pytest.raises(KeyError):
            compiled(made).dump(obj)
    else:
        assert compiled(made).dump(obj) == expected


def test_a_mapped_class_that_reads_in_its_own_way_is_asked():
    class Odd(Base):
        __tablename__ = "odd"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)

        def __getattribute__(self, name):
            return 5 if name == "id" else super().__getattribute__(name)

    assert compiled(OwnerSchema).dump(Odd(id=1)) == {"id": 5}
