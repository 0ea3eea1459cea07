import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twopi_sentry.scrubbing.encodings import literals
from twopi_sentry.scrubbing.patterns import is_secret_name, replace_shapes

# A thread of the SDK may use `random` while hypothesis draws, which it takes for ours.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


@pytest.mark.parametrize(
    "name",
    [
        *("password", "userPassword", "passwd", "PWD", "client_secret", "token"),
        *("refreshToken", "X-Auth-Token", "Authorization", "HTTP_AUTHORIZATION"),
        *("Cookie", "Set-Cookie", "X-Api-Key", "apiKey", "csrf_token", "pin", "auth"),
        *("session", "sessionid", "PRIVATE_KEY", "jwt", "aws.credentials"),
    ],
)
def test_secret_names(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["author", "name", "passenger", "key", "pinned", 5, ""]
)
def test_other_names(name):
    assert not is_secret_name(name)


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bearer abc.DEF-1", "Bearer [Filtered]"),
        ("authorized by bearer%20abcd ok", "authorized by bearer%20[Filtered] ok"),
        ("Basic dXNlcjpwYXNz", "Basic [Filtered]"),
        ("Basic authentication failed", "Basic authentication failed"),
        ("a Bearer token is wanted", "a Bearer token is wanted"),
        (f"got {JWT}!", "got [Filtered]!"),
        ("postgresql://me:hunter2@db/x", "postgresql://me:[Filtered]@db/x"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("/?a=1&token=abc&b=2", "/?a=1&token=[Filtered]&b=2"),
        ("refreshToken=a%20b", "refreshToken=[Filtered]"),
        ("%22password%22%3A%22x1%22", "%22password%22%3A[Filtered]"),
        ('{"password": "a b", "x": 1}', '{"password": "[Filtered]", "x": 1}'),
        (
            r"{\"password\": \"a\", \"b\": 1}",
            r"{\"password\": \"[Filtered]\", \"b\": 1}",
        ),
        (r'{"pwd": "a\"b", "x": 1}', '{"pwd": "[Filtered]", "x": 1}'),
        ("User(name='a', token='b')", "User(name='a', token='[Filtered]')"),
        ("[('X-Api-Key', 'abc')]", "[('X-Api-Key', '[Filtered]')]"),
        ("(b'cookie', b'a=b')", "(b'cookie', b'[Filtered]')"),
        ("Cookie: a=b; c=d\r\nHost: x", "Cookie: [Filtered]\r\nHost: x"),
        ("Authorization: Digest a b\nHost", "Authorization: [Filtered]\nHost"),
        ("password: 'cut off", "password: '[Filtered]"),
        ("row['password'] = 'abc'", "row['password'] = '[Filtered]'"),
        ("<password>abc</password>", "<password>[Filtered]</password>"),
        ("token=None", "token=None"),
        ("token=[Filtered]", "token=[Filtered]"),
        ("{'password': ['Missing data.']}", "{'password': ['Missing data.']}"),
        ("the pin code and the author: me", "the pin code and the author: me"),
        ("", ""),
    ],
)
def test_shapes(text, expected):
    assert replace_shapes(text) == expected
    assert replace_shapes(expected) == expected


ENCODINGS = {
    "text": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "unicode json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "url": lambda text: quote(text, safe=""),
    "lower url": lambda text: quote(text, safe="").lower() if text.islower() else text,
    "form": quote_plus,
    "html": html.escape,
    "latin-1": lambda text: text.encode().decode("latin-1"),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


NESTINGS = [
    (inner, outer)
    for inner in ENCODINGS
    for outer in ["text", "json", "repr", "url", "html"]
    if (inner, outer) != ("latin-1", "url")
]
NASTY = "\\\\\\'é\"& %41+\t\x7f€😀<\\\n"


@pytest.mark.parametrize(
    "text", [NASTY, "\\", '\\"', "\\\n", "%%25", "&amp;", "  ", "\\\x80", "\\x5c"]
)
@pytest.mark.parametrize(("inner", "outer"), NESTINGS)
def test_a_secret_is_found_in_every_encoding(inner, outer, text):
    secret = f"zq{text}qz"
    encoded = ENCODINGS[outer](ENCODINGS[inner](secret))

    assert literals(frozenset({secret}))(f"<{encoded}>") == "<[Filtered]>"


@settings(deadline=None)
@given(TEXT, st.sampled_from(NESTINGS))
def test_any_secret_is_found_in_any_encoding(text, nesting):
    inner, outer = nesting
    secret = f"zq{text}qz"
    encoded = ENCODINGS[outer](ENCODINGS[inner](secret))

    assert literals(frozenset({secret}))(f"<{encoded}>") == "<[Filtered]>"


@settings(deadline=None)
@given(
    st.binary(max_size=20),
    TEXT,
    st.binary(max_size=20),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.sampled_from([str, lambda text: quote(text, safe="")]),
)
def test_any_secret_is_found_in_base64(before, text, after, encode, outer):
    secret = f"zq{text}qz"
    encoded = outer(encode(before + secret.encode() + after).decode())

    assert literals(frozenset({secret}))(f"<{encoded}>") == "<[Filtered]>"


def test_other_base64_stays():
    text = base64.b64encode(b"nothing to hide here").decode()

    assert literals(frozenset({"hidden"}))(text) == text


@settings(deadline=None)
@given(TEXT, st.integers(4, 10), st.sampled_from(["...", "…", ""]))
def test_a_secret_that_is_cut_off_is_found(text, length, end):
    secret = f"zqzqzqzqzq{text}"

    replaced = literals(frozenset({secret}))(f"<{secret[:length]}{end}")

    assert replaced == f"<[Filtered]{end}"


def test_a_secret_that_starts_with_a_backslash_is_found_after_anything():
    replace = literals(frozenset({"\\abcd"}))

    assert replace("5c\\abcd \\\\abcd") == "5c[Filtered] [Filtered]"


def test_a_long_secret_that_repeats_itself_is_found_where_it_is_cut_off():
    replace = literals(frozenset({"z" * 50_000}))

    assert replace("<" + "z" * 40_000 + "...").rstrip(".") == "<[Filtered]"
    assert "zzzz" not in replace("<" + "z" * 40_000 + "b...")[:-5]


def test_the_longest_secret_is_replaced_first():
    replace = literals(frozenset({"abcd", "abcdef"}))

    assert replace("abcdef abcd") == "[Filtered] [Filtered]"


def test_short_secrets_are_left():
    assert literals(frozenset({"", "a", "abc"}))("abc") == "abc"


@pytest.mark.parametrize(
    "unit",
    [
        *("\\", "\\x5c", "%25", ".", "token", "eyJ-", "://", "bearer ", "password='"),
        *("token,'", "&amp;", "a", " ", "zq"),
    ],
)
def test_hostile_text_takes_no_more_than_linear_time(unit):
    secrets = {"\\" * 60 + "x", "%" * 50 + "y", '\\"' * 30, "&" * 40, "....", "zq" * 99}
    replace = literals(frozenset(secrets))

    def seconds(length):
        text = unit * (length // len(unit))
        start = time.process_time()
        replace_shapes(replace(text))
        return time.process_time() - start

    assert seconds(20_000) < 4 * (seconds(10_000) + 0.05)
