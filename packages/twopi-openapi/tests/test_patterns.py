"""Expressions of Python as those of ECMA-262; Node.js is not needed to know them."""

import re

import pytest

from twopi_openapi.patterns import ecma, starting


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        (r"^[a-z]+$", r"^[a-z]+$"),
        (r"(?P<year>\d{4})-(?P=year)", r"(\d{4})-(?:\1)"),
        (r"\Aa\Z", r"^a$"),
        (r"a{,3}b{2,}c{2}", r"a{0,3}b{2,}c{2}"),
        (r"a{b}", r"a\{b\}"),
        (r"[]a]", r"[\]a]"),
        (r"[^\]\[]", r"[^\]\[]"),
        (r"\-\@\.\/", r"-@\.\/"),
        (r"[\w.\-]+@", r"[\w.\-]+@"),
        (r"\s[\s]", r"[ \t\n\r\f\v][ \t\n\r\f\v]"),
        (r"(?:a|b)(?=c)(?!d)(?<=e)(?<!f)", r"(?:a|b)(?=c)(?!d)(?<=e)(?<!f)"),
        (r"\x41\u00e9\a[\b]", r"\x41\u00e9\x07[\x08]"),
        (r"a*?b+?c??", r"a*?b+?c??"),
        (r"(a)\1", r"(a)\1"),
        (r"[^a\n]", r"[^a\n]"),
        (re.compile("é"), "é"),
    ],
)
def test_an_expression_is_translated(python, expected):
    assert ecma(python) == expected


@pytest.mark.parametrize(
    "python",
    [
        re.compile("a", re.IGNORECASE),
        re.compile("a", re.VERBOSE),
        re.compile(".", re.DOTALL),
        r"(?i:a)",
        r"(?#b)a",
        r"(?>a)",
        r"a++",
        r"a{2}+",
        r"(a)?(?(1)b|c)",
        r"\W\D\S\B",
        r"\bword",
        r"[^\w]",
        r"[^\s]",
        r"\101",
    ],
)
def test_what_cannot_be_said_is_not(python):
    assert ecma(python) is None


@pytest.mark.parametrize(
    ("python", "expected"),
    [("a", "^(?:a)"), ("^a$", "^a$"), ("^a|b", "^(?:^a|b)"), ("(?i)a", None)],
)
def test_a_validator_matches_at_the_start(python, expected):
    assert starting(python) == expected
