"""Print what is compiled: ``python -m twopi_schemas explain module:Schema``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from marshmallow import Schema

from twopi_schemas.decide.plan import is_schema_class
from twopi_schemas.explanation import explain


def find(name: str) -> type[Schema] | Schema:
    """Return the schema that *name* (``module:Schema``) stands for, or exit."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        sys.exit(f"{name!r}: write module:Schema")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        sys.exit(f"{name!r}: {error}")
    if not (isinstance(found, Schema) or is_schema_class(found)):
        sys.exit(f"{name!r} is not a marshmallow schema")
    return found  # type: ignore[no-any-return]


def main(arguments: list[str] | None = None) -> None:
    """Run the command with *arguments*, or with those of the process."""
    parser = argparse.ArgumentParser(prog="python -m twopi_schemas")
    commands = parser.add_subparsers(required=True, metavar="explain")
    command = commands.add_parser("explain", help="say which fields are compiled")
    command.add_argument("schema", metavar="module:Schema")
    print(explain(find(parser.parse_args(arguments).schema)))  # noqa: T201


if __name__ == "__main__":
    main()
