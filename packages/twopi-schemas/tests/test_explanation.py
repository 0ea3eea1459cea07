"""Which fields are compiled, and why the others are not."""

import subprocess
import sys

import pytest
from marshmallow import Schema, fields, post_load, validate

from twopi_schemas import __main__, explain


class Custom(fields.String):
    pass


def check(value):
    """Nothing."""


class Mixed(Schema):
    plain = fields.String(validate=validate.Length(max=5))
    custom = Custom()
    checked = fields.Integer(validate=check)
    made = fields.Function(len)
    defaulted = fields.Raw(load_default=lambda: 1)
    nested = fields.Nested(lambda: Mixed(only=("plain",)))

    @post_load
    def make(self, data, **_):
        return data


def test_each_field_and_call_has_a_row():
    rows = {(row.field, row.call): row for row in explain(Mixed)}

    assert rows["plain", "load"].how == rows["plain", "dump"].how == "compiled"
    assert rows["custom", "load"].how == "handed over"
    assert "Custom is not a known field class" in rows["custom", "dump"].why
    assert rows["checked", "load"].why == "its validator check is called"
    assert rows["made", "dump"].how == "called"
    assert rows["defaulted", "load"].why == "its load_default is called"
    assert rows["nested", "load"].why == "its schema is recursive"
    assert "post_load" in rows["*", "load"].why
    assert ("*", "dump") not in rows


def test_a_schema_handed_over_as_a_whole_says_why():
    class Own(Schema):
        def get_attribute(self, obj, attr, default):
            return attr

    assert [tuple(row) for row in explain(Own())] == [
        ("*", "dump", "handed over", "the schema overrides get_attribute")
    ]


def test_it_prints_as_a_table():
    lines = str(explain(Mixed)).splitlines()

    assert lines[0].split() == ["field", "call", "how", "why"]
    assert len(lines) == len(explain(Mixed)) + 1
    assert not any(line.endswith(" ") for line in lines)


def test_the_command_prints_it(tmp_path):
    (tmp_path / "shop.py").write_text(
        "from marshmallow import Schema, fields\n"
        "class Item(Schema):\n    name = fields.String()\n"
    )
    command = [sys.executable, "-m", "twopi_schemas", "explain", "shop:Item"]

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.split()[4:7] == ["name", "load", "compiled"]


@pytest.mark.parametrize("name", ["shop", "nowhere:Item", "json:nothing", "json:loads"])
def test_the_command_refuses_what_is_no_schema(name):
    with pytest.raises(SystemExit) as caught:
        __main__.main(["explain", name])

    assert name in str(caught.value)
