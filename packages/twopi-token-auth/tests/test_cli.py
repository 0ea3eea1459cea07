"""The commands ``flask token-auth``, run as the flask command runs them."""

import json
from importlib.metadata import entry_points

import pytest

from twopi_token_auth import KeyRing, init_app
from twopi_token_auth.cli import token_auth
from twopi_token_auth.codec import HMAC, NAMES


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
