import re
import threading
import warnings
from datetime import timedelta

import pytest
from flask import Flask

from twopi_token_auth import (
    ConfigurationError,
    MemoryStore,
    TokenAuth,
    TokenError,
    WeakSecretWarning,
    init_app,
)
from twopi_token_auth.app.state import current_state, state_of

SHORT = "supersecret"


def make_app(**config):
    app = Flask("configured")
    app.config.update(config)
    return app


def test_init_app_returns_the_app_and_publishes_the_expiry(secret):
    app = make_app(SECRET_KEY=secret)

    assert init_app(app) is app
    assert app.config["SHORT_LIVED_TOKEN_EXPIRY"].total_seconds() == 900


def test_init_app_keeps_the_expiry_of_the_application(secret):
    expiry = timedelta(minutes=3)
    app = make_app(SECRET_KEY=secret, SHORT_LIVED_TOKEN_EXPIRY=expiry)
    init_app(init_app(app))

    assert app.config["SHORT_LIVED_TOKEN_EXPIRY"] is expiry


@pytest.mark.parametrize("value", ["900", "mine", 0, -1, True, []])
def test_an_expiry_of_another_shape_is_refused_at_start(secret, value):
    app = make_app(SECRET_KEY=secret, SHORT_LIVED_TOKEN_EXPIRY=value)

    with pytest.raises(ConfigurationError, match="seconds or a timedelta") as caught:
        init_app(app)
    assert caught.value.setting == "SHORT_LIVED_TOKEN_EXPIRY"


@pytest.mark.parametrize(
    ("value", "seconds"), [(60, 60), (60.0, 60), (None, 900), (timedelta(1), 86400)]
)
@pytest.mark.parametrize("start", [True, False])
def test_an_expiry_in_seconds_is_read(secret, value, seconds, start):
    app = make_app(SECRET_KEY=secret, SHORT_LIVED_TOKEN_EXPIRY=value)
    auth = TokenAuth(app, store=MemoryStore())
    if not start:  # as by a test that sets it later
        app.config["SHORT_LIVED_TOKEN_EXPIRY"] = value
    with app.app_context():
        assert auth.sessions.start("ada").expires_in == seconds


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("TOKEN_AUTH_CHECK_REVOKATION", "did you mean TOKEN_AUTH_CHECK_REVOCATION?"),
        ("TOKEN_AUTH_COOKIE_SECUR", "did you mean TOKEN_AUTH_COOKIE_SECURE?"),
        ("TOKEN_AUTH_XYZZY_PLUGH_QUX", "remove or rename it"),
    ],
)
def test_a_misspelt_setting_is_refused_at_start(secret, name, remedy):
    app = make_app(SECRET_KEY=secret, **{name: True})

    with pytest.raises(ConfigurationError, match=re.escape(remedy)) as caught:
        init_app(app)
    assert caught.value.setting == name


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 32, "TOKEN_AUTH_LEEWAY": -1}, "TOKEN_AUTH_LEEWAY"),
        (
            {"SECRET_KEY": SHORT, "TOKEN_AUTH_REQUIRE_STRONG_SECRET": True},
            "TOKEN_AUTH_REQUIRE_STRONG_SECRET",
        ),
    ],
)
def test_init_app_refuses_wrong_settings(config, setting):
    with pytest.raises(ConfigurationError) as caught:
        init_app(make_app(**config))

    assert caught.value.setting == setting


def test_an_impossible_fallback_is_named():
    fallbacks = ["y" * 32, "-----BEGIN PUBLIC KEY-----"]

    with pytest.raises(ConfigurationError, match=r"^SECRET_KEY_FALLBACKS\[1\] is "):
        init_app(make_app(SECRET_KEY="x" * 32, SECRET_KEY_FALLBACKS=fallbacks))


def test_wrong_settings_raise_without_init_app_too(token_class):
    app = make_app()
    with app.app_context():
        with pytest.raises(ConfigurationError, match="SECRET_KEY"):
            token_class("ada").dump()
        with pytest.raises(ConfigurationError, match="SECRET_KEY"):
            token_class.load("junk")

        app.config.update(SECRET_KEY="x" * 32, TOKEN_AUTH_REALM=5)
        with pytest.raises(ConfigurationError, match="TOKEN_AUTH_REALM"):
            token_class.load("junk")


def test_without_an_application_only_an_own_secret_works(token_class, secret):
    assert token_class.load(token_class("ada").dump(secret), secret).user_id == "ada"
    with pytest.raises(ConfigurationError, match="if there is no application"):
        token_class("ada").dump()
    with pytest.raises(ConfigurationError, match="if there is no application"):
        token_class.load("a.b.c")


def test_an_own_secret_works_without_secret_key(token_class, secret):
    with make_app().app_context():
        assert (
            token_class.load(token_class("ada").dump(secret), secret).user_id == "ada"
        )


