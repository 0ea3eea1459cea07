import datetime as dt
import enum
import os
import pickle
import re
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from dotenv import dotenv_values
from flask import Flask, session

from twopi_config import (
    ByteSize,
    ConfigError,
    DeclarationError,
    Secret,
    Settings,
    SettingsError,
    parse_url,
    variable,
)


class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.StrEnum):
    LOW = "low"
    HIGH = "high"


class Acme(Settings, prefix="ACME_"):
    """The settings of Acme.

    One a line.
    """

    database_url: Secret = variable(
        doc="Where the orders are kept",
        check=lambda url: parse_url(url.reveal()),
        wanted="a URL like postgresql+psycopg://user@host/db",
    )
    port: int = variable(
        default=8000,
        doc="Where it listens",
        name="PORT",
        check=lambda port: 0 < port < 65536,
        wanted="a port from 1 to 65535",
    )
    debug: bool = False
    token: Secret | None = None
    note: str | None = None


class Everything(Settings):
    text: str = 'it\'s a \\ "text" # 1 ${HOME}\n\ttwo\r\\'
    short: str = "ends with \\"
    flag: bool = True
    whole: int = -5
    real: float = 1.5
    exact: Decimal = Decimal("1.50")
    place: Path = Path("/var/lib/a b")
    key: uuid.UUID = uuid.UUID(int=5)
    day: dt.date = dt.date(2026, 11, 22)
    hour: dt.time = dt.time(18, 30)
    moment: dt.datetime = dt.datetime(2026, 11, 22, 18, 30, 1, 5, tzinfo=dt.UTC)
    life: dt.timedelta = dt.timedelta(days=1, minutes=90, microseconds=7)
    never: dt.timedelta = dt.timedelta()
    color: Color = Color.GREEN
    level: Level = Level.HIGH
    mode: Literal["a", "b", 3] = 3
    names: tuple[str, ...] = ("a", "b c")
    numbers: list[int] = variable(default_factory=lambda: [1, 2])
    odd: frozenset[int] = frozenset({1, 3})
    colors: set[Color] = variable(default_factory=lambda: {Color.RED})
    limits: dict[str, float] = variable(default_factory=lambda: {"a": 1.0, "b": 2.5})
    commas: list[str] = variable(default_factory=lambda: ["a,b", " c", "", "é\n"])
    bracket: tuple[str, ...] = ("[::1]",)
    empty: list[str] = variable(default_factory=list)
    odd_names: dict[str, str] = variable(default_factory=lambda: {"a=b,": "", "": ","})
    braces: dict[str, int] = variable(default_factory=lambda: {"{a": 1})
    nested: list[dict[str, list[int]]] = variable(
        default_factory=lambda: [{"a": [1, 2]}, {}]
    )
    size: ByteSize = ByteSize("64 MiB")
    either: int | bool | str = "x"
    number_first: int | str = 5
    past: dt.timedelta = -dt.timedelta(seconds=1)
    nothing: int | None = None


def load(**environ):
    return Acme.load({"ACME_DATABASE_URL": "sqlite://", **environ})


def problems(**environ):
    with pytest.raises(SettingsError) as caught:
        Acme.load(environ)
    return str(caught.value)


def test_values_have_their_types():
    settings = load(PORT="80", ACME_DEBUG="yes", ACME_TOKEN="zq", ACME_NOTE="a")

    assert settings.database_url == Secret("sqlite://")
    assert (settings.port, settings.debug, settings.note) == (80, True, "a")
    assert settings.token == Secret("zq")


def test_defaults_and_empty_values():
    settings = load(PORT="", ACME_TOKEN="", ACME_TOKEN_FILE="", ACME_NOTE="")

    assert settings == Acme(database_url=Secret("sqlite://"))
    assert (settings.port, settings.token, settings.note) == (8000, None, None)


def test_the_environment_of_the_process(monkeypatch):
    monkeypatch.setenv("ACME_DATABASE_URL", "sqlite://")
    monkeypatch.setenv("PORT", "7")

    assert Acme.load().port == 7


def test_all_that_is_wrong_is_reported_at_once():
    message = problems(PORT="zq", ACME_DEBUG="zq", ACME_TOKEN_FILE="/zq/zq")

    assert message == (
        "4 settings cannot be used:\n"
        "  ACME_DATABASE_URL is missing; set it to a URL like "
        "postgresql+psycopg://user@host/db, or ACME_DATABASE_URL_FILE to a file with "
        "it (Where the orders are kept)\n"
        "  PORT must be a port from 1 to 65535 (Where it listens)\n"
        "  ACME_DEBUG must be true or false\n"
        "  ACME_TOKEN_FILE must name a file with the value: readable, UTF-8, at "
        "most 1 MiB"
    )


