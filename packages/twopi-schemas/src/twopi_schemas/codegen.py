"""Write a module of Python source and run it: the only caller of `exec`.

Objects are bound to names and never formatted into the text. A key enters it as the
`repr` of an exact `str`. The text is put into `linecache`, so that tracebacks and
debuggers show it, and taken out when its functions are gone.
"""

from __future__ import annotations

import itertools
import keyword
import linecache
import re
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_numbers = itertools.count(1)


class Writer:
    """The lines of a module, and the objects that its names stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._depth = 0
        self._known: dict[int, str] = {}
        self._locals = itertools.count()

    def line(self, text: str) -> None:
        """Add one line at the present depth."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add *head* and indent what follows."""
        self.line(head)
        self._depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._depth -= 1

    def bind(self, value: Any, hint: str) -> str:
        """Return the name that *value* has in the source."""
        name = self._known.get(id(value))
        if name is None:
            hint = re.sub(r"\W", "", hint, flags=re.ASCII)[:40] or "object"
            name = f"{hint}_{len(self.names)}"
            self.names[name] = value
            self._known[id(value)] = name
        return name

    def constant(self, value: Any, hint: str) -> str:
        """Return *value* as text where that is exact, or else its name."""
        if value is None or value is True or value is False:
            return repr(value)
        return self.bind(value, hint)

    def key(self, value: Any) -> str:
        """Return the key of a mapping as text."""
        return repr(value) if type(value) is str else self.bind(value, "key")

    def fresh(self, hint: str = "v") -> str:
        """Return a new name for a local variable."""
        return f"{hint}{next(self._locals)}"

    @property
    def text(self) -> str:
        """The source as it is."""
        return "\n".join(self.lines) + "\n"

    def functions(self, title: str, *wanted: str) -> list[Callable[..., Any]]:
        """Run the source and return the functions *wanted*.

        Args:
            title: what the source is of; a part of its file name in tracebacks.
            *wanted: names of functions in it.
        """
        title = re.sub(r"[^\w.]", "", title, flags=re.ASCII)
        file = f"<twopi_schemas {title} {next(_numbers)}>"
        text = self.text
        space = {"__name__": __name__, **self.names}
        exec(compile(text, file, "exec", dont_inherit=True), space)  # noqa: S102
        linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
        functions = [space[name] for name in wanted]
        code = functions[0].__code__
        weakref.finalize(code, linecache.cache.pop, file, None).atexit = False
        for function in functions:
            function.__module__ = __name__
        return functions


def source_of(function: Callable[..., Any]) -> str:
    """Return the source that *function* was generated from."""
    return "".join(linecache.getlines(function.__code__.co_filename))


def is_attribute(name: str) -> bool:
    """Return whether *name* means the same after a dot in source."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
