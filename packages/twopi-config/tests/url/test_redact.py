from collections import OrderedDict

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from twopi_config import Secret, build_url, redact, redact_url

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
raw = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)
schemes = st.sampled_from(
    ["redis", "amqp", "postgresql+psycopg", "mongodb", "https", "ws", "sentinel"]
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgresql://app:s3@db/app?a=1#x", "postgresql://app:***@db/app?a=1#x"),
        ("mongodb://u:s3@h1:1,h2:2/db", "mongodb://u:***@h1:1,h2:2/db"),
        ("amqp://u:s3@h1//;amqp://u:s4@h2//", "amqp://u:***@h1//;amqp://u:***@h2//"),
        ("x://h?sslpassword=s3&b=2;token=s4", "x://h?sslpassword=***&b=2;token=***"),
        ("x://h?tok%65n=s3&author=me", "x://h?tok%65n=***&author=me"),
        ("https://h/#access_token=s3&state=1", "https://h/#access_token=***&state=1"),
        ("https://s3@github.com/x.git", "https://***@github.com/x.git"),
        ("nats://s3@h:4222", "nats://***@h:4222"),
        ("redis://h:6379,password=s3cret,ssl=True", "redis://***"),
        ("mongodb://h1:27017,h2:27017/d", "mongodb://h1:27017,h2:27017/d"),
        ("postgresql://app@db/app", "postgresql://app@db/app"),
        # a raw / ? # in the password
        ("redis://:s3/s4@cache/0", "redis://***@cache/0"),
        ("redis://:123/s4@cache/0", "redis://***@cache/0"),
        ("redis://:s3#s4@cache/0?token=s5", "redis://***@cache/0?token=***"),
        ("redis://u:s3@s4/s5@cache/0", "redis://***@cache/0"),
        ("https://u:s3?s4@host/x", "https://***@host/x"),
        ("redis://u:s3", "redis://***"),
        ("no url, s3", "***"),
        ("redis://:s3\n@h", "***"),
        ("", "***"),
        (None, "***"),
    ],
)
def test_a_url_without_its_secrets(url, expected):
    assert redact_url(url) == expected


@pytest.mark.parametrize(
    "address",
    [
        "http://host:80/a@b",
        "http://localhost:8000/?email=a@b",
        "https://social.example/@ada",
        "redis://[::1]:6379/0",
        "sentinel://h1:26379;sentinel://h2:26379/0",
        "sqlite:////home/me@work/a.db",
        "//cdn.example/logo.svg",
    ],
)
def test_a_url_without_a_secret_stays(address):
    assert redact_url(address) == address


@given(schemes, words, raw, words, st.booleans())
def test_no_password_is_shown_quoted_or_not(scheme, username, password, host, quoted):
    if "://" in password:
        password = password.replace("://", "")
    password = f"Zq{password}qZ"
    url = f"{scheme}://{username}:{password}@{host}/0"
    if quoted:
        url = build_url(f"{scheme}://{host}/0", username=username, password=password)

    shown = redact_url(url)

    assert "Zq" not in shown
    assert "qZ" not in shown
    assert shown.endswith(f"@{host}/0")


@given(st.text())
def test_it_never_raises(text):
    assert isinstance(redact_url(f"x://{text}"), str)
    assert isinstance(redact_url(text), str)


def test_a_configuration_without_its_secrets():
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="zq1",
        SQLALCHEMY_DATABASE_URI="postgresql://app:zq2@db/app",
        SESSION_COOKIE_SECURE=True,
        CELERY={"broker_url": "amqp://u:zq3@mq", "task_acks_late": True},
        MAIL=[OrderedDict(api_key=b"zq4"), ("zq", {"SigningKeys": ["zq5"]})],
        DB_PASS=12345,
        SENTRY=Secret("zq6"),
        OPTIONS={"sslPassword": {"zq7": "zq8"}, "x-auth-token": None, "pwd": ""},
    )

    shown = redact(app.config)

    assert shown["SQLALCHEMY_DATABASE_URI"] == "postgresql://app:***@db/app"
    assert shown["SESSION_COOKIE_SECURE"] is True
    assert shown["CELERY"] == {"broker_url": "amqp://u:***@mq", "task_acks_late": True}
    assert shown["MAIL"] == [{"api_key": "***"}, ["zq", {"SigningKeys": "***"}]]
    assert (shown["SECRET_KEY"], shown["DB_PASS"], shown["SENTRY"]) == ("***",) * 3
    assert shown["OPTIONS"] == {"sslPassword": "***", "x-auth-token": None, "pwd": ""}
    assert app.config["SECRET_KEY"] == "zq1"


def test_what_holds_itself_ends():
    data = {"a": 1}
    data["self"] = [data]
    deep = []
    for _ in range(100_000):
        deep = [deep]

    assert redact(data) == {"a": 1, "self": ["***"]}
    assert "***" in str(redact(deep))