def test_an_error_says_what_is_wrong_and_has_no_value():
    with pytest.raises(ConfigError) as caught:
        Acme.load({"ACME_DATABASE_URL": "zq", "PORT": "zq"})

    error = caught.value
    assert [each.name for each in error.problems] == ["ACME_DATABASE_URL", "PORT"]
    assert str(error).startswith("2 settings cannot be used:")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert error.__cause__ is error.__context__ is None
    trace = error.__traceback__
    while trace := trace.tb_next:
        assert "zq" not in repr(
            {n: v for n, v in trace.tb_frame.f_locals.items() if n != "environ"}
        )


def test_a_value_of_every_type_is_spelled_as_it_is_read(tmp_path):
    """Take the mark off each setting of the example, and read it."""
    file = tmp_path / ".env"
    text = re.sub(r"(?m)^# ([A-Z_]+=)", r"\1", Everything.example())
    file.write_text(text, encoding="utf-8", newline="\n")
    written = dotenv_values(file, interpolate=False)

    assert Everything.load({}, file) == Everything()

    assert all(written[each.name] == each.example for each in Everything.variables)
    by_default = {
        name
        for name, origin in Everything.origins({}, file).items()
        if origin == "default"
    }
    assert by_default == {"NOTHING"}


def test_a_default_that_no_string_stands_for_is_left_empty():
    class Odd(Settings):
        most: float = float("inf")
        off: int = variable(default=0, check=lambda it: it > 0, wanted="above 0")
        wrong: int = variable(default="not a number")

    assert [each.example for each in Odd.variables] == ["", "0", ""]


@pytest.mark.parametrize(
    ("name", "texts"),
    {
        "FLAG": ["2", "ja"],
        "WHOLE": ["1.5", "x", "9" * 5000, "1e3"],
        "REAL": ["nan", "inf", "x"],
        "EXACT": ["NaN", "x", "1,5"],
        "KEY": ["5"],
        "DAY": ["22.11.2026", "2026-13-01"],
        "HOUR": ["25:00"],
        "MOMENT": ["now"],
        "LIFE": ["soon", "9" * 400],
        "COLOR": ["red", "1"],
        "LEVEL": ["HIGH"],
        "MODE": ["c", "4"],
        "NUMBERS": ["1,x", "1,,2"],
        "COLORS": ["RED,BLUE"],
        "LIMITS": ["a", "a=x", "a=1,b"],
        "NOTHING": ["none"],
    }.items(),
)
def test_bad_text_of_every_type(name, texts):
    for text in texts:
        with pytest.raises(SettingsError) as caught:
            Everything.load({name: text})
        assert [each.name for each in caught.value.problems] == [name]


def test_lists_and_dicts_with_spaces():
    settings = Everything.load({"NAMES": "a, b ,c", "LIMITS": "a=1, b = 2"})

    assert settings.names == ("a", "b", "c")
    assert settings.limits == {"a": 1.0, "b": 2.0}


class TestFiles:
    def test_a_secret_in_a_file(self, tmp_path):
        file = tmp_path / "token"
        for content, expected in [
            (b"zq\n", "zq"),
            (b"zq\r\n", "zq"),
            (b"\xef\xbb\xbf z\nq \n\n", " z\nq \n"),
            ("é".encode(), "é"),
        ]:
            file.write_bytes(content)
            assert load(ACME_TOKEN_FILE=str(file)).token == Secret(expected)

    @pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"x" * (2**20 + 1)])
    def test_no_secret_in_a_file(self, tmp_path, content):
        file = tmp_path / "token"
        file.write_bytes(content)

        message = problems(ACME_DATABASE_URL="sqlite://", ACME_TOKEN_FILE=str(file))

        assert "ACME_TOKEN_FILE must name a file with the value" in message
        assert str(file) not in message

    @pytest.mark.parametrize("path", ["/nowhere/zq", "/", "a\0b", "zq" * 5000])
    def test_no_file(self, path):
        message = problems(ACME_DATABASE_URL="sqlite://", ACME_TOKEN_FILE=path)

        assert "ACME_TOKEN_FILE must name a file" in message

    def test_a_value_and_a_file(self):
        message = problems(ACME_DATABASE_URL="sqlite://", ACME_DATABASE_URL_FILE="/zq")

        assert message == (
            "1 setting cannot be used:\n"
            "  ACME_DATABASE_URL_FILE and ACME_DATABASE_URL are set; keep one"
        )

    def test_a_bad_value_in_a_file_names_the_variable_of_the_file(self, tmp_path):
        (tmp_path / "url").write_text("zq")

        message = problems(ACME_DATABASE_URL_FILE=str(tmp_path / "url"))

        assert "ACME_DATABASE_URL_FILE must be a URL" in message

    def test_every_setting_may_stand_in_a_file(self, tmp_path):
        (tmp_path / "note").write_text("zq\n")
        (tmp_path / "port").write_text("81")

        settings = load(
            ACME_NOTE_FILE=str(tmp_path / "note"), PORT_FILE=str(tmp_path / "port")
        )

        assert (settings.note, settings.port) == ("zq", 81)

    def test_a_field_of_its_own_has_the_name(self, tmp_path):
        class Tls(Settings):
            key: str = ""
            key_file: Path = Path()

        settings = Tls.load({"KEY": "k", "KEY_FILE": "/etc/key"})

        assert settings == Tls(key="k", key_file=Path("/etc/key"))


