"""The fast path for a whole process, for a base class, and in the shadow."""

import logging
import subprocess
import sys
import threading

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load

import twopi_schemas
from twopi_schemas import (
    CompiledMixin,
    InstallError,
    install,
    installation,
    is_installed,
    tiers,
    uninstall,
)
from twopi_schemas.core import Core
from twopi_schemas.marshmallow_internals import DUMP, LOAD, VALIDATE

ENOUGH = tiers.SOURCE_AFTER + 2 * tiers.INTERPRETED_AFTER + 5
ORIGINALS = {"load": LOAD, "dump": DUMP, "validate": VALIDATE}


@pytest.fixture(autouse=True)
def _uninstalled():
    yield
    uninstall()
    assert {name: vars(Schema)[name] for name in ORIGINALS} == ORIGINALS


class Inner(Schema):
    n = fields.Integer()


class Shop(Schema):
    name = fields.String(required=True)
    inner = fields.Nested(Inner)


class OwnLoad(Shop):
    """As marshmallow-sqlalchemy and marshmallow-dataclass do."""

    def load(self, data, *, session=None, **options):
        return super().load(data, **options), session


class Hooked(Shop):
    @pre_load
    def lower(self, data, **_):
        return {name.lower(): value for name, value in data.items()}

    @post_load
    def wrap(self, data, **_):
        return [data]


def core_of(schema):
    return vars(schema).get("_twopi_schemas_installed")


