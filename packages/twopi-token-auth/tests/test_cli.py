"""The commands ``flask token-auth``, run as the flask command runs them."""

import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points

import pytest
from sqlalchemy import create_engine

from twopi_token_auth import KeyRing, MemoryStore, TokenAuth, init_app
from twopi_token_auth.cli import token_auth
from twopi_token_auth.jose.algorithms import HMAC, NAMES
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_token_auth.testing import FrozenClock


@pytest.fixture
def run(app):
    app.cli.add_command(token_auth)
    runner = app.test_cli_runner()

    def run(*arguments, **options):
        return runner.invoke(args=["token-auth", *arguments], **options)

    return run


def test_flask_finds_the_commands():
    (found,) = entry_points(group="flask.commands", name="token-auth")

    assert found.load() is token_auth


@pytest.mark.parametrize("algorithm", NAMES)
def test_a_new_key_signs(run, app, algorithm, token_class):
    result = run("keygen", "--alg", algorithm, "--json")

    assert result.exit_code == 0
    app.config["TOKEN_AUTH_KEYS"] = {"keys": [json.loads(result.stdout)]}
    init_app(app)
    minted = run("mint", "--claim", "uid=ada").stdout.strip()
    with app.app_context():
        assert token_class.verify(minted).user_id == "ada"
    published = json.loads(run("jwks", "--json").stdout)["keys"]
    assert len(published) == (0 if algorithm in HMAC else 1)
    assert all("d" not in key for key in published)


def test_keys_are_new_and_have_names(run, app):
    first, second = (json.loads(run("keygen").stdout) for _ in range(2))
    named = json.loads(run("keygen", "--kid", "mine", "--alg", "HS512").stdout)

    assert first["kid"] != second["kid"]
    assert KeyRing().add({**first, "kid": None}).current.kid == first["kid"]
    assert (named["kid"], named["alg"], named["kty"]) == ("mine", "HS512", "oct")
    assert run("keygen", "--alg", "none").exit_code == 2


