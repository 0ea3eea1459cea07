"""Print what is compiled: ``python -m twopi_schemas explain package_or_app``."""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

import argparse
import sys
from typing import Any

from marshmallow import Schema

from twopi_schemas.application import NotFoundError, schemas_of
from twopi_schemas.decide.plan import HANDED_OVER
from twopi_schemas.explanation import Explanations, explain


def main(arguments: list[str] | None = None) -> None:
    """Run the command with *arguments*, or with those of the process."""
    parser = argparse.ArgumentParser(prog="python -m twopi_schemas")
    commands = parser.add_subparsers(required=True, metavar="explain")
    command = commands.add_parser(
        "explain",
        help="list which fields are compiled, and why the others are not",
        description="List which fields are compiled, and why the others are not.",
    )
    command.add_argument(
        "name",
        metavar="NAME",
        help="module:Schema, or a package, module or module:app for all its schemas",
    )
    command.add_argument(
        "--check",
        nargs="?",
        type=_percentage,
        const=100.0,
        metavar="PERCENT",
        help="exit with status 1 if less is compiled (without a number: 100)",
    )
    command.add_argument(
        "--source", action="store_true", help="print the generated source too"
    )
    options = parser.parse_args(arguments)
    try:
        schemas = schemas_of(options.name)
    except NotFoundError as error:
        sys.exit(str(error))
    if not schemas:
        sys.exit(f"{options.name!r}: no marshmallow schema is defined there")
    if ":" in options.name and len(schemas) == 1:
        found = explain(schemas[0], source=options.source)
        print(found)
        sys.exit(_verdict(found.share, options.check))
    sys.exit(_report(schemas, options))


def _report(schemas: list[Any], options: Any) -> int:
    """Print a summary of each schema, and what is handed over; return the status."""
    rows: list[Any] = []
    for schema in schemas:
        title = _title(schema)
        try:
            found = explain(schema, source=options.source)
        except Exception as error:  # noqa: BLE001 - such a class needs arguments
            print(f"{title}: not examined, it cannot be made: {error}")
            continue
        rows += found
        print(f"{title}: {found.share:.0%} compiled")
        for row in found:
            if row.how == HANDED_OVER:
                print(f"    {row.field} {row.call}: {row.why}")
        if options.source:
            print(found.source)
    share = Explanations(rows).share
    print(f"{len(schemas)} schemas: {share:.0%} compiled")
    return _verdict(share, options.check)


def _verdict(share: float, wanted: float | None) -> int:
    return int(wanted is not None and share * 100 < wanted)


def _title(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return f"{kind.__module__}.{kind.__qualname__}"


def _percentage(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 0 to 100")
    return number


if __name__ == "__main__":
    main()
