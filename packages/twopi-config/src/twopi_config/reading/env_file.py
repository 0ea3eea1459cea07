"""The variables of a ``.env`` file, and the lines that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from twopi_config.errors import Problem
from twopi_config.reading.bounded_file import read_text

LIMIT = 10
"""How many lines are reported."""

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def read_env_file(path: Path) -> tuple[Mapping[str, str], Sequence[Problem]]:
    """Return the variables of *path*, and a problem for each line that is not read.

    python-dotenv reads the file, and skips what it cannot read; here each such line
    is a problem, since the default would be used in its place. ``${...}`` is text. A
    name without a ``=`` sets nothing. A file that is not there has no variables.

    Raises:
        OSError: The file is there and cannot be read.
        ValueError: It is too large, or not UTF-8.
    """
    from dotenv.parser import parse_stream

    try:
        text = read_text(path)
    except FileNotFoundError:
        return {}, []
    values: dict[str, str] = {}
    bad: list[int] = []
    for each in parse_stream(StringIO(text, newline=None)):
        name, value = each.key, each.value
        if each.error or (name is not None and not _NAME.fullmatch(name)):
            blank = len(each.original.string) - len(each.original.string.lstrip())
            bad.append(each.original.line + each.original.string.count("\n", 0, blank))
        elif name is not None and value is not None:
            values[name] = value
    wanted = "is not a line like NAME=value; check its name and its quotes"
    problems = [Problem(f"{path.name}:{line}", wanted) for line in bad[:LIMIT]]
    if len(bad) > LIMIT:
        more = f"has {len(bad) - LIMIT} more such lines"
        problems.append(Problem(path.name, more))
    return values, problems
