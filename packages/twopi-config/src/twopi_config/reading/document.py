"""Declared variables as text: for an error, a ``.env.example``, a page of docs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twopi_config.declaring.variable import Variable

_UNQUOTED = re.compile(r"[\w./:@%+,=-]*", re.ASCII)


def missing(variable: Variable) -> str:
    """Say that a required *variable* is not set, and what it must be."""
    file = f", or {variable.file_name} to a file with it" if variable.secret else ""
    return f"is missing; set it to {variable.wanted}{file}{_about(variable)}"


def refused(variable: Variable) -> str:
    """Say what the value of *variable* must be."""
    return f"must be {variable.wanted}{_about(variable)}"


def _about(variable: Variable) -> str:
    return f" ({variable.doc})" if variable.doc else ""


def example(title: str | None, variables: Iterable[Variable]) -> str:
    """Return a ``.env`` file: required variables empty, the others commented out."""
    blocks = [_comment(title.strip())] if title else []
    for each in variables:
        need = "Required" if each.required else "Optional"
        if each.required and each.group:
            need = "Required if another one of its group is set"
        file = f"; {each.file_name} may name a file with it" if each.secret else ""
        mark = "" if need == "Required" else "# "
        blocks.append(
            _comment(f"{each.doc}\n{need}: {each.wanted}{file}".strip())
            + f"{mark}{each.name}={_quote(each.example)}\n"
        )
    return "\n".join(blocks)


def table(variables: Iterable[Variable]) -> str:
    """Return a Markdown table."""
    rows = ["| variable | value | default | meaning |", "|---|---|---|---|"]
    for each in variables:
        file = f", or in the file {each.file_name}" if each.secret else ""
        need = "required in its group" if each.group else "required"
        default = need if each.required else _code(each.example)
        cells = (_code(each.name), each.wanted + file, default, each.doc)
        rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join([*rows, ""])


def _comment(text: str) -> str:
    return "".join(f"# {line.strip()}".rstrip() + "\n" for line in text.splitlines())


def _quote(text: str) -> str:
    """Return *text* in one line, as python-dotenv reads it back."""
    if _UNQUOTED.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\")
    if "\n" not in text and "\r" not in text:
        escaped = escaped.replace("'", "\\'")
        return f"'{escaped}'"
    escaped = escaped.replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""
