"""Random schemas, random data, and what a call makes of them."""

import collections
import contextlib
import copy
import datetime as dt
import decimal
import enum
import importlib.metadata
import ipaddress
import math
import types
import uuid
from collections.abc import Mapping

import marshmallow as ma
import pytest
from marshmallow import fields, validate

MARSHMALLOW_3 = importlib.metadata.version("marshmallow").startswith("3.")
WHOLE = {"pass_many": True} if MARSHMALLOW_3 else {"pass_collection": True}


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1  # noqa: PIE796 - an alias


class Size(enum.StrEnum):
    SMALL = "s"
    LARGE = "l"


class Odd(enum.Enum):
    NOTHING = None
    PAIR = (1, 2)


class Perm(enum.Flag):
    R = 1
    W = 2


for number in range(-8, 9):  # a Flag remembers what it was asked for; be done with it
    with contextlib.suppress(ValueError):
        Perm(number)


class Shouting(fields.String):
    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs).upper()

    def _serialize(self, value, attr, obj, **kwargs):
        return f"{attr}:{value}"


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Pairs(Mapping):
    """A mapping that is no dict."""

    def __init__(self, pairs):
        self.pairs = dict(pairs)

    def __getitem__(self, key):
        return self.pairs[key]

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)


class Both:
    """Items and attributes, which differ."""

    def __init__(self, items, **attributes):
        self.items_of = items
        self.__dict__.update(attributes)

    def __getitem__(self, key):
        return self.items_of[key]


class Slotted:
    __slots__ = ("a", "b", "c", "d")


NAMES = ("a", "b", "c", "d", "e", "items")
KEYS = (*NAMES, "A", "x", "b.c", 5)
MOMENT = dt.datetime(2026, 11, 22, 18, 30, 1, 250000)  # noqa: DTZ001
AWARE = MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=2)))
TEXTS = (
    *("", "a", "b", "red", "RED", "GREEN", "CRIMSON", "mro", "__class__", "name", "s"),
    *("SMALL", "0", "1", "-1", " 7 ", "1_0", "٣", "1.50", "1e3", "nan", "-inf", "sNaN"),
    *("true", "off", "TRUE", "maybe", "2026-11-22", "2026-11-22T18:30:01", "18:30:01"),
    *("2026-11-22T18:30:01.25+02:00", "2026-11-22T18:30:01Z", "22/11/2026", "18.30"),
    *("Sun, 22 Nov 2026 18:30:01 +0200", "1795372201", "1795372201.5", "a@b.example"),
    *("a@localhost", "https://a.example/x?y", "ftp:/a", "/x", "127.0.0.1", "::1"),
    *("10.0.0.1/8", "9" * 5000, "12345678-1234-5678-1234-567812345678", "\ud800"),
)
SCALARS = (
    *(None, True, False, 0, 1, 2, -1, 7, 10**400, 1795372201, -5, 1.0, 1.5, 0.1),
    *(-0.0, 1e300, math.nan, math.inf, -math.inf, *TEXTS, *TEXTS, b"a", b"\xff"),
    *(b"0123456789abcdef", decimal.Decimal("1.50"), decimal.Decimal("NaN")),
    *(decimal.Decimal("sNaN"), decimal.Decimal("-Infinity"), decimal.Decimal("1E+3")),
    *(MOMENT, AWARE, MOMENT.date(), MOMENT.time(), dt.timedelta(days=1, seconds=1)),
    *(uuid.UUID(int=5), Color.RED, Size.SMALL, Odd.NOTHING, Odd.PAIR, Perm.R | Perm.W),
    *(Text("a"), Number(3), object, ma.missing, ipaddress.ip_address("127.0.0.1")),
    *(ipaddress.ip_interface("10.0.0.1/8"), 1j, range(3)),
)