def test_a_changed_setting_is_honoured_at_once(context, token_class):
    token = token_class("ada").dump()
    assert token_class.load(token)

    context.config["TOKEN_AUTH_REQUIRE"] = ["exp"]
    assert token_class.load(token) is None
    context.config["TOKEN_AUTH_REQUIRE"].clear()
    assert token_class.load(token)
    context.config["TOKEN_AUTH_MAX_LENGTH"] = 9
    assert token_class.load(token) is None
    del context.config["TOKEN_AUTH_MAX_LENGTH"]
    assert token_class.load(token)
    context.config["SECRET_KEY"] = "another secret of thirty-two bytes."
    assert token_class.load(token) is None


def test_the_state_is_kept_while_the_settings_are(app):
    with app.app_context():
        state = current_state()
        keys = state.accepted(None, "HS256")

        app.config["UNRELATED"] = True
        assert current_state() is state
        assert state.accepted(None, "HS256") is keys
        app.config["TOKEN_AUTH_LEEWAY"] = 1
        assert current_state() is not state


def test_two_applications_do_not_share_anything(token_class):
    first = make_app(SECRET_KEY="the secret of the first application")
    second = make_app(SECRET_KEY="the secret of the second application")
    with first.app_context():
        token = token_class("ada").dump()
        with second.app_context():
            assert token_class.load(token) is None
        assert token_class.load(token)


def test_a_secret_can_be_replaced_without_logging_anybody_out(
    context, token_class, secret
):
    old = token_class("ada").dump()

    context.config["SECRET_KEY"] = "the new secret, thirty-two bytes."
    context.config["SECRET_KEY_FALLBACKS"] = [secret]
    new = token_class("ada").dump()
    assert token_class.load(old)
    assert token_class.load(new)

    context.config["SECRET_KEY_FALLBACKS"].pop()
    assert token_class.load(old) is None
    assert token_class.load(new)


def test_a_fallback_does_not_hide_why_a_token_is_refused(context, token_class, clock):
    token = token_class("ada", expiry=clock.date(-1)).dump()
    context.config["SECRET_KEY_FALLBACKS"] = [b"an older secret of thirty-two bytes"]

    with pytest.raises(TokenError) as caught:
        token_class.verify(token)

    assert caught.value.expired


def test_a_fallback_is_not_for_an_own_secret(context, token_class, secret):
    context.config["SECRET_KEY_FALLBACKS"] = ["an older secret of thirty-two bytes"]
    old = token_class("ada").dump("an older secret of thirty-two bytes")

    assert token_class.load(old)
    assert token_class.load(old, secret) is None


def test_a_short_secret_works_with_one_warning_per_application(token_class):
    apps = [make_app(SECRET_KEY=SHORT, SECRET_KEY_FALLBACKS=["x"]) for _ in range(2)]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for app in apps:
            with app.app_context():
                for _ in range(3):
                    assert token_class.load(token_class("ada").dump())
                app.config["TOKEN_AUTH_LEEWAY"] = 5
                assert token_class.load(token_class("ada").dump())

    assert [warning.category for warning in caught] == [WeakSecretWarning] * 2
    assert "SECRET_KEY is weak" in str(caught[0].message)
    assert SHORT not in str(caught[0].message)


def test_a_short_secret_works_where_warnings_are_errors(token_class, caplog):
    """The warning goes to the log then; a login does not fail for it."""
    with make_app(SECRET_KEY=SHORT).app_context():
        assert token_class.load(token_class("ada").dump()).user_id == "ada"

    assert caplog.messages[0].startswith("SECRET_KEY is weak")


def test_a_short_secret_that_is_passed_is_no_warning(token_class):
    assert token_class.load(token_class("ada").dump("x"), "x").user_id == "ada"


def test_short_secrets_can_be_forbidden(token_class, context, secret):
    context.config["TOKEN_AUTH_REQUIRE_STRONG_SECRET"] = True
    assert token_class.load(token_class("ada").dump())

    with pytest.raises(ConfigurationError, match="The secret is weak"):
        token_class.load("junk", SHORT)
    context.config["SECRET_KEY_FALLBACKS"] = [SHORT]
    with pytest.raises(ConfigurationError, match=r"SECRET_KEY_FALLBACKS\[0\] is weak"):
        token_class.load("junk")
    context.config.update(SECRET_KEY=SHORT, SECRET_KEY_FALLBACKS=None)
    with pytest.raises(ConfigurationError, match="SECRET_KEY is weak"):
        token_class("ada").dump()


def test_strength_is_that_of_the_algorithm(token_class, context):
    class Strong(token_class):
        algorithm = "HS512"

    context.config["TOKEN_AUTH_REQUIRE_STRONG_SECRET"] = True

    assert token_class.load(token_class("ada").dump())
    with pytest.raises(ConfigurationError, match="SHA512"):
        Strong("ada").dump()


def test_threads_that_start_together_get_one_warning_and_right_answers(token_class):
    app = make_app(SECRET_KEY=SHORT)
    barrier = threading.Barrier(8)
    names = []

    def work():
        barrier.wait()
        for n in range(50):
            with app.app_context():
                app.config["TOKEN_AUTH_LEEWAY"] = n % 3
                names.append(token_class.load(token_class("ada").dump()).user_id)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert names == ["ada"] * 400
    assert len(caught) == 1
    assert state_of(app).settings.leeway == app.config["TOKEN_AUTH_LEEWAY"]
