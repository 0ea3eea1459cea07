from datetime import timedelta

import pytest

from twopi_token_auth import ConfigurationError
from twopi_token_auth.app.config_snapshot import Snapshot
from twopi_token_auth.app.settings import (
    SETTINGS,
    read_session_settings,
    read_settings,
)


def read(**config):
    return read_settings(config)


def test_everything_has_a_default():
    settings = read()

    assert settings.secret_key is None
    assert settings.secret_key_fallbacks == settings.require == ()
    assert settings.issuer is settings.audience is settings.realm is None
    assert (settings.leeway, settings.max_length) == (0, 16384)
    assert (settings.query_string, settings.require_strong_secret) == (True, False)


def test_none_means_the_default():
    assert read(**dict.fromkeys(setting.key for setting in SETTINGS.values())) == read()


@pytest.mark.parametrize(
    ("key", "value", "field", "read_as"),
    [
        ("SECRET_KEY", b"x", "secret_key", b"x"),
        ("SECRET_KEY_FALLBACKS", ["a", b"b"], "secret_key_fallbacks", ("a", b"b")),
        ("TOKEN_AUTH_ISSUER", "me", "issuer", ("me",)),
        ("TOKEN_AUTH_ISSUER", ["me", "you"], "issuer", ("me", "you")),
        ("TOKEN_AUTH_AUDIENCE", ("api",), "audience", ("api",)),
        ("TOKEN_AUTH_LEEWAY", 300, "leeway", 300),
        ("TOKEN_AUTH_LEEWAY", 0.5, "leeway", 1),
        ("TOKEN_AUTH_LEEWAY", timedelta(minutes=1), "leeway", 60),
        ("TOKEN_AUTH_REQUIRE", {"sub", "exp"}, "require", ("exp", "sub")),
        ("TOKEN_AUTH_MAX_LENGTH", 1, "max_length", 1),
        ("TOKEN_AUTH_QUERY_STRING", False, "query_string", False),
        ("TOKEN_AUTH_REQUIRE_STRONG_SECRET", True, "require_strong_secret", True),
        ("TOKEN_AUTH_REALM", 'the "api"', "realm", 'the "api"'),
    ],
)
def test_good_values(key, value, field, read_as):
    assert getattr(read(**{key: value}), field) == read_as


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("SECRET_KEY", value) for value in ("", b"", 5, ["x"], True)],
        *[
            ("SECRET_KEY_FALLBACKS", value)
            for value in ("x", [""], [None], [5], 5, {"x"})
        ],
        *[("TOKEN_AUTH_ISSUER", value) for value in ("", [], [""], [5], 5, b"me", {})],
        *[("TOKEN_AUTH_AUDIENCE", value) for value in ("", (), ["a", None], {"a": 1})],
        *[("TOKEN_AUTH_AUDIENCE", value) for value in ({"a", 1}, True)],
        *[("TOKEN_AUTH_LEEWAY", value) for value in (-1, 301, "5", True, float("nan"))],
        *[("TOKEN_AUTH_LEEWAY", timedelta(seconds=s)) for s in (-1, 301)],
        *[("TOKEN_AUTH_REQUIRE", value) for value in ("exp", [5], [""], 5, [["exp"]])],
        *[("TOKEN_AUTH_MAX_LENGTH", value) for value in (0, -1, 1.5, "9", True)],
        *[("TOKEN_AUTH_QUERY_STRING", value) for value in (0, 1, "no", [])],
        *[("TOKEN_AUTH_REQUIRE_STRONG_SECRET", value) for value in (1, "yes")],
        *[
            ("TOKEN_AUTH_REALM", value)
            for value in (5, "é", "a\r\nSet-Cookie: a", b"a")
        ],
    ],
)
def test_bad_values_are_named(key, value):
    with pytest.raises(
        ConfigurationError, match=rf"^The setting {key} is .* must be "
    ) as c:
        read(**{key: value})

    assert c.value.setting == key
    assert isinstance(c.value, RuntimeError)


def test_secrets_do_not_show():
    with pytest.raises(ConfigurationError) as caught:
        read(SECRET_KEY_FALLBACKS="hunter2")

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(
        read(SECRET_KEY="hunter2", SECRET_KEY_FALLBACKS=["hunter2"])
    )


def test_a_snapshot_shows_changes_inside_lists_and_sets():
    config = {"SECRET_KEY_FALLBACKS": ["a"], "TOKEN_AUTH_REQUIRE": {"exp"}}
    before = Snapshot(config)
    assert before.shows(config)

    config["SECRET_KEY_FALLBACKS"].append("b")
    between = Snapshot(config)
    config["TOKEN_AUTH_REQUIRE"].add("sub")

    assert not before.shows(config)
    assert not between.shows(config)
    assert Snapshot(config).shows(config)


