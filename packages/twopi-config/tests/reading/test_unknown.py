"""Variables with the prefix that are not declared."""

import pytest

from twopi_config import Settings, SettingsError


class Shop(Settings, prefix="SHOP_"):
    page_size: int = 50
    motto: str = ""


def problems(environ, cls=Shop, **options):
    with pytest.raises(SettingsError) as caught:
        cls.load(environ, **options)
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize(
    "name", ["SHOP_PAGESIZE", "SHOP_PAGE_SIZES", "shop_page_size", "Shop_Page_Size"]
)
def test_a_misspelt_name_has_its_remedy(name):
    assert problems({name: "zq"}) == [
        f"{name} is not a declared setting; did you mean SHOP_PAGE_SIZE?"
    ]


def test_another_name_has_one_too():
    assert problems({"SHOP_COLOR": "zq", "SHOP_PAGE_SIZE": "x"}) == [
        "SHOP_PAGE_SIZE must be a whole number",
        "SHOP_COLOR is not a declared setting; remove it or ignore= it",
    ]


def test_files_are_looked_at(tmp_path):
    (tmp_path / ".env").write_text("SHOP_PAGESIZE=9\nOTHER=1\n")

    [problem] = problems({}, env_file=tmp_path / ".env")

    assert problem.startswith("SHOP_PAGESIZE is not")


@pytest.mark.parametrize(
    "environ",
    [
        {"SHOPPING_CART": "1", "PAGESIZE": "1", "PATH": "/bin"},
        {"SHOP_PAGESIZE": ""},
        {"SHOP_PAGE_SIZE_FILE": ""},
        # a service called "shop", in Kubernetes and in Docker's links
        {
            "SHOP_SERVICE_HOST": "10.0.0.1",
            "SHOP_SERVICE_PORT": "80",
            "SHOP_SERVICE_PORT_HTTP": "80",
            "SHOP_PORT": "tcp://10.0.0.1:80",
            "SHOP_PORT_80_TCP": "tcp://10.0.0.1:80",
            "SHOP_PORT_80_TCP_PROTO": "tcp",
            "SHOP_PORT_80_TCP_PORT": "80",
            "SHOP_PORT_80_TCP_ADDR": "10.0.0.1",
        },
        # and one called "shop-db"
        {
            "SHOP_DB_SERVICE_HOST": "10.0.0.2",
            "SHOP_DB_SERVICE_PORT": "5432",
            "SHOP_DB_PORT": "tcp://10.0.0.2:5432",
            "SHOP_DB_PORT_5432_TCP": "tcp://10.0.0.2:5432",
        },
    ],
)
def test_what_is_left_alone(environ):
    assert Shop.load(environ) == Shop()


def test_a_port_that_is_not_a_link_is_told():
    [problem] = problems({"SHOP_PORT": "80"})

    assert problem.startswith("SHOP_PORT is not a declared setting")


def test_names_to_ignore():
    class Tolerant(Shop, ignore=["SHOP_LEGACY_*", "SHOP_OLD"]):
        pass

    class Deaf(Shop, ignore="*"):
        pass

    environ = {"SHOP_LEGACY_X": "1", "SHOP_OLD": "1"}
    assert Tolerant.load(environ) == Tolerant()
    assert len(problems({**environ, "SHOP_OLDER": "1"}, Tolerant)) == 1
    assert Deaf.load({"SHOP_ANYTHING": "1"}) == Deaf()


def test_without_a_prefix_every_name_is_anothers():
    class Bare(Settings):
        page_size: int = 50

    assert Bare.load({"PAGESIZE": "9"}) == Bare()


def test_many_are_counted_and_shown_in_one_line_each():
    environ = {f"SHOP_X{number}": "1" for number in range(1000)}

    found = problems({**environ, "SHOP_\n": "1"})

    assert found[0] == "'SHOP_\\n' is not a declared setting; remove it or ignore= it"
    assert len(found) == 21
    assert found[-1] == "SHOP_ begins 981 more variables that are not declared"
