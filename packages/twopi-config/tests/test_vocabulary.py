import sys

import pytest

from twopi_config import Vocabulary, redact, redact_url
from twopi_config.vocabulary import DEFAULT, is_random, is_searchable

SECRET_NAMES = """
password userPassword passwd PWD client_secret token refreshToken X-Auth-Token
api_keys Authorization HTTP_AUTHORIZATION Cookie Set-Cookie X-Api-Key apiKey
csrf_token pin auth session sessionid PRIVATE_KEY jwt aws.credentials db_pass
encryption_key signing_key sig X-Auth-Key stripe_keys Ocp-Apim-Subscription-Key
X-Functions-Key SECRET_KEY id_token SECRET_KEY_FALLBACKS TOKEN_AUTH_KEYS totp_secret
BORG_PASSPHRASE sslpassword odbc_connect AccountKey SharedAccessKey PHPSESSID
connect.sid session_id X-Session password2 X-CSRFToken password_hash secret_answer
SigningKeys raw_token HTTP_COOKIE csrfmiddlewaretoken _csrf XSRF-TOKEN cardPassword
OAUTH_SECRET MAIL_PASSWORD token_of_ada passwordConfirmation
"""
OTHER_NAMES = """
author passenger key keys pinned tokenizer secretary password_min_length token_expiry
password_required cookie_domain signature_algorithm token_type csrf_enabled
session_count key_id password_changed_at login_url SESSION_COOKIE_NAME
SESSION_COOKIE_SAMESITE SAMESITE PRIMARY_KEYS PASSWORD_MIN_LENGTH TOKEN_HEADER
max_tokens token_count cache_key public_key gen_ai.usage.input_tokens
gen_ai.request.max_tokens SESSION_REFRESH_EACH_REQUEST sessions token_id
TOKEN_AUTH_LEEWAY keyboard monkey compass bypass design position has_password
FOREIGN_KEY sortKey COOKIE_SECURE WTF_CSRF_TIME_LIMIT auth_scheme TokenType
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_secret_names(name):
    assert DEFAULT.is_secret_name(name)
    assert DEFAULT.is_secret_name(name.encode())


@pytest.mark.parametrize("name", [*OTHER_NAMES.split(), "", 5, None, "password" * 100])
def test_other_names(name):
    assert not DEFAULT.is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("password", "x", True),
        ("password", "", False),
        ("password", None, False),
        ("password", True, False),
        ("password", "None", False),
        ("pin", 1234, True),
        ("tokens", 812, False),
        ("tokens", "812", False),
        ("tokens", ["a"], True),
        ("pwd", "/srv/shop", False),
        ("OLDPWD", "/", False),
        ("pwd", "hunter", True),
        ("name", "x", False),
    ],
)
def test_what_a_name_hides(name, value, hidden):
    assert DEFAULT.hides(name, value) is hidden


@pytest.mark.parametrize(
    "text",
    [
        *(
            "hunter2",
            "kFqHdGxhTz",
            "p4ss-word",
            "pa$$word",
            "123456",
            "qzxwvkjh",
            "zq-no",
        ),
        *("zq-no", "Zq81f0aa92bd3377ce", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    ],
)
def test_what_looks_random(text):
    assert is_random(text)
    assert is_searchable(text)


@pytest.mark.parametrize(
    "text",
    [
        *("orders", "dark", "exception", "RuntimeError", "en-GB", "utf-8", "v1.2"),
        *("2026-11-01", "XMLHttpRequest", "strengths", "ada@example.com", "a1", ""),
    ],
)
def test_words(text):
    assert not is_random(text)
    assert not is_searchable(text)


def test_long_words_are_looked_for():
    assert is_searchable("correct horse battery staple")
    assert not is_random("correct horse battery staple")


KNOWN = {
    "github": "ghp_" + "a1B2" * 9,
    "github fine": "github_pat_" + "a1B2" * 9,
    "gitlab": "glpat-" + "a1B2" * 5,
    "stripe": "sk_live_" + "a1B2" * 5,
    "stripe hook": "whsec_" + "a1B2" * 5,
    "openai": "sk-proj-" + "a1B2" * 9,
    "aws": "AKIA" + "ABCD1234" * 2,
    "slack": "xoxb-1234-" + "abcd1234",
    "google": "AIza" + "a1B2-" * 7,
    "sendgrid": "SG." + "a1B2" * 5 + "." + "a1B2" * 5,
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
    "pem cut": "-----BEGIN PRIVATE KEY-----\nMIIB",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "bcrypt": "$2b$12$" + "a1B2" * 13 + "a",
    "argon2": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",
    "werkzeug": "scrypt:32768:8:1$saltsalt$" + "0af1" * 16,
    "django": "pbkdf2_sha256$600000$salt$aGFzaGhhc2g=",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_tokens_of_known_services(kind):
    shown = DEFAULT.replace(f"seen {KNOWN[kind]}", "***", names=False)

    assert shown == "seen ***"


@pytest.mark.parametrize(
    "text",
    [
        *("token: expired", "password: too short, needs 12 characters"),
        *("invalid token: signature mismatch for key k-2026", "KeyError: 'password'"),
        *("Missing cookie: session", "basic auth failed for user", "token=None"),
        *("authorization: user 17 may not read order 99", "http://host:80/a@b"),
        *("Authorization: denied by policy orders.read for role clerk", "token = ?"),
        *("cannot reach https://api.example:8443/x as ada@example.com", "token=***"),
        *("secret: vault path kv/shop not found", "bearer token expired at 12:00"),
        *("a Bearer token is wanted", "a bearer that is wrong", "bearer scheme"),
        *("csrf: referer checking failed - no Referer", "if token == other.token:"),
        *("{'token': ['Missing data for required field.']}", "password_min_length=8"),
        *('column "password" of relation "users" does not exist', "max_tokens=812"),
        *("unexpected token 'else'", "use --token to log in, or --password PASSWORD"),
        *("SET 'token' [Filtered]", "a secret 'orders' of \"shop\"", "'token' 'None'"),
        *("WHERE token = %(token)s AND pin = $1", "task-ask-desk-disk-sk-learn"),
    ],
)
def test_prose_stays(text):
    assert DEFAULT.replace(text, "***") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Driver={x};UID=a;PWD={b;c};x=1", "Driver={x};UID=a;PWD={***};x=1"),
        ("Server=h;Pwd=zq;", "Server=h;Pwd=***;"),
        ("host=h password='a b' port=1", "host=h password='***' port=1"),
        ("Name=a;AccountKey=ab+/==;E=1", "Name=a;AccountKey=***;E=1"),
        ("Cookie: a=b; c=d\r\nHost: x", "Cookie: ***\r\nHost: x"),
        ("password: zq81f0aa", "password: ***"),
        ("SET 'api_token' 'a b' 'EX' 60", "SET 'api_token' '***' 'EX' 60"),
        ("SET b'otp' b'12'", "SET b'otp' b'***'"),
        ("CONFIG 'SET' 'requirepass' 'x'", "CONFIG 'SET' 'requirepass' '***'"),
        ('"SET \\"token\\" \\"x y\\""', '"SET \\"token\\" \\"***\\""'),
        ("ALTER ROLE a PASSWORD 'a5d81f'", "ALTER ROLE a PASSWORD '***'"),
        ("serve --api-token a5d81f -v", "serve --api-token *** -v"),
        ("serve --password 'a5d81f'", "serve --password '***'"),
    ],
)
def test_connection_strings_and_headers(text, expected):
    assert DEFAULT.replace(text, "***") == expected
    assert redact({"x": text}) == {"x": expected}


def test_names_of_ones_own():
    ours = Vocabulary(extra=["card_details"], never=["X-Session"])

    data = {"cardDetails": "a", "my.card-details": "b", "x_session": "c", "pin": "d"}
    shown = redact(data, vocabulary=ours)
    assert [*shown.values()] == ["***", "***", "c", "***"]
    assert (
        redact_url("x://h?card_details=a", vocabulary=ours) == "x://h?card_details=***"
    )
    shown = redact({"x": "card_details=zq"}, vocabulary=ours)
    assert shown == {"x": "card_details=***"}
    assert "card" in repr(ours)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "token:",
            "token=",
            "cookie:",
            "authorization: ",
            "password='",
            "eyJ-",
            "sk-",
        ),
        *("bearer ", "basic a", "://", "://a:", "-----BEGIN ", "token,'", 'pwd="\\'),
        *("token '", "'token' '", "--token ", "--token a5d81f", "token \\'"),
        *(
            "$2b$12$",
            "SG.",
            "secret" * 9 + "=",
            "pbkdf2:",
            "xoxb-",
            "token==",
            "[pin]:",
        ),
    ],
)
def test_hostile_text_takes_linear_time(unit):
    """Twice the text takes twice the calls, which are the steps that Python takes."""

    def calls(length):
        made = 0

        def count(frame, event, argument):
            nonlocal made
            made += event in {"call", "c_call"}

        text = unit * (length // len(unit))
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            DEFAULT.replace(text, "***")
        finally:
            sys.setprofile(before)
        return made

    assert calls(16_000) <= 2.2 * calls(8_000) + 50
