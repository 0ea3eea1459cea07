"""Write the pages that the code knows best, at each build, to ``docs/reference/``.

A page for each package has its public names and its changelog; ``index-of-all.md`` has
every setting, command and error code, and where they are told.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

from inventory import PROJECTS, commands, error_codes, settings
from sphinx.application import Sphinx

INDEX = """\
# Settings, commands, error codes

All that there are, in order. The page of the package tells what they mean.

{tables}
"""
PAGE = """\
# {name}: reference

{description} How to use it stands on [its page](../packages/{name}.md).

## Names

```{{eval-rst}}
.. automodule:: {module}
   :members:
   :imported-members:

{data}
```

## Changes

```{{include}} ../../packages/{name}/CHANGELOG.md
:start-after: semver.org/
:heading-offset: 1
```
"""


def write(app: Sphinx) -> None:
    """Write the pages; one that has not changed is left as it is."""
    texts = {"index-of-all": INDEX.format(tables="\n\n".join(tables()))}
    for name, project in PROJECTS.items():
        module = importlib.import_module(name.replace("-", "_"))
        texts[name] = PAGE.format(
            name=name,
            module=module.__name__,
            description=project["description"],
            data="\n".join(describe_data(module)),
        )
    for name, text in texts.items():
        page = Path(app.srcdir) / "reference" / f"{name}.md"
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


def tables() -> Iterator[str]:
    """Yield a table of each kind of thing."""
    for title, find, section in (
        ("Settings", settings, "#settings"),
        ("Commands", commands, ""),
        ("Error codes", error_codes, "#errors"),
    ):
        rows = sorted((what, name) for name in PROJECTS for what in find(name))
        lines = [f"## {title}\n", f"| {title[:-1].lower()} | package |", "|---|---|"]
        for what, name in rows:
            lines.append(f"| `{what}` | [{name}](../packages/{name}.md{section}) |")
        yield "\n".join(lines)


def describe_data(module: ModuleType) -> Iterator[str]:
    """Describe the public names that are neither classes nor functions.

    autodoc takes an imported one for somebody else's.
    """
    told = dict(assignments(module))
    for name in module.__all__:
        value = getattr(module, name)
        if not inspect.isclass(value) and not inspect.isroutine(value):
            yield f".. py:data:: {name}\n"
            yield indent(told.get(name, ""), "   ") + "\n"


def assignments(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Yield the names that the package assigns, each with the text below it."""
    for file in sorted(Path(str(module.__file__)).parent.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        for statement, text in itertools.pairwise(tree.body):
            targets = getattr(
                statement, "targets", [getattr(statement, "target", None)]
            )
            if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, inspect.cleandoc(str(text.value.value))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register (Sphinx calls this)."""
    app.connect("config-inited", lambda app, _: write(app))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
