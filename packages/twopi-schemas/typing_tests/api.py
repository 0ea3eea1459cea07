import datetime as dt
from typing import Any, assert_type

from marshmallow import Schema, fields

from twopi_schemas import (
    AS_IS,
    CompiledMixin,
    CompiledSchema,
    Explanation,
    Explanations,
    compiled,
    explain,
    install,
    is_installed,
    register,
    uninstall,
)


class Book(Schema):
    title = fields.String()


class Seconds(fields.Field):
    pass


subject = compiled(Book, many=True, only=("title",))
assert_type(subject, CompiledSchema)
assert_type(compiled(Book()), CompiledSchema)
assert_type(subject.load([{"title": "Emma"}], many=True, partial=("a",)), Any)
assert_type(subject.dump(object(), many=False), Any)
subject.loads(b"[]")
subject.dumps([], indent=2)

assert_type(subject.load({}, session=None), Any)
assert_type(subject.validate([]), Any)
assert_type(subject.fields, Any)

assert_type(explain(Book), Explanations)
assert_type(explain(Book, source=True).source, str)
assert_type(explain(Book).share, float)

install()
install(shadow=0.01, opt_in=True)
assert_type(is_installed(), bool)
uninstall()


class Base(CompiledMixin, Schema):
    pass


assert_type(Base().load({}), Any)
for row in explain(Book()):
    assert_type(row, Explanation)
    assert_type(row.why, str)

register(
    Seconds,
    load=lambda field: {int: lambda value: dt.timedelta(seconds=value), str: AS_IS},
    dump=lambda field: None,
)
