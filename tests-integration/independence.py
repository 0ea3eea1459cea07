"""Prove that an installed package needs nothing it does not declare.

Run by the `test` session in the package's own fresh environment:
``independence.py bare twopi-x [optional ...]`` when only hard dependencies are
installed (*optional*: the import names that its extras would bring), and
``independence.py full twopi-x`` when its extras and its test tools are there too.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def normalized(name: str) -> str:
    """Return the one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(name: str, *, extras: bool) -> Iterator[str]:
    """Yield the names of what the distribution *name* requires on this Python."""
    from packaging.requirements import Requirement  # not in a bare environment

    distribution = importlib.metadata.distribution(name)
    wanted = ["", *(distribution.metadata.get_all("Provides-Extra") or ())]
    for text in distribution.requires or ():
        need = Requirement(text)
        for extra in wanted if extras else [""]:
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                yield normalized(need.name)
                break


def hard_siblings(name: str) -> set[str]:
    """Return *name* and the siblings it needs without extras, and what these need."""
    found = [name]
    for each in found:
        for need in importlib.metadata.requires(each) or ():
            sibling = re.match(r"twopi-[a-z-]+(?!.*\bextra ==)", need)
            if sibling and sibling[0] not in found:
                found.append(sibling[0])
    return set(found)


def modules(package: str) -> list[str]:
    """List *package* and all modules in it, except the ``__main__`` ones."""
    path = importlib.import_module(package).__path__
    found = pkgutil.walk_packages(path, f"{package}.", onerror=lambda _: None)
    names = [package, *(module.name for module in found)]
    return [name for name in names if not name.endswith("__main__")]


def check_bare(name: str, optional: set[str]) -> Iterator[str]:
    """No other sibling is there; each module imports, or asks for an extra's."""
    installed = {
        normalized(found.metadata["Name"])
        for found in importlib.metadata.distributions()
    }
    for sibling in sorted(installed - hard_siblings(name)):
        if sibling.startswith("twopi-"):
            yield f"{sibling} is installed beside {name}, which does not declare it"
    package = name.replace("-", "_")
    public = [f"{package}:{each}" for each in importlib.import_module(package).__all__]
    for place in [*modules(package), *public]:
        module, _, attribute = place.partition(":")
        try:
            found = importlib.import_module(module)
            getattr(found, attribute or "__name__")
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if place == package or missing not in optional:
                yield f"{place} with hard dependencies only: {error}"


def check_full(name: str) -> Iterator[str]:
    """Nothing undeclared is imported anywhere, lazily or not.

    A dependency's requirements count as declared: werkzeug is Flask's interface.
    """
    package = name.replace("-", "_")
    declared = set(requirements(name, extras=True))
    for need in sorted(declared):
        declared |= {
            deeper
            for deeper in requirements(need, extras=False)
            if not deeper.startswith("twopi-")
        }
    owners = importlib.metadata.packages_distributions()
    root = Path(importlib.import_module(package).__path__[0])
    for file in sorted(root.rglob("*.py")):
        for module, line in imported(file):
            if module in sys.stdlib_module_names or module == package:
                continue
            if not {normalized(owner) for owner in owners.get(module, [])} & declared:
                yield f"{file.relative_to(root)}:{line} imports {module}, undeclared"


def imported(file: Path) -> Iterator[tuple[str, int]]:
    """Yield the top-level names that *file* imports, lazily or not."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def main(stage: str, name: str, *optional: str) -> None:
    """Print each fault on a line and exit 1, or exit 0."""
    bare = stage == "bare"
    faults = list(check_bare(name, set(optional)) if bare else check_full(name))
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main(*sys.argv[1:])
