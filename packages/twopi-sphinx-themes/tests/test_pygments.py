import itertools

import pytest
from pygments import lex
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token

from twopi_sphinx_themes import FlaskyStyle, TwopiDarkStyle, TwopiStyle
from twopi_sphinx_themes.options import badge_style, luminance

STYLES = [TwopiStyle, TwopiDarkStyle, FlaskyStyle]


def contrast(one, other):
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    levels = []
    for color in (one, other):
        digits = color.lstrip("#")
        levels.append(
            luminance(*(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)))
        )
    return (max(levels) + 0.05) / (min(levels) + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("style", STYLES)
def test_every_token_can_be_read(style):
    for token in STANDARD_TYPES:
        color = style.style_for_token(token)["color"]
        assert color, token
        assert contrast(color, style.background_color) >= 4.5, token
        assert contrast(color, style.highlight_color) >= 4.5, token


@pytest.mark.parametrize("style", STYLES)
def test_line_numbers_can_be_read(style):
    assert contrast(style.line_number_color, style.background_color) >= 4.5


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "python",
            'class A(B):  # c\n    @d\n    def f(self): return f"{x!r}" + 0x1F\n',
        ),
        ("pytb", "Traceback (most recent call last):\nZeroDivisionError: x\n"),
        ("console", "$ ls -l\nfile\n"),
        ("diff", "- a\n+ b\n@@ c @@\n"),
        ("html", "<!-- c --><a href='x'>&amp;</a>"),
        ("sql", "SELECT a FROM b WHERE c = 'd' -- e\n"),
    ],
)
def test_every_token_of_real_code_has_a_colour(style, language, code):
    for token, _ in lex(code, get_lexer_by_name(language)):
        assert token in Token
        assert style.style_for_token(token)["color"]
    assert HtmlFormatter(style=style).get_style_defs()


def test_the_styles_are_found_by_name():
    assert get_style_by_name("twopi") is TwopiStyle
    assert get_style_by_name("twopi-dark") is TwopiDarkStyle


def test_the_badge_can_be_read_in_any_colour():
    steps = ("00", "33", "66", "99", "cc", "ff")
    for red, green, blue in itertools.product(steps, repeat=3):
        style = dict(
            part.split(": ") for part in badge_style(f"#{red}{green}{blue}").split("; ")
        )
        assert contrast(style["--fork"], style["--fork-text"]) >= 4.5
