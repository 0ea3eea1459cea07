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


PACKAGE = {
    "shop/__init__.py": "app = object()\n",
    "shop/items.py": (
        "from marshmallow import Schema, fields\n"
        "class Own(fields.String): pass\n"
        "class Item(Schema):\n    name = fields.String()\n"
        "class Line(Schema):\n    kind = Own()\n    n = fields.Integer()\n"
    ),
    "shop/orders.py": (
        "from marshmallow import Schema, fields\n"
        "from shop.items import Line\n"
        "class Order(Schema):\n    lines = fields.List(fields.Nested(Line))\n"
        "class Needy(Schema):\n    def __init__(self, user): super().__init__()\n"
    ),
    "shop/__main__.py": "raise SystemExit('must not run')\n",
}


@pytest.fixture
def shop(tmp_path):
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def run(*arguments):
        command = [sys.executable, "-m", "twopi_schemas", "explain", *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("name", ["shop", "shop:app", "shop.orders:Order.__module__"])
def test_every_schema_of_a_package_is_examined(shop, name):
    status, text = shop(name, "--check")

    assert status == 1
    assert "shop.items.Item: 100% compiled" in text
    assert "shop.items.Line: 50% compiled" in text
    assert "kind load: Own is not a known field class" in text
    assert "shop.orders.Needy: not examined" in text
    assert "4 schemas: 75% compiled" in text


def test_the_share_that_is_wanted_decides(shop):
    assert shop("shop")[0] == 0
    assert shop("shop", "--check", "75")[0] == 0
    assert shop("shop", "--check", "76")[0] == 1
    assert shop("shop.items:Item", "--check")[0] == 0
    assert shop("shop", "--check", "much")[0] == 2


def test_the_nested_field_that_is_handed_over_is_named(shop):
    _, text = shop("shop.orders:Order")

    assert "Line.kind: Own is not a known field class" in text


def test_a_name_without_schemas_fails(shop):
    status, text = shop("json", "--check")

    assert status == 1
    assert "no marshmallow schema" in text


def test_the_source_is_shown():
    class Plain(Schema):
        a = fields.Integer()

    found = explain(Plain, source=True)

    assert found == explain(Plain)
    assert "def load(data" in found.source
    assert "def dump(obj" in found.source
    assert str(found).endswith(found.source)
    assert explain(Plain).source == ""
