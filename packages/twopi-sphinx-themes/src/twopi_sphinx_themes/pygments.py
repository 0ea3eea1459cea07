"""Colours of code, all of them readable on their background (contrast 4.5 or more)."""

from __future__ import annotations

from typing import ClassVar

from pygments.style import Style
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Other,
    Punctuation,
    String,
    Text,
    Token,
    Whitespace,
    _TokenType,
)

Styles = dict[_TokenType, str]


def _styles(
    *, ink: str, faint: str, keyword: str, name: str, string: str, number: str, red: str
) -> Styles:
    """Return the styles of all tokens from a few colours."""
    return {
        Token: ink,
        Text: ink,
        Whitespace: faint,
        Other: ink,
        Error: f"underline {red}",
        Comment: f"italic {faint}",
        Comment.Preproc: f"noitalic {keyword}",
        Keyword: f"bold {keyword}",
        Keyword.Constant: f"nobold {number}",
        Keyword.Type: f"nobold {name}",
        Operator: ink,
        Operator.Word: f"bold {keyword}",
        Punctuation: ink,
        Name: ink,
        Name.Attribute: name,
        Name.Builtin: name,
        Name.Builtin.Pseudo: keyword,
        Name.Class: f"bold {name}",
        Name.Constant: number,
        Name.Decorator: number,
        Name.Entity: number,
        Name.Exception: f"bold {red}",
        Name.Function: f"bold {name}",
        Name.Label: name,
        Name.Namespace: ink,
        Name.Tag: f"bold {keyword}",
        Literal: number,
        Number: number,
        String: string,
        String.Doc: f"italic {faint}",
        String.Escape: number,
        String.Interpol: number,
        String.Regex: number,
        Generic.Deleted: red,
        Generic.Emph: f"italic {ink}",
        Generic.Error: red,
        Generic.Heading: f"bold {name}",
        Generic.Inserted: string,
        Generic.Output: faint,
        Generic.Prompt: f"bold {faint}",
        Generic.Strong: f"bold {ink}",
        Generic.Subheading: f"bold {name}",
        Generic.Traceback: red,
    }


class TwopiStyle(Style):
    """On light grey."""

    name = "twopi"
    background_color = "#f5f6f8"
    highlight_color = "#fff0b3"
    line_number_color = "#57606a"
    styles: ClassVar[Styles] = _styles(
        ink="#1b1f24",
        faint="#57606a",
        keyword="#0b5c8a",
        name="#5b3f8c",
        string="#1a6b3c",
        number="#8a4200",
        red="#b3261e",
    )


class TwopiDarkStyle(Style):
    """On dark grey."""

    name = "twopi-dark"
    background_color = "#1c2027"
    highlight_color = "#43401f"
    line_number_color = "#a3adb8"
    styles: ClassVar[Styles] = _styles(
        ink="#e4e7eb",
        faint="#a3adb8",
        keyword="#79c0ee",
        name="#c3abec",
        string="#7ed3a0",
        number="#f0b95c",
        red="#ff9d94",
    )


class FlaskyStyle(TwopiStyle):
    """The style under the name that Flask-Sphinx-Themes had for its own."""

    name = "flasky"
