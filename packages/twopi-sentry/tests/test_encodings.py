import base64
import html
import json
import sys
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twopi_config.vocabulary import cut_out
from twopi_sentry.scrubbing.budget import Budget, OverBudgetError
from twopi_sentry.scrubbing.encodings import layers
from twopi_sentry.scrubbing.known_secrets import Finder, KnownSecrets
from twopi_sentry.scrubbing.scrubber import Scrubber

# A thread of the SDK may use `random` while hypothesis draws, which it takes for ours.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


def known(*secrets, many=()):
    found = KnownSecrets()
    for each in secrets:
        found.add(each)
    if many:
        found.add_many(many)
    return found


def literals(secrets, many=()):
    """Return a function that replaces *secrets* in a text, in whatever encoding."""
    finder = Finder(known(*secrets, many=many), Budget())
    return lambda text: cut_out(text, finder.find(text, layers(text)), "[Filtered]")


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
    secret = f"zq1{text}qz"
    encoded = ENCODINGS[outer](ENCODINGS[inner](secret))

    assert literals({secret})(f"<{encoded}>") == "<[Filtered]>"


@settings(deadline=None)
@given(TEXT, st.sampled_from(NESTINGS))
def test_any_secret_is_found_in_any_encoding(text, nesting):
    inner, outer = nesting
    secret = f"zq1{text}qz"
    encoded = ENCODINGS[outer](ENCODINGS[inner](secret))

    assert literals({secret})(f"<{encoded}>") == "<[Filtered]>"


@settings(deadline=None)
@given(
    st.binary(max_size=20),
    TEXT,
    st.binary(max_size=20),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.sampled_from([str, lambda text: quote(text, safe="")]),
)
def test_any_secret_is_found_in_base64(before, text, after, encode, outer):
    secret = f"zq1{text}qz"
    encoded = outer(encode(before + secret.encode() + after).decode())

    assert literals({secret})(f"<{encoded}>") == "<[Filtered]>"


def test_other_base64_stays():
    text = base64.b64encode(b"nothing to hide here").decode()

    assert literals(frozenset({"hidden1"}))(text) == text


@pytest.mark.parametrize(("inner", "outer"), NESTINGS)
@pytest.mark.parametrize("text", ["tail", NASTY, "\\", "%%25", "&amp;"])
def test_one_of_thousands_is_found_in_every_encoding(inner, outer, text):
    secret = f"zq12345{text}qz"
    encoded = ENCODINGS[outer](ENCODINGS[inner](secret))
    if inner in {"latin-1", "repr of bytes"} and not text.isascii():
        return  # of thousands, these are found as Unicode only
    replace = literals([], many=[*(f"t{each}" for each in range(1000)), secret])

    assert replace(f"<{encoded}>") == "<[Filtered]>"


@settings(deadline=None)
@given(TEXT, st.integers(6, 10), st.sampled_from(["...", "…", ""]))
def test_a_secret_that_is_cut_off_is_found(text, length, end):
    secret = f"zqz7zqzqzq{text}"

    replaced = literals({secret})(f"<{secret[:length]}{end}")

    assert replaced == f"<[Filtered]{end}"


def test_a_secret_that_starts_with_a_backslash_is_found_after_anything():
    replace = literals({"\\abcd7"})

    assert replace("5c\\abcd7 \\\\abcd7") == "5c[Filtered] \\[Filtered]"


def test_a_long_secret_that_repeats_itself_is_found_where_it_is_cut_off():
    replace = literals({"z" * 50_000})

    assert replace("<" + "z" * 40_000 + "...").rstrip(".") == "<[Filtered]"
    assert "zzzz" not in replace("<" + "z" * 40_000 + "b...")


def test_the_longest_secret_is_replaced_first():
    replace = literals({"abcd12", "abcd12ef"})

    assert replace("abcd12ef abcd12") == "[Filtered] [Filtered]"


@pytest.mark.parametrize("word", ["", "a1", "orders", "Error", "dark", "exception"])
def test_words_are_not_looked_for(word):
    text = f"{word} of {word}"

    assert literals({word})(text) == text
    assert literals([], many=[word, "t12345"])(text) == text


def test_a_number_is_looked_for_as_a_whole():
    assert literals({"123456"})("order 1234567 with 123456") == (
        "order 1234567 with [Filtered]"
    )


def test_a_secret_within_a_word_is_found():
    assert literals({"Zq81f0aa"})("abcZq81f0aadef") == "abc[Filtered]def"


HOSTILE = [
    *("\\", "\\x5c", "%25", ".", "token", "eyJ-", "://", "bearer ", "password='"),
    *("token,'", "&amp;", "a", " ", "zq1", "zq1zq1zq1..", "aaaa1.", "%5c", "&#92;"),
]


def calls(function, *arguments):
    """Count the calls that *function* makes, of Python's and of C's functions."""
    made = 0

    def count(frame, event, argument):
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return made


def steps(text, secrets=(), many=()):
    """Count the calls that scrubbing *text* takes."""
    scrubber = Scrubber(known(*secrets, many=many))
    event = {"extra": {"x": text}}
    return calls(scrubber.event, event)


SECRETS = ["\\" * 60 + "x", "%" * 50 + "y", '\\"' * 30, "&" * 40, "....", "zq1" * 99]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_linear_time(unit):
    def made(length):
        return steps(unit * (length // len(unit)), SECRETS)

    assert made(16_000) <= 2.2 * made(8_000) + 100


@pytest.mark.parametrize("form", ["t{:06}x", "t-{:06}-x", "aaaa-{:04}", "a.b1.{}"])
def test_many_secrets_cost_no_more_calls_than_few(form):
    """A client chooses how many there are, and what they have in common."""
    text = "GET /orders t000001x aaaa-0001 t-000001-x a.b1.1 " * 20

    def made(count):
        return steps(text, many=[form.format(each) for each in range(count)])

    few, many = made(1000), made(4000)
    assert many - few <= 5 * 3000


def test_thousands_of_secrets_with_one_run_in_common_are_hidden_by_it():
    many = [f"aaaa1-{each}" for each in range(1000)]

    assert literals([], many=many)("see aaaa1-17 there") == "see [Filtered]-17 there"


def test_a_budget_of_characters_and_of_steps_and_of_time():
    with pytest.raises(OverBudgetError, match="text"):
        Budget(characters=9).read(10)
    with pytest.raises(OverBudgetError, match="values"):
        Budget(steps=9).step(10)
    times = iter([0, 2_000_000])
    with pytest.raises(OverBudgetError, match="time"):
        Budget(milliseconds=1, clock=lambda: next(times)).check()