@pytest.mark.parametrize(
    "config",
    [{}, {"SECRET_KEY": "a"}, {"SECRET_KEY": "a", "TOKEN_AUTH_ISSUER": ["me"]}],
)
def test_a_snapshot_shows_what_comes_and_goes(config):
    before = Snapshot(config)

    assert before.shows({**config, "OTHER": 1})
    assert not before.shows({**config, "TOKEN_AUTH_LEEWAY": 0})
    assert not before.shows({**config, "SECRET_KEY": "b"})
    for name in config:
        rest = {key: value for key, value in config.items() if key != name}
        assert not before.shows(rest)
        assert not before.shows({**rest, "TOKEN_AUTH_LEEWAY": None})


DAYS = timedelta(days=3)


@pytest.mark.parametrize(
    ("key", "value", "field", "read_as"),
    [
        ("TOKEN_AUTH_IDLE_LIFETIME", DAYS, "idle_lifetime", DAYS),
        ("TOKEN_AUTH_IDLE_LIFETIME", 3 * 86400, "idle_lifetime", DAYS),
        ("TOKEN_AUTH_IDLE_LIFETIME", None, "idle_lifetime", None),
        ("TOKEN_AUTH_ABSOLUTE_LIFETIME", None, "absolute_lifetime", None),
        ("TOKEN_AUTH_ROTATE", False, "rotate", False),
        ("TOKEN_AUTH_REUSE_GRACE", 0, "reuse_grace", timedelta(0)),
        ("TOKEN_AUTH_REUSE_GRACE", 300, "reuse_grace", timedelta(minutes=5)),
        ("TOKEN_AUTH_ON_REUSE", "user", "on_reuse", "user"),
        ("TOKEN_AUTH_MAX_SESSIONS_PER_USER", 1, "max_sessions_per_user", 1),
        ("TOKEN_AUTH_CHECK_REVOCATION", True, "check_revocation", True),
        ("TOKEN_AUTH_COOKIE_PATH", None, "cookie_path", None),
        ("TOKEN_AUTH_COOKIE_PATH", "/api/auth%20", "cookie_path", "/api/auth%20"),
        ("TOKEN_AUTH_COOKIE_DOMAIN", "shop.example", "cookie_domain", "shop.example"),
        ("TOKEN_AUTH_COOKIE_SAMESITE", "Lax", "cookie_samesite", "Lax"),
        ("TOKEN_AUTH_REVOCATION_CACHE", 9.5, "revocation_cache", timedelta(0, 9.5)),
    ],
)
def test_good_values_for_sessions(key, value, field, read_as):
    assert getattr(read_session_settings({key: value}), field) == read_as


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[
            (f"TOKEN_AUTH_{which}_LIFETIME", value)
            for which in ("IDLE", "ABSOLUTE")
            for value in (0, -1, "1 day", True, 1e300, float("nan"), -DAYS)
        ],
        *[("TOKEN_AUTH_ROTATE", value) for value in (None, 1, "yes")],
        *[("TOKEN_AUTH_REUSE_GRACE", value) for value in (-1, 301, None, "30", True)],
        *[("TOKEN_AUTH_ON_REUSE", value) for value in ("all", None, True, [])],
        *[
            ("TOKEN_AUTH_MAX_SESSIONS_PER_USER", value)
            for value in (0, -1, 1.5, "9", True)
        ],
        ("TOKEN_AUTH_CHECK_REVOCATION", "yes"),
        *[("TOKEN_AUTH_TRANSPORT", value) for value in ("form", None, True, [])],
        *[("TOKEN_AUTH_COOKIE_NAME", value) for value in ("", "a b", "a;b", None, 5)],
        *[
            ("TOKEN_AUTH_COOKIE_PATH", value)
            for value in ("", "auth", "/a;b", "/a b", "/\u00e9", "/\n", 5, True)
        ],
        *[
            ("TOKEN_AUTH_COOKIE_DOMAIN", value)
            for value in ("", ".shop.example", "a b", "a;b", "a/", "a..b", 5)
        ],
        *[("TOKEN_AUTH_COOKIE_SECURE", value) for value in (None, 1)],
        *[("TOKEN_AUTH_COOKIE_SAMESITE", value) for value in (None, "none", "x", [])],
        *[("TOKEN_AUTH_CSRF", value) for value in (None, 1)],
        *[("TOKEN_AUTH_REVOCATION_CACHE", value) for value in (-1, 301, None)],
    ],
)
def test_bad_values_for_sessions_are_named(key, value):
    with pytest.raises(
        ConfigurationError, match=rf"^The setting {key} is .* must be "
    ) as caught:
        read_session_settings({key: value})

    assert caught.value.setting == key