class TestEnvFile:
    def test_the_environment_comes_first(self, tmp_path):
        file = tmp_path / ".env"
        file.write_text("PORT=1\nACME_NOTE=${PORT}\nACME_TOKEN=dev\nACME_DEBUG\n")
        (tmp_path / "token").write_text("mounted")
        environ = {
            "ACME_DATABASE_URL": "sqlite://",
            "PORT": "2",
            "ACME_TOKEN_FILE": str(tmp_path / "token"),
        }

        settings = Acme.load(environ, file)

        assert (settings.port, settings.note) == (2, "${PORT}")
        assert settings.token == Secret("mounted")
        assert Acme.origins(environ, file) == {
            "ACME_DATABASE_URL": "environment",
            "PORT": "environment",
            "ACME_DEBUG": "default",
            "ACME_TOKEN": "environment, ACME_TOKEN_FILE",
            "ACME_NOTE": ".env",
        }

    def test_the_process_is_left_alone(self, tmp_path):
        (tmp_path / ".env").write_text("ACME_DATABASE_URL=sqlite://\n")
        before = dict(os.environ)

        Acme.load({}, tmp_path / ".env")

        assert dict(os.environ) == before

    def test_one_that_is_not_there(self, tmp_path):
        settings = Acme.load({"ACME_DATABASE_URL": "x://"}, tmp_path / ".env")

        assert settings.port == 8000

    def test_a_byte_order_mark(self, tmp_path):
        (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfACME_DATABASE_URL=sqlite://\r\n")

        assert Acme.load({}, tmp_path / ".env").database_url == Secret("sqlite://")

    @pytest.mark.parametrize("content", [None, b"\xff"])
    def test_one_that_cannot_be_read(self, tmp_path, content):
        file = tmp_path / ".env"
        file.mkdir() if content is None else file.write_bytes(content)

        with pytest.raises(SettingsError, match="env_file must be a readable"):
            Acme.load({"ACME_DATABASE_URL": "sqlite://"}, file)


def test_flask_gets_plain_values():
    app = Flask(__name__)
    settings = Acme(database_url=Secret("sqlite://"), port=5)

    settings.to_flask(app)

    assert app.config["DATABASE_URL"] == "sqlite://"
    assert (app.config["PORT"], app.config["TOKEN"]) == (5, None)
    assert app.extensions["twopi_config"] is settings


def rotated():
    """An application whose key was replaced a while ago."""

    class Keys(Settings):
        secret_key: Secret
        secret_key_fallbacks: list[Secret] = variable(default_factory=list)

    app = Flask(__name__)
    environ = {"SECRET_KEY": "n" * 32, "SECRET_KEY_FALLBACKS": "o" * 32}
    Keys.load(environ).to_flask(app)

    @app.get("/")
    def show():
        return str(session.get("who"))

    return app


@pytest.mark.skipif(
    "SECRET_KEY_FALLBACKS" not in Flask.default_config, reason="Flask 3.1 has them"
)
def test_a_cookie_signed_with_an_old_key_is_read():
    old = Flask(__name__)
    old.secret_key = "o" * 32
    signer = old.session_interface.get_signing_serializer(old)
    client = rotated().test_client()

    client.set_cookie("session", signer.dumps({"who": "ada"}))
    assert client.get("/").text == "ada"
    client.set_cookie("session", "e30.aaaa.bbbb")
    assert client.get("/").text == "None"


def test_flask_gets_plain_secrets_wherever_they_stand():
    class Deep(Settings):
        plain: Secret = Secret("a")
        several: tuple[Secret, ...] = (Secret("b"),)
        different: frozenset[Secret] = frozenset({Secret("c")})
        named: dict[str, Secret] = variable(default_factory=lambda: {"d": Secret("d")})
        nested: dict[str, list[Secret]] = variable(
            default_factory=lambda: {"e": [Secret("e")]}
        )
        maybe: list[Secret] | None = None

    app = Flask(__name__)
    Deep.load({"MAYBE": "f,g"}).to_flask(app)

    assert app.config["PLAIN"] == "a"
    assert app.config["SEVERAL"] == ("b",)
    assert app.config["DIFFERENT"] == frozenset({"c"})
    assert app.config["NAMED"] == {"d": "d"}
    assert app.config["NESTED"] == {"e": ["e"]}
    assert app.config["MAYBE"] == ["f", "g"]
    assert all(each.secret and each.example == "" for each in Deep.variables)


def test_it_shows_no_secret():
    settings = Acme(database_url=Secret("zq"), note="redis://:zq@h")

    assert repr(settings) == (
        "Acme(database_url='***', port=8000, debug=False, token=None, "
        "note='redis://:***@h')"
    )


def test_it_is_frozen_and_named():
    settings = Acme(database_url=Secret("x"))

    with pytest.raises(AttributeError):
        settings.port = 5
    with pytest.raises(TypeError):
        Acme(Secret("x"))


def test_a_subclass_adds_to_its_base():
    class More(Acme):
        workers: int = 2

    class Other(More, prefix="OTHER_"):
        pass

    assert [each.name for each in More.variables][-2:] == ["ACME_NOTE", "ACME_WORKERS"]
    assert [each.name for each in Other.variables][-1] == "OTHER_WORKERS"
    assert len(Acme.variables) == 5


def test_the_example_of_an_environment():
    assert Acme.example().startswith(
        "# The settings of Acme.\n"
        "#\n"
        "# One a line.\n"
        "\n"
        "# Where the orders are kept\n"
        "# Required: a URL like postgresql+psycopg://user@host/db; "
        "ACME_DATABASE_URL_FILE may name a file with it\n"
        "ACME_DATABASE_URL=\n"
        "\n"
        "# Where it listens\n"
        "# Optional: a port from 1 to 65535\n"
        "# PORT=8000\n"
        "\n"
        "# Optional: true or false\n"
        "# ACME_DEBUG=false\n"
    )


def test_the_example_of_a_class_without_a_docstring():
    class Bare(Settings):
        port: int = 80

    assert Bare.example() == "# Optional: a whole number\n# PORT=80\n"


def test_the_default_of_a_secret_is_not_shown():
    class Leaky(Settings):
        key: Secret = Secret("zq-default")

    assert "zq" not in Leaky.example() + Leaky.table() + repr(Leaky())


def test_the_table_of_the_docs():
    class Piped(Settings):
        mode: str = variable(default="a|b", doc="this | that\nand more")

    assert Acme.table().startswith(
        "| variable | value | default | meaning |\n"
        "|---|---|---|---|\n"
        "| `ACME_DATABASE_URL` | a URL like postgresql+psycopg://user@host/db, or in "
        "the file ACME_DATABASE_URL_FILE | required | Where the orders are kept |\n"
        "| `PORT` | a port from 1 to 65535 | `8000` | Where it listens |\n"
    )
    assert Piped.table().splitlines()[2] == (
        "| `MODE` | a string | `a\\|b` | this \\| that and more |"
    )


class TestDeclarations:
    def test_a_type_that_cannot_be_read(self):
        for bad in (object, dict, dict[int, str], tuple[int, int], str | int, list):
            with pytest.raises(DeclarationError, match=r"Bad\.x has a type"):
                type("Bad", (Settings,), {"__annotations__": {"x": bad}})

    def test_a_check_says_what_it_wants(self):
        with pytest.raises(DeclarationError, match=r"Bad\.x has a check"):

            class Bad(Settings):
                x: int = variable(default=1, check=bool)

    def test_two_fields_of_one_variable(self):
        with pytest.raises(DeclarationError, match=r"Bad\.x_file needs a variable"):

            class Bad(Settings):
                x: Secret
                x_file: str = ""

    def test_a_name_that_is_none(self):
        with pytest.raises(DeclarationError, match=r"Bad\.x needs a variable"):

            class Bad(Settings):
                x: int = variable(default=1, name="A=B")

    def test_the_name_of_a_method(self):
        with pytest.raises(DeclarationError, match=r"Bad\.example is a method"):

            class Bad(Settings):
                example: str = ""


def test_a_check_may_raise_anything_and_return_anything():
    def check(number):
        if number == 1:
            raise ZeroDivisionError("zq")
        return [] if number == 2 else None

    class Checked(Settings):
        number: int = variable(default=0, check=check, wanted="not one")

    assert Checked.load({"NUMBER": "2"}).number == 2
    assert Checked.load({"NUMBER": "3"}).number == 3
    with pytest.raises(SettingsError, match="NUMBER must be not one"):
        Checked.load({"NUMBER": "1"})
