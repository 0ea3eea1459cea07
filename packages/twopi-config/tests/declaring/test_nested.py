"""Settings within settings."""

import pytest
from flask import Flask

from twopi_config import DeclarationError, Secret, Settings, SettingsError, variable


class Database(Settings, prefix="IGNORED_"):
    url: Secret = variable(doc="Where the rows are")
    pool: int = 5


class Cache(Settings):
    host: str = "localhost"
    fallback: Database | None = None


class Shop(Settings, prefix="SHOP_"):
    database: Database
    replica: Database | None = None
    cache: Cache = Cache(host="cache.internal")
    debug: bool = False


def test_names_join_with_the_delimiter():
    assert [each.name for each in Shop.variables] == [
        "SHOP_DATABASE__URL",
        "SHOP_DATABASE__POOL",
        "SHOP_REPLICA__URL",
        "SHOP_REPLICA__POOL",
        "SHOP_CACHE__HOST",
        "SHOP_CACHE__FALLBACK__URL",
        "SHOP_CACHE__FALLBACK__POOL",
        "SHOP_DEBUG",
    ]


def test_they_are_read():
    settings = Shop.load(
        {
            "SHOP_DATABASE__URL": "sqlite://",
            "SHOP_REPLICA__URL": "x://",
            "SHOP_CACHE__FALLBACK__URL": "y://",
        }
    )

    assert settings == Shop(
        database=Database(url=Secret("sqlite://")),
        replica=Database(url=Secret("x://")),
        cache=Cache(host="cache.internal", fallback=Database(url=Secret("y://"))),
    )


def test_what_is_not_set_keeps_its_default():
    settings = Shop.load({"SHOP_DATABASE__URL": "sqlite://", "SHOP_DATABASE__POOL": ""})

    assert settings.replica is None
    assert settings.cache == Cache(host="cache.internal")
    assert settings.database.pool == 5


def test_all_that_is_missing_is_named():
    with pytest.raises(SettingsError) as caught:
        Shop.load({"SHOP_REPLICA__POOL": "many"})

    assert [each.name for each in caught.value.problems] == [
        "SHOP_DATABASE__URL",
        "SHOP_REPLICA__URL",
        "SHOP_REPLICA__POOL",
    ]


def test_all_of_its_settings_may_have_defaults():
    class Outer(Settings):
        cache: Cache

    assert Outer.load({}) == Outer(cache=Cache())


def test_another_delimiter_and_a_name():
    class Outer(Settings, delimiter="_"):
        cache: Cache = variable(default=Cache(), name="REDIS")

    assert Outer.load({"REDIS_HOST": "h"}).cache.host == "h"


def test_flask_gets_a_dict_of_plain_values():
    app = Flask(__name__)

    Shop.load({"SHOP_DATABASE__URL": "sqlite://"}).to_flask(app)

    assert app.config["DATABASE"] == {"URL": "sqlite://", "POOL": 5}
    assert app.config["REPLICA"] is None
    assert app.config["CACHE"] == {"HOST": "cache.internal", "FALLBACK": None}


def test_its_documents_say_when_it_is_required():
    text, table = Shop.example(), Shop.table()

    assert "\nSHOP_DATABASE__URL=\n" in text
    assert "\n# SHOP_REPLICA__URL=\n" in text
    assert "# Required if another one of its group is set: a string" in text
    assert "# SHOP_CACHE__HOST=cache.internal\n" in text
    assert "| `SHOP_REPLICA__URL` |" in table
    assert "| required in its group |" in table
    assert "sqlite" not in repr(Shop(database=Database(url=Secret("sqlite://"))))


def test_a_check_belongs_to_a_field():
    with pytest.raises(DeclarationError, match=r"Outer\.cache is nested"):

        class Outer(Settings):
            cache: Cache = variable(default=Cache(), check=bool, wanted="a cache")


def test_two_variables_of_one_name():
    with pytest.raises(DeclarationError, match=r"Outer\.cache__host needs a variable"):

        class Outer(Settings):
            cache: Cache = Cache()
            cache__host: str = ""