def test_importing_changes_nothing():
    script = (
        "from marshmallow import Schema as S; before = dict(vars(S))\n"
        "import twopi_schemas; assert dict(vars(S)) == before"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_all_five_calls_are_the_same_and_fast():
    install()
    schema = Shop()
    for _ in range(ENOUGH):
        assert schema.load({"name": "a", "inner": {"n": "1"}})["inner"] == {"n": 1}
        assert schema.dump({"name": 5}) == {"name": "5"}
        assert schema.loads('{"name": "a"}', unknown=EXCLUDE) == {"name": "a"}
        assert schema.dumps({"name": "a"}) == '{"name": "a"}'
        assert "name" in schema.validate({})
        with pytest.raises(ValidationError):
            schema.load({"inner": 1})

    assert {"load", "dump"} <= set(vars(core_of(schema)))


def test_it_is_idempotent_and_can_be_undone():
    install()
    patched = vars(Schema)["load"]
    install()
    assert vars(Schema)["load"] is patched
    assert is_installed()
    uninstall()
    uninstall()
    assert not is_installed()
    assert Shop().load({"name": "a"}) == {"name": "a"}


def test_super_load_of_an_override_is_fast():
    install()
    schema = OwnLoad()
    for _ in range(ENOUGH):
        loaded = schema.load({"name": "a"}, session="s", unknown=EXCLUDE)
        assert loaded == ({"name": "a"}, "s")
        assert schema.load({"name": "b"}) == ({"name": "b"}, None)

    assert "load" in vars(core_of(schema))


def test_hooks_and_nested_overrides_run_once():
    class Outer(Schema):
        own = fields.Nested(OwnLoad)
        hooked = fields.Nested(Hooked)

    data = {"own": {"name": "a"}, "hooked": {"NAME": "b"}}
    plain = Outer().load(data)
    install()
    schema = Outer()
    for _ in range(ENOUGH):
        assert schema.load(data) == plain


def test_signatures_and_names_are_marshmallows():
    install()

    assert Schema.load.__wrapped__ is LOAD
    assert Schema.load.__doc__ == LOAD.__doc__
    with pytest.raises(TypeError):
        Shop().load({}, wrong=1)


def test_meta_decides():
    class Out(Shop):
        class Meta:
            compiled = False

    class In(Shop):
        class Meta:
            compiled = True

    def cores(*kinds):
        made = [kind() for kind in kinds]
        for schema in made:
            for _ in range(5):
                schema.load({"name": "a"})
        return [isinstance(core_of(schema), Core) for schema in made]

    install()
    assert cores(Shop, Out, In) == [True, False, True]
    install(opt_in=True)
    assert cores(Shop, Out, In) == [False, False, True]


def test_a_schema_of_one_request_is_marshmallows():
    install()
    schema = Shop()
    schema.load({"name": "a"})
    schema.dump({})

    assert not isinstance(core_of(schema), Core)


def test_an_unknown_marshmallow_is_refused(monkeypatch):
    monkeypatch.setitem(installation._KNOWN, LOAD, [{"_load_all_at_once"}])
    with pytest.raises(InstallError, match=r"Schema\.load of marshmallow .* not known"):
        install()
    assert not is_installed()


def test_another_patch_is_refused(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Schema, "dump", lambda *_, **__: {})
        with pytest.raises(InstallError, match="was replaced by"):
            install()
    install()
    with monkeypatch.context() as patch:
        patch.setattr(Schema, "dump", lambda *_, **__: {})
        with pytest.raises(InstallError, match="undo that first"):
            uninstall()


def test_many_threads_install_and_use():
    failures = []
    start = threading.Barrier(6)
    schema = Shop()

    def work():
        start.wait(60)
        for _ in range(ENOUGH):
            install()
            if schema.load({"name": "a"}) != {"name": "a"}:
                failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []


# The base class


class Base(CompiledMixin, Schema):
    pass


class Mixed(Base):
    name = fields.String(required=True)

    def load(self, data, **options):
        return {"mine": super().load(data, **options)}


def test_the_mixin_compiles_its_own_schemas_only():
    schema, other = Mixed(), Shop()
    for _ in range(ENOUGH):
        assert schema.load({"name": "a"}) == {"mine": {"name": "a"}}
        assert schema.dump({"name": 1}) == {"name": "1"}
        assert schema.validate({}) == Shop().validate({})
        other.load({"name": "a"})

    assert {"load", "dump"} <= set(vars(vars(schema)["_twopi_schemas_mixin"]))
    assert not [name for name in vars(other) if name.startswith("_twopi")]


def test_the_mixin_before_a_class_with_a_load_of_its_own():
    class Own(CompiledMixin, OwnLoad):
        pass

    schema = Own()
    for _ in range(ENOUGH):
        assert schema.load({"name": "a"}, session=1) == ({"name": "a"}, 1)
        assert schema.load({"name": "a"}) == ({"name": "a"}, None)


def test_the_mixin_and_install_together():
    install()
    schema = Mixed()
    for _ in range(ENOUGH):
        assert schema.load({"name": "a"}) == {"mine": {"name": "a"}}


def test_the_mixin_alone_is_not_a_schema():
    with pytest.raises(TypeError, match="CompiledMixin, Schema"):
        CompiledMixin().load({})


# In the shadow


@pytest.fixture
def shadowed(caplog):
    caplog.set_level(logging.WARNING, "twopi_schemas")
    install(shadow=1)
    schema = Shop()
    for _ in range(5):
        schema.load({"name": "a"})
        schema.dump({"name": "a"})
    assert caplog.records == []
    return schema, caplog


def test_equal_answers_are_not_reported(shadowed):
    schema, log = shadowed
    for _ in range(ENOUGH):
        with pytest.raises(ValidationError):
            schema.load({"inner": {"n": "secret"}})
        schema.dump([{"name": 1}], many=True)

    assert log.records == []


def test_a_difference_is_reported_and_marshmallow_answers(shadowed, monkeypatch):
    schema, log = shadowed
    monkeypatch.setattr(Core, "load", lambda *_, **__: {"name": "other"})
    monkeypatch.setattr(Core, "dump", lambda *_, **__: {})

    assert schema.load({"name": "secret"}) == {"name": "secret"}
    assert schema.dump({"name": "secret"}) == {"name": "secret"}
    with pytest.raises(ValidationError):
        schema.load({"secret": 1})

    assert [record.getMessage() for record in log.records] == [
        "Shop.load differs from marshmallow in name",
        "Shop.dump differs from marshmallow in the whole",
        "Shop.load differs from marshmallow in the whole",
    ]


def test_code_of_yours_does_not_run_twice(shadowed):
    ran = []

    class Counting(Shop):
        code = fields.Integer(validate=ran.append)
        made = fields.Function(ran.append)

        @pre_load
        def count(self, data, **_):
            ran.append("hook")
            return data

    schema = Counting()
    for _ in range(10):
        schema.load({"name": "a", "code": 1})
        schema.dump({"name": "a"})
        list(schema.dump(({"name": name} for name in "ab"), many=True))

    assert len(ran) == 10 * 2 + 10 * 3


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(ValueError, match="from 0 to 1"):
        install(shadow=share)
    assert not is_installed()


def test_the_names_exist():
    assert twopi_schemas.install is install