class Generator:
    """Makes schemas and data from a source of random choices."""

    def __init__(self, random):
        self.random = random
        self.log = []

    def chance(self, share):
        return self.random.random() < share

    def pick(self, *choices):
        return self.random.choice(choices)

    # Schemas

    def schema(self, depth=2):
        names = self.random.sample(NAMES, self.random.randint(0, 5))
        declared = {name: self.field(depth) for name in names}
        declared.update(self.hooks(names))
        for method in ("give", "take"):
            declared[method] = self.method(method)
        declared["Meta"] = type(
            "Meta",
            (),
            {
                "unknown": self.pick(ma.RAISE, ma.EXCLUDE, ma.INCLUDE),
                "register": False,
                "index_errors": self.chance(0.8),
                **({"datetimeformat": "rfc"} if self.chance(0.05) else {}),
                **({"dateformat": "%d/%m/%Y"} if self.chance(0.05) else {}),
                **({"ordered": True} if MARSHMALLOW_3 and self.chance(0.02) else {}),
            },
        )
        if self.chance(0.03):
            declared["get_attribute"] = lambda schema, obj, attr, default: attr
        if self.chance(0.1):
            declared["handle_error"] = self.noting("handle_error")
        return type("Generated", (ma.Schema,), declared)

    def noting(self, label):
        def note(schema, error, data, **kwargs):
            self.log.append((label, shape(error.messages), shape(kwargs)))

        return note

    def method(self, label):
        def called(schema, value):
            self.log.append((label, shape(value)))
            if label == "take" and value == "a":
                raise ma.ValidationError("not a")
            return [value] if label == "take" else "given"

        return called

    def instance_options(self, schema):
        names = list(schema._declared_fields)
        options = {}
        if names and self.chance(0.1):
            options["only"] = self.random.sample(
                names, self.random.randint(1, len(names))
            )
        if names and self.chance(0.1):
            options["exclude"] = tuple(self.random.sample(names, 1))
        if self.chance(0.2):
            options["many"] = self.chance(0.7)
        if self.chance(0.1):
            options["partial"] = self.pick(True, False, ("a", "b.c"), ["b"], 1)
        if self.chance(0.1):
            options["unknown"] = self.pick(ma.RAISE, ma.EXCLUDE, ma.INCLUDE)
        if names and self.chance(0.05):
            options["load_only"] = self.random.sample(names, 1)
        if names and self.chance(0.05):
            options["dump_only"] = self.random.sample(names, 1)
        return options

    def hooks(self, names):
        if self.chance(0.75):
            return {}
        made = {}
        for decorate in (ma.pre_load, ma.post_load, ma.pre_dump, ma.post_dump):
            if self.chance(0.3):
                name, whole = decorate.__name__, WHOLE if self.chance(0.3) else {}
                original = decorate in (ma.post_load, ma.post_dump) and self.chance(0.3)
                options = {**whole, **({"pass_original": True} if original else {})}
                made[f"hook_{name}"] = decorate(self.hook(name), **options)
        if self.chance(0.3):
            original = {"pass_original": True} if self.chance(0.3) else {}
            options = {**original, "skip_on_field_errors": self.chance(0.5)}
            options.update(WHOLE if self.chance(0.3) else {})
            made["hook_whole"] = ma.validates_schema(self.hook("whole"), **options)
        if names and self.chance(0.3):
            name = self.pick(*names)
            made["hook_field"] = ma.validates(name)(self.hook(f"field {name}"))
        return made

    def hook(self, label):
        fails = self.pick("a", "b", "never", "never")

        def run(schema, data, *originals, **kwargs):
            kwargs = {key: kwargs[key] for key in sorted(kwargs)}
            self.log.append((label, shape(data), shape(originals), shape(kwargs)))
            if isinstance(data, dict) and fails in data:
                raise ma.ValidationError({fails: [f"{label} refuses"]})
            if isinstance(data, dict) and label == "post_load":
                return types.SimpleNamespace(**{str(k): v for k, v in data.items()})
            return data

        return run

    def field(self, depth, **fixed):
        options = {**self.common(), **fixed}
        if depth and self.chance(0.35):
            return self.container(depth - 1, options)
        return self.scalar(options)

    def common(self):
        options = {}
        if self.chance(0.25):
            options["required"] = True
        elif self.chance(0.3):
            options["load_default"] = self.default()
        if self.chance(0.25):
            options["allow_none"] = self.chance(0.8)
        if self.chance(0.15):
            options["dump_default"] = self.default()
        if self.chance(0.15):
            options["data_key"] = self.pick(*KEYS[:-1])
        if self.chance(0.12):
            options["attribute"] = self.pick("a", "b.c", "b.d", "x", "x.y")
        if self.chance(0.04):
            options[self.pick("load_only", "dump_only")] = True
        if self.chance(0.3):
            options["validate"] = self.validators()
        if (
            not MARSHMALLOW_3
            and self.chance(0.02)
            and hasattr(fields.Raw(), "pre_load")
        ):
            options[self.pick("pre_load", "post_load")] = self.processor()
        return options

    def default(self):
        if self.chance(0.3):
            return self.pick(list, dict, self.called_default)
        return self.pick(None, "a", 1, MOMENT, [1], ma.missing, decimal.Decimal(1))

    def called_default(self):
        self.log.append("default")
        return "a"

    def processor(self):
        def process(value):
            self.log.append(("process", shape(value)))
            return value

        return process

    def validators(self):
        made = [self.validator() for _ in range(self.random.randint(1, 2))]
        return made[0] if len(made) == 1 else made

    def validator(self):
        return self.pick(
            validate.Length(min=1, max=3),
            validate.Length(equal=1),
            validate.Range(min=0, max=10, min_inclusive=False),
            validate.Range(max=decimal.Decimal(2)),
            validate.OneOf(["a", "b", 1, Color.RED], error="{input} {choices}"),
            validate.NoneOf(("a", 1)),
            validate.Equal("a"),
            validate.Regexp("[a-z]"),
            validate.ContainsOnly([1, "a"]),
            validate.ContainsNoneOf(["b"]),
            validate.Predicate("isdigit"),
            validate.And(validate.Length(max=2), validate.Equal("a")),
            self.checking,
            self.checking,
        )

    def checking(self, value):
        self.log.append(("check", shape(value)))
        if value in ("b", 7, True):
            raise ma.ValidationError(["wrong", "worse"], extra=1)
        if value == 2:
            raise ma.ValidationError({"deep": ["wrong"]})
        if value == "GREEN":
            raise RuntimeError("not a validation error")

    def scalar(self, options):  # noqa: C901, PLR0912 - one branch a class
        formats = ("iso", "rfc", "timestamp", "timestamp_ms", "%d/%m/%Y", None)
        kind = self.pick(*SCALAR_FIELDS)
        if kind in (fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime):
            options["format"] = self.pick(*formats)
            if kind is fields.NaiveDateTime and self.chance(0.5):
                options["timezone"] = dt.UTC
            if kind is fields.AwareDateTime and self.chance(0.5):
                options["default_timezone"] = dt.timezone(dt.timedelta(hours=-3))
        elif kind is fields.Date:
            options["format"] = self.pick("iso", "%d/%m/%Y", None)
        elif kind is fields.Time:
            options["format"] = self.pick("iso", "%H.%M", None)
        elif kind is fields.Integer:
            options.update(strict=self.chance(0.3), as_string=self.chance(0.2))
        elif kind is fields.Float:
            options.update(allow_nan=self.chance(0.3), as_string=self.chance(0.2))
        elif kind is fields.Decimal:
            options.update(allow_nan=self.chance(0.3), as_string=self.chance(0.4))
            options.update(
                places=self.pick(None, 0, 2), rounding=self.pick(None, "ROUND_UP")
            )
        elif kind is fields.Boolean and self.chance(0.3):
            options.update(truthy=self.pick((), {"yes", 1}, [2]), falsy={"no", 0})
        elif kind is fields.TimeDelta:
            options["precision"] = self.pick("days", "seconds", "milliseconds")
            if MARSHMALLOW_3:
                options["serialization_type"] = self.pick(int, float)
        elif kind is fields.Enum:
            options["enum"] = self.pick(Color, Size, Odd, Perm)
            options["by_value"] = self.pick(
                False, True, fields.Integer, fields.String(), Shouting
            )
        elif kind is fields.Constant:
            options["constant"] = self.pick(None, 5, "a", self.called_default)
            options.pop("load_default", None)
        elif kind is fields.URL:
            options.update(relative=self.chance(0.3), require_tld=self.chance(0.5))
        elif kind is fields.Method:
            options["serialize"] = self.pick("give", None)
            options["deserialize"] = self.pick("take", None)
        elif kind is fields.Function:
            options["serialize"] = self.pick(lambda obj: shape(obj)[0], None)
            options["deserialize"] = self.pick(self.processor(), None)
        if kind in (fields.Method, fields.Function):
            options.pop("load_only", None)
            options.pop("dump_only", None)
        return kind(**options)

    def container(self, depth, options):
        kind = self.pick(*CONTAINER_FIELDS)
        inner = {"attribute": None, "data_key": None}
        if kind is fields.List:
            return kind(self.field(depth, **inner), **options)
        if kind is fields.Tuple:
            parts = [
                self.field(depth, **inner) for _ in range(self.random.randint(0, 2))
            ]
            return kind(parts, **options)
        if kind is fields.Dict:
            keys = self.field(0, **inner) if self.chance(0.4) else None
            values = self.field(depth, **inner) if self.chance(0.6) else None
            return kind(keys, values, **options)
        schema = self.schema(depth)
        nested = self.pick(schema, schema(), lambda: schema, lambda: schema())  # noqa: PLW0108
        if self.chance(0.1):
            nested = schema(many=True)
        unknown = self.pick(None, None, ma.RAISE, ma.EXCLUDE, ma.INCLUDE)
        if kind is fields.Pluck:
            names = list(schema._declared_fields)
            if not names:
                return fields.Raw(**options)
            many = self.chance(0.4)
            return kind(
                nested, self.pick(*names), many=many, unknown=unknown, **options
            )
        if self.chance(0.4):
            options["many"] = True
        return kind(nested, unknown=unknown, **options)

    # Changes

    def change(self):
        """Return a function that changes one thing of a schema given to it."""
        if self.chance(0.2):
            name, value = self.pick(
                ("unknown", self.pick(ma.RAISE, ma.EXCLUDE, ma.INCLUDE)),
                ("many", self.chance(0.3)),
                ("partial", self.pick(None, True, ("a",))),
            )
            return lambda schema: setattr(schema, name, value)
        place, inside, check = self.random.random(), self.chance(0.3), self.validator()
        name, value = self.pick(
            ("required", self.chance(0.5)),
            ("allow_none", self.chance(0.5)),
            ("load_default", self.default()),
            ("dump_default", self.default()),
            ("data_key", self.pick(*KEYS[:-1], None)),
            ("attribute", self.pick("a", "x.y", None)),
            ("format", self.pick("iso", "%d/%m/%Y", "timestamp")),
            ("strict", self.chance(0.5)),
            ("as_string", self.chance(0.5)),
            ("places", decimal.Decimal("0.1")),
            ("unknown", ma.EXCLUDE),
            ("validators", [check]),
        )

        def change(schema):
            fields = list(schema.fields.values())
            if not fields:
                return
            field = fields[int(place * len(fields))]
            if inside:
                field = getattr(field, "inner", None) or field
            if hasattr(field, name):
                setattr(field, name, value)

        return change

    # Data

    def data(self, schema, *, many):
        if self.chance(0.03):
            return self.value()
        if many:
            items = [self.mapping(schema) for _ in range(self.random.randint(0, 3))]
            return tuple(items) if self.chance(0.1) else items
        return self.mapping(schema)

    def mapping(self, schema):
        if self.chance(0.04):
            return self.value()
        found = {}
        for name, field in schema.load_fields.items():
            if self.chance(0.85):
                key = field.data_key if field.data_key is not None else name
                found[key] = self.value_for(field)
        while self.chance(0.2):
            found[self.pick(*KEYS)] = self.value()
        if self.chance(0.1):
            return self.pick(types.MappingProxyType, Pairs, collections.OrderedDict)(
                found
            )
        return found

    def value(self, depth=1):
        if depth and self.chance(0.2):
            items = [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
            if self.chance(0.4):
                return {self.pick(*KEYS): item for item in items}
            return tuple(items) if self.chance(0.2) else items
        return self.pick(*SCALARS)

    def value_for(self, field):
        if self.chance(0.2):
            return self.value()
        if isinstance(field, fields.List):
            return [
                self.value_for(field.inner) for _ in range(self.random.randint(0, 3))
            ]
        if isinstance(field, fields.Tuple):
            return [self.value_for(each) for each in field.tuple_fields]
        if isinstance(field, fields.Dict):
            return {
                self.pick("a", "1", 1, "b"): self.value_for(field.value_field)
                if field.value_field
                else self.value()
                for _ in range(self.random.randint(0, 3))
            }
        if isinstance(field, fields.Pluck):
            inner = field.schema.fields[field.field_name]
            if field.many:
                return [self.value_for(inner) for _ in range(self.random.randint(0, 3))]
            return self.value_for(inner)
        if isinstance(field, fields.Nested):
            return self.data(field.schema, many=field.schema.many or field.many)
        return self.pick(*GOOD.get(type(field), SCALARS))

    # Objects to dump

    def objects(self, schema, *, many):
        if many and self.chance(0.97):
            made = [self.object(schema) for _ in range(self.random.randint(0, 3))]
            return self.pick(made, made, tuple(made), dict.fromkeys("ab", 1))
        return self.object(schema)

    def object(self, schema):
        if self.chance(0.05):
            return self.value()
        found = {}
        for name, field in schema.dump_fields.items():
            if self.chance(0.85):
                attribute = field.attribute if field.attribute is not None else name
                head, _, rest = attribute.partition(".")
                value = self.dumpable(field)
                found[head] = {rest: value} if rest and self.chance(0.8) else value
        kind = self.random.randint(0, 6)
        if kind <= 1:
            return types.SimpleNamespace(**found)
        if kind == 2:
            return collections.namedtuple("Row", found or ["z"])(  # noqa: PYI024
                *(found.values() or [1])
            )
        if kind == 3:
            return Both(dict(list(found.items())[::2]), **found)
        if kind == 4:
            return types.MappingProxyType(found)
        if kind == 5 and set(found) <= {"a", "b", "c", "d"}:
            made = Slotted()
            for name, value in found.items():
                setattr(made, name, value)
            return made
        return found

    def dumpable(self, field):
        if self.chance(0.15):
            return self.value()
        if isinstance(field, fields.List):
            made = [
                self.dumpable(field.inner) for _ in range(self.random.randint(0, 3))
            ]
            return self.pick(made, made, tuple(made))
        if isinstance(field, fields.Tuple):
            return tuple(self.dumpable(each) for each in field.tuple_fields)
        if isinstance(field, fields.Dict):
            values = field.value_field
            return {
                key: self.dumpable(values) if values else self.value()
                for key in self.random.sample(
                    ("a", "1", 1, "b"), self.random.randint(0, 3)
                )
            }
        if isinstance(field, fields.Nested):
            many = field.schema.many or field.many
            return self.objects(field.schema, many=many)
        return self.pick(*DUMPED.get(type(field), SCALARS))


SCALAR_FIELDS = (
    *(fields.String, fields.Integer, fields.Float, fields.Decimal, fields.Boolean) * 2,
    *(fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime, fields.Date),
    *(
        fields.Time,
        fields.TimeDelta,
        fields.UUID,
        fields.Enum,
        fields.Enum,
        fields.Email,
    ),
    *(
        fields.URL,
        fields.Constant,
        fields.Raw,
        fields.Method,
        fields.Function,
        Shouting,
    ),
    *(fields.IP, fields.IPv4, fields.IPv6, fields.IPInterface, fields.IPv4Interface),
)
CONTAINER_FIELDS = (
    *(fields.List, fields.List, fields.Tuple, fields.Dict),
    *(fields.Nested, fields.Nested, fields.Pluck),
)
TIMES = tuple(each for each in TEXTS if ":" in each or "/" in each or "-" in each)
GOOD = {
    fields.String: ("a", "b", "abc", ""),
    fields.Integer: (1, 2, 7, "1", "2", 1.5),
    fields.Float: (1.0, 1.5, 1, "1.50"),
    fields.Decimal: ("1.50", 1, 1.5, decimal.Decimal("1.5")),
    fields.Boolean: (True, False, "true", 1, 0),
    fields.DateTime: (*TIMES, 1795372201, 1795372201.5),
    fields.NaiveDateTime: (*TIMES, 1795372201),
    fields.AwareDateTime: (*TIMES, 1795372201),
    fields.Date: TIMES,
    fields.Time: TIMES,
    fields.TimeDelta: (1, 1.5, "7"),
    fields.UUID: ("12345678-1234-5678-1234-567812345678", uuid.UUID(int=5)),
    fields.Enum: ("RED", "SMALL", "NOTHING", "R", 1, "1", "s"),
    fields.Email: ("a@b.example", "a@localhost"),
    fields.URL: ("https://a.example/x?y", "/x"),
    fields.IP: ("127.0.0.1", "::1"),
    Shouting: ("a", "b"),
}
DUMPED = {
    fields.String: ("a", "b", 1),
    fields.Integer: (1, 2, "1"),
    Shouting: ("a",),
    fields.Float: (1.5, 1),
    fields.Decimal: (decimal.Decimal("1.505"), 1.5),
    fields.Boolean: (True, False, "true"),
    fields.DateTime: (MOMENT, AWARE),
    fields.NaiveDateTime: (MOMENT, AWARE),
    fields.AwareDateTime: (MOMENT, AWARE),
    fields.Date: (MOMENT.date(), MOMENT),
    fields.Time: (MOMENT.time(),),
    fields.TimeDelta: (dt.timedelta(days=1, seconds=1),),
    fields.UUID: (uuid.UUID(int=5), "a"),
    fields.Email: ("a@b.example",),
    fields.Enum: (Color.RED, Size.SMALL, Odd.NOTHING, Perm.R | Perm.W),
    fields.IP: (ipaddress.ip_address("::1"),),
}


def shape(value, depth=12):
    """Return what distinguishes a value: type, content, order, shared nothing."""
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        pairs = [(shape(k, depth - 1), shape(v, depth - 1)) for k, v in value.items()]
        return (type(value), pairs)
    if isinstance(value, (list, tuple)):
        return (type(value), [shape(each, depth - 1) for each in value])
    if isinstance(value, (set, frozenset)):
        return (type(value), sorted(map(repr, value)))
    if isinstance(value, (types.SimpleNamespace, Both)):
        return (type(value), shape(vars(value), depth - 1))
    if isinstance(value, dt.datetime):
        return (type(value), repr(value), repr(value.tzinfo), value.utcoffset())
    if isinstance(value, BaseException):
        return (type(value), shape(value.args, depth - 1))
    if isinstance(value, int) and abs(value) > 10**20:
        return (type(value), hex(value))
    if isinstance(value, (Slotted, types.FunctionType)):
        return type(value)
    text = repr(value)
    return (type(value), text.partition(" at 0x")[0] if " at 0x" in text else text)


def outcome(log, call, data, **options):
    """Return all that can be seen of a call: result or error, and code called."""
    log.clear()
    try:
        result = ("result", shape(call(data, **options)))
    except ma.ValidationError as error:
        result = (
            "invalid",
            type(error),
            shape(error.messages),
            shape(error.valid_data),
            error.data is data,
            error.field_name,
            shape(error.kwargs),
        )
    except Exception as error:  # noqa: BLE001
        result = ("raised", type(error), str(error))
    return (result, copy.copy(log), shape(data))


@pytest.fixture(scope="session")
def generator():
    """Make a generator from a `random.Random`."""
    return Generator


@pytest.fixture(scope="session")
def outcome_of():
    """Return all that can be seen of a call."""
    return outcome


@pytest.fixture(scope="session")
def whole():
    """Name the option that gives a hook the collection instead of each item."""
    return WHOLE