def test_the_rotation_drill_with_files(run, app, tmp_path, token_class):
    old, new = tmp_path / "old.jwk", tmp_path / "new.jwk"
    for path in (old, new):
        path.write_text(run("keygen").stdout)
    app.config["TOKEN_AUTH_KEYS"] = [old, new]
    token = run("mint", "--claim", "uid=ada").stdout.strip()
    kids = [key["kid"] for key in json.loads(run("jwks").stdout)["keys"]]

    app.config["TOKEN_AUTH_KEYS"] = [new, old]

    assert json.loads(run("jwks").stdout)["keys"][0]["kid"] == kids[1]
    assert run("inspect", token).exit_code == 0
    app.config["TOKEN_AUTH_KEYS"] = [new]
    result = run("inspect", token, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["reason"] == "unknown_key"


def test_a_token_is_shown(run):
    token = run("mint", "--subject", "ada", "--claim", "n=[1]").stdout.strip()

    for result in (run("inspect", token), run("inspect", input=f"Bearer {token}\n")):
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[:2] == ["valid", 'header: {"alg": "HS256", "typ": "JWT"}']
        assert "n: [1]" in lines
        assert 'sub: "ada"' in lines
        assert any(line.startswith("exp: 1") and "UTC)" in line for line in lines)
    bad = run("inspect", token[:-4] + "AAAA")
    assert (bad.exit_code, bad.stdout.splitlines()[0]) == (1, "not valid: signature")


def test_what_is_no_token(run):
    for junk in ("", "x", "a.b.c", "é.é.é", "e30.e30.é", "WzFd.e30.AAAA"):
        result = run("inspect", input=junk)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")


def test_a_token_is_made_as_the_settings_say(run, app):
    app.config.update(TOKEN_AUTH_ISSUER=["us", "we"], TOKEN_AUTH_AUDIENCE="api")

    made = json.loads(run("mint", "--expires-in", "60", "--json").stdout)

    assert made["expiresIn"] == 60
    claims = json.loads(run("inspect", made["token"], "--json").stdout)["claims"]
    assert (claims["iss"], claims["aud"]) == ("us", "api")
    assert claims["exp"] - claims["iat"] == 60
    assert run("mint", "--claim", "x").exit_code == 2
    assert run("mint", "--expires-in", "0").exit_code == 2


def test_a_wrong_configuration_is_told(run, app):
    app.config["SECRET_KEY"] = None

    for command in ("mint", "inspect"):
        result = run(command, *(["e30.e30.AAAA"] if command == "inspect" else []))
        assert result.exit_code == 1
        assert "SECRET_KEY" in result.output
    app.config["TOKEN_AUTH_LEEWAY"] = "x"
    assert "TOKEN_AUTH_LEEWAY" in run("jwks").output


@pytest.fixture
def auth(app):
    return TokenAuth(app, store=MemoryStore())


@pytest.fixture
def start(app, auth):
    def start(user_id, **arguments):
        with app.app_context():
            return auth.sessions.start(user_id, **arguments).session

    return start


def test_sessions_of_a_user_are_listed(run, start):
    with FrozenClock(datetime(2030, 1, 1, tzinfo=UTC)) as clock:
        first = start("ada", scopes=["read"], name="phone", ip="192.0.2.1")
        clock.tick()
        second = start("ada")
        start("bob")

        found = json.loads(run("sessions", "list", "ada", "--json").stdout)
        text = run("sessions", "list", "ada").stdout

    assert found["sessions"][1] == {
        "id": first.id,
        "userId": "ada",
        "scopes": ["read"],
        "name": "phone",
        "createdAt": "2030-01-01T00:00:00Z",
        "renewedAt": "2030-01-01T00:00:00Z",
        "expiresAt": "2030-01-15T00:00:00Z",
        "ip": "192.0.2.1",
        "userAgent": None,
    }
    assert [each["id"] for each in found["sessions"]] == [second.id, first.id]
    assert text.index(second.id) < text.index(f"{first.id}  phone")
    assert "logged in 2030-01-01T00:00:00Z from 192.0.2.1" in text
    assert run("sessions", "list", "eve").stdout == "There is no session.\n"
    assert json.loads(run("sessions", "list", "eve", "--json").stdout) == {
        "sessions": []
    }


def test_sessions_are_ended(run, start, auth, app):
    one, two, three, kept = (start("ada").id for _ in range(4))

    assert run("sessions", "revoke", one).stdout == "1 ended\n"
    again = run("sessions", "revoke", one, two, "nobody", "--json")
    assert again.exit_code == 1
    assert json.loads(again.stdout) == {"revoked": 1, "unknown": [one, "nobody"]}
    assert again.stderr == f"Error: Unknown, or ended before: {one}, nobody\n"
    rest = run("sessions", "revoke", "--user", "ada", "--keep", kept, "--json")
    assert json.loads(rest.stdout) == {"revoked": 1, "unknown": []}
    with app.app_context():
        assert [each.id for each in auth.sessions.list("ada")] == [kept]
        assert auth.sessions.get(three) is None


@pytest.mark.parametrize(
    "arguments",
    [[], ["x", "--user", "ada"], ["x", "--keep", "y"]],
    ids=["nothing", "both", "keep alone"],
)
def test_it_has_to_be_said_what_to_end(run, auth, arguments):
    result = run("sessions", "revoke", *arguments)

    assert result.exit_code == 2
    assert "--user" in result.stderr


def test_ended_sessions_are_deleted(run, start, auth):
    with FrozenClock() as clock:
        for _ in range(3):
            start("ada")
        clock.tick(timedelta(days=15))
        alive = start("ada")

        assert run("purge", "--limit", "1").stdout == "1 deleted\n"
        assert json.loads(run("purge", "--json").stdout)["purged"] in {1, 2}

    assert auth._store.get(alive.id) == alive
    assert run("purge", "--limit", "0").exit_code == 2


def test_without_sessions_or_a_store_the_commands_say_so(run, app):
    commands = [["sessions", "list", "a"], ["sessions", "revoke", "a"], ["purge"]]
    for arguments in commands:
        result = run(*arguments)
        assert result.exit_code == 1
        assert "call TokenAuth.init_app(app)" in result.stderr

    engine = create_engine("sqlite:////nowhere/at/all.db")
    TokenAuth(app, store=SQLAlchemyStore(engine))
    for arguments in commands:
        result = run(*arguments)
        assert result.exit_code == 1
        assert result.stderr == "Error: The session store is not available\n"
    engine.dispose()
    assert "no blanks at its ends" in run("sessions", "list", " ").stderr
