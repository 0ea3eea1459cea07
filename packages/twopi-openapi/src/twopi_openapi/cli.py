"""The command ``flask openapi``: write, check and compare documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from twopi_openapi.changes import changes
from twopi_openapi.document import document
from twopi_openapi.errors import DocumentError

openapi = AppGroup("openapi", help="Write, check and compare the OpenAPI document.")


def _made(version: Any = "3.1") -> dict[str, Any]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        return document(app, openapi=version)
    except DocumentError as error:
        raise click.ClickException(str(error)) from error


def _text(said: dict[str, Any]) -> str:
    return json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _read(file: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        return dict(found | {"paths": found["paths"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(
            f"{file} is not an OpenAPI document: {error}"
        ) from error


@openapi.command()
@click.option(
    "-o", "--output", type=click.Path(), help="A file; the default is stdout."
)
@click.option("--openapi", "version", type=click.Choice(["3.1", "3.0"]), default="3.1")
@with_appcontext
def export(output: str | None, version: str) -> None:
    """Write the document as JSON, sorted, so that its differences are small."""
    text = _text(_made(version))
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")


@openapi.command()
@click.argument("file", required=False)
@with_appcontext
def check(file: str | None) -> None:
    """Exit with 1 if operations say no answer, or FILE is not what the views say."""
    said = _made()
    silent = [
        f"{method.upper()} {path} does not say what it answers; use @returns"
        for path, item in said["paths"].items()
        for method, operation in item.items()
        if not any(
            "content" in each
            for status, each in operation["responses"].items()
            if status.startswith("2")
        )
        and "204" not in operation["responses"]
    ]
    if file is not None:
        old = _read(file)
        if old.get("openapi", "").startswith("3.0"):
            said = _made("3.0")
        if old != said:
            silent.append(
                f"{file} is not up to date; run: flask openapi export -o {file}"
            )
    for line in silent:
        click.echo(line)
    if silent:
        raise click.exceptions.Exit(1)
    click.echo(f"{len(said['paths'])} paths are described")


@openapi.command()
@click.argument("old")
@click.argument("new", required=False)
@with_appcontext
def diff(old: str, new: str | None) -> None:
    """Compare OLD with NEW, or with the views; exit with 1 if clients may break."""
    found = changes(_read(old), _read(new) if new else _made())
    for change in found:
        click.echo(str(change))
    if any(change.breaking for change in found):
        raise click.exceptions.Exit(1)
