"""What the packages have, read from their code: settings, commands and error codes."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
PROJECTS: dict[str, dict[str, Any]] = {
    file.parent.name: tomllib.loads(file.read_text("utf-8"))["project"]
    for file in sorted(ROOT.glob("packages/*/pyproject.toml"))
}
_SETTING = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def sources(package: str) -> list[Path]:
    """Return the source files of *package*."""
    return sorted((ROOT / "packages" / package / "src").rglob("*.py"))


def settings(package: str) -> list[str]:
    """Name the settings that *package* reads: what its ``settings.py`` spells so."""
    if package == "twopi-demo":
        return []  # they are those of the others
    return sorted(
        {
            node.value
            for file in sources(package)
            if file.name == "settings.py"
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _SETTING.fullmatch(node.value)
        }
    )


def error_codes(package: str) -> list[str]:
    """Name the codes that errors of *package* have."""
    codes: set[str] = set()
    for file in sources(package):
        if file.name == "errors.py":
            source = ROOT / "packages" / package / "src"
            name = ".".join(file.relative_to(source).with_suffix("").parts)
            for alias, value in vars(importlib.import_module(name)).items():
                if alias.endswith("ErrorCode"):
                    codes.update(typing.get_args(value))
    return sorted(codes)


def commands(package: str) -> list[str]:
    """Return the command lines that *package* adds, without their options."""
    project, module = PROJECTS[package], package.replace("-", "_")
    lines = list(project.get("scripts", {}))
    if not lines and any(file.name == "__main__.py" for file in sources(package)):
        lines.append(f"python -m {module}")
    groups = project.get("entry-points", {}).get("flask.commands", {})
    for name, target in groups.items():
        place, _, attribute = target.partition(":")
        group = getattr(importlib.import_module(place), attribute)
        lines += _leaves(group, ["flask", name])
    return lines


def _leaves(command: click.Command, words: list[str]) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _leaves(each, [*words, name])
    else:
        yield " ".join(words)
