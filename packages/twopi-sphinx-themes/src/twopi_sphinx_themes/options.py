"""The options of the themes: what each may be, and what to say if it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class Option(NamedTuple):
    """One option of ``html_theme_options``.

    Attributes:
        default: The value where conf.py says nothing; an empty text is unset.
        shape: What a value has to be, in words.
        accepts: Tells whether a value is that.
        meaning: What it does.
    """

    default: str
    shape: str
    accepts: Callable[[str], object]
    meaning: str


_LENGTH = re.compile(r"(0|\d*\.?\d+(px|em|rem|ex|ch|vw|vh|cm|mm|in|pt|pc))")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_COLOR = re.compile(r"(?:\w+_|#)([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII | re.IGNORECASE)

COLOR_MODES = ("auto", "light", "dark")
FILES = ("index_logo", "touch_icon")
"""The options that name a file in ``_static``."""


def _is_file_name(value: str) -> bool:
    return not value.startswith("/") and ".." not in value.split("/")


def _is_edit_url(value: str) -> bool:
    return urlsplit(value).scheme in {"http", "https"} and "{path}" in value


OPTIONS = {
    "index_logo": Option(
        "",
        "the name of a picture in _static",
        _is_file_name,
        "A picture in place of the heading of the first page, whose text it keeps for "
        "those who do not see it.",
    ),
    "index_logo_height": Option(
        "120px",
        "a CSS length such as 120px or 8rem",
        _LENGTH.fullmatch,
        "The height of that picture.",
    ),
    "touch_icon": Option(
        "",
        "the name of a picture in _static",
        _is_file_name,
        "The icon of the site on the home screen of Apple devices.",
    ),
    "github_fork": Option(
        "",
        "owner/repository",
        _REPOSITORY.fullmatch,
        "The repository that the badge “Fork me on GitHub” leads to.",
    ),
    "github_ribbon_color": Option(
        "darkblue_121621",
        "a colour such as #121621, or a name with one, such as darkblue_121621",
        _COLOR.fullmatch,
        "The colour of that badge; its text is black or white, whichever reads better.",
    ),
    "color_mode": Option(
        "auto",
        " or ".join(COLOR_MODES),
        COLOR_MODES.__contains__,
        "The colours of a reader who has not chosen any; ``auto`` asks the system.",
    ),
    "edit_url": Option(
        "",
        "an http(s) URL with {path} where the name of the page's source goes",
        _is_edit_url,
        "Where a page can be edited; without it there is a link to the source.",
    ),
}


def faults(
    options: Mapping[str, object], known: Mapping[str, object], static: list[Path]
) -> Iterator[str]:
    """Tell what is wrong with the options in a conf.py.

    Args:
        options: ``html_theme_options``.
        known: What the theme and its ancestors know.
        static: The folders whose files go to ``_static``.

    Yields:
        A sentence for each fault.
    """
    for name, value in options.items():
        if name not in known:
            if close := get_close_matches(name, known, n=1):
                yield f"there is no option {name!r}; did you mean {close[0]!r}?"
            continue
        option = OPTIONS.get(name)
        if option is None or not value:
            continue
        if not (isinstance(value, str) and option.accepts(value)):
            yield f"{name} is {value!r}; it must be {option.shape}"
        elif name in FILES and not any((folder / value).is_file() for folder in static):
            yield f"{name} is {value!r}, which is in no folder of html_static_path"


def badge_style(color: str) -> str:
    """Return the style of the badge: its colour, and one for text to be read on it.

    Args:
        color: As ``github_ribbon_color`` has it.
    """
    found = _COLOR.fullmatch(color) or _COLOR.fullmatch(
        OPTIONS["github_ribbon_color"].default
    )
    assert found  # noqa: S101 - the default is a colour
    digits = (
        found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    )
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    text = "#000000" if luminance(*channels) > 0.179 else "#ffffff"
    return f"--fork: #{digits}; --fork-text: {text}"


def luminance(*channels: float) -> float:
    """Return the relative luminance of red, green and blue from 0 to 1 (WCAG 2.2)."""
    linear = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in channels
    )
    return sum(
        weight * each
        for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
