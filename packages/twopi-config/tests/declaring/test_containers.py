"""Lists and dicts: commas, JSON, and nothing in between."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_config import Secret, Settings, SettingsError, variable


class Shop(Settings, prefix="SHOP_"):
    hosts: list[str] = variable(default_factory=list)
    ports: tuple[int, ...] = ()
    prices: list[Decimal] = variable(default_factory=list)
    flags: set[bool] = variable(default_factory=set)
    labels: dict[str, str] = variable(default_factory=dict)
    limits: dict[str, float] = variable(default_factory=dict)
    matrix: list[list[int]] = variable(default_factory=list)
    routes: dict[str, list[str]] = variable(default_factory=dict)
    keys: list[Secret] = variable(default_factory=list)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("hosts", '["a.example", "b.example"]', ["a.example", "b.example"]),
        ("hosts", ' [ "a,b" ] ', ["a,b"]),
        ("hosts", '\n["a",\n"b"]\n', ["a", "b"]),
        ("hosts", "[]", []),
        ("hosts", '[""]', [""]),
        ("hosts", "[1, 2.50, true]", ["1", "2.50", "true"]),
        ("hosts", "a.example , b.example,", ["a.example", "b.example"]),
        ("hosts", "localhost,[::1]", ["localhost", "[::1]"]),
        ("hosts", '"a","b"', ['"a"', '"b"']),
        ("ports", "[80, 443]", (80, 443)),
        ("ports", '["80", 443]', (80, 443)),
        ("prices", "[1.50, 2]", [Decimal("1.50"), Decimal(2)]),
        ("flags", "[true, false]", {True, False}),
        ("labels", '{"a": "x,y=z", "b": ""}', {"a": "x,y=z", "b": ""}),
        ("labels", "a=1, b = x=y ,", {"a": "1", "b": "x=y"}),
        ("labels", "{}", {}),
        ("limits", '{"a": 1e3}', {"a": 1000.0}),
        ("matrix", "[[1, 2], []]", [[1, 2], []]),
        ("routes", '{"a": ["x", "y"]}', {"a": ["x", "y"]}),
        ("keys", '["a,b", "c"]', [Secret("a,b"), Secret("c")]),
    ],
)
def test_it_is_read(field, text, value):
    settings = Shop.load({f"SHOP_{field.upper()}": text})

    assert getattr(settings, field) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("hosts", '["a", "b"'),
        ("hosts", "['a', 'b']"),
        ("hosts", '["a" "b"]'),
        ("hosts", '["a",]'),
        ("hosts", "[null]"),
        ("hosts", '[["a"]]'),
        ("hosts", '["a"] # two'),
        ("hosts", "[::1],localhost"),
        ("hosts", "[NaN]"),
        ("hosts", "[" * 100_000),
        ("hosts", "a,,b"),
        ("hosts", ","),
        ("ports", '{"a": 1}'),
        ("ports", "[1.5]"),
        ("labels", '["a"]'),
        ("labels", '{"a": null}'),
        ("labels", '{"a": 1, "a": 2}'),
        ("labels", "a=1,a=2"),
        ("labels", "=1"),
        ("labels", '{"a": {"b": 1}}'),
        ("matrix", "1,2"),
    ],
)
def test_it_is_an_error_and_never_halves(field, text):
    with pytest.raises(SettingsError) as caught:
        Shop.load({f"SHOP_{field.upper()}": text})

    [problem] = caught.value.problems
    assert problem.name == f"SHOP_{field.upper()}"


@given(st.lists(st.text()), st.dictionaries(st.text(), st.text()))
def test_any_list_and_dict_reads_back(hosts, labels):
    names = {each.field: each for each in Shop.variables}
    spelled = {
        "SHOP_HOSTS": names["hosts"].kind.spell(hosts),
        "SHOP_LABELS": names["labels"].kind.spell(labels),
    }

    settings = Shop.load(spelled)

    assert (settings.hosts, settings.labels) == (hosts, labels)


@given(st.lists(st.text(), min_size=1))
def test_json_of_another_program_is_read(hosts):
    assert Shop.load({"SHOP_HOSTS": json.dumps(hosts)}).hosts == hosts
