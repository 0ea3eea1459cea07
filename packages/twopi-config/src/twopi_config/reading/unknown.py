"""Variables that begin with the prefix and are not declared, such as a misspelt one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from twopi_config.errors import Problem
from twopi_config.reading.sources import Sources

LIMIT = 20
"""How many are reported."""

_SERVICE = re.compile(
    "_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$"
    "|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$"
)
"""How the names end that Kubernetes and Docker set for each service."""


def unknown(
    sources: Sources, prefix: str, names: Iterable[str], ignored: Iterable[str]
) -> Iterator[Problem]:
    """Yield a problem for each variable with the prefix that is not one of *names*.

    Upper and lower case of the prefix are the same. Variables that Kubernetes and
    Docker set for services whose names begin so are left out.

    Args:
        sources: Where variables are set.
        prefix: What the names begin with; without one, every variable is another
            program's.
        names: What is declared.
        ignored: Patterns of names that are known though they are not declared.
    """
    if not prefix:
        return
    declared = [*names]
    known, patterns = {*declared}, [*ignored]
    found = sorted(
        name
        for name in {*sources.names()} - known
        if name.upper().startswith(prefix.upper())
        and not any(fnmatchcase(name, each) for each in patterns)
        and not _is_of_a_service(name, sources)
    )
    for name in found[:LIMIT]:
        near = difflib.get_close_matches(name.upper(), declared, n=1, cutoff=0.8)
        remedy = f"did you mean {near[0]}?" if near else "remove it or ignore= it"
        shown = name if name.isprintable() else ascii(name)
        yield Problem(shown, f"is not a declared setting; {remedy}")
    if len(found) > LIMIT:
        more = f"begins {len(found) - LIMIT} more variables that are not declared"
        yield Problem(prefix, more)


def _is_of_a_service(name: str, sources: Sources) -> bool:
    if _SERVICE.search(name):
        return True
    return name.endswith("_PORT") and sources.linked(name)
