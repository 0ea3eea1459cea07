"""The values in data, by whose names one can tell that they are secret."""

from __future__ import annotations

import functools
import types
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from twopi_config import Secret, Vocabulary
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.encodings import basic_credentials
from twopi_sentry.scrubbing.jobs import arguments
from twopi_sentry.scrubbing.known_secrets import KnownSecrets

DEEPEST = 6
"""How many objects deep attributes are looked at."""
WIDEST = 1000
"""How many items of one list or mapping in a variable are looked at."""

MOST = 1000
"""How many values of objects among the arguments of a task are looked at."""

FRAMEWORKS = frozenset(
    {
        *("flask", "werkzeug", "celery", "kombu", "billiard", "vine", "sentry_sdk"),
        *("sqlalchemy", "logging", "threading", "jinja2", "click", "socket", "ssl"),
        *("asyncio", "selectors", "concurrent", "weakref", "functools", "inspect"),
        *("importlib", "re", "io", "_io", "ast", "blinker", "marshmallow", "webargs"),
        *("pytest", "_pytest", "pluggy", "contextlib", "contextvars", "twopi_sentry"),
        *("urllib3", "http", "email", "datetime", "decimal", "pathlib", "enum"),
    }
)
"""Packages whose objects have attributes of their own, and not the application's."""

_WITH_MAPPINGS = frozenset({"werkzeug", "sqlalchemy"})
_SCHEMES = frozenset({"bearer", "basic", "token", "digest", "apikey", "negotiate"})
_OPAQUE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    property,
    complex,
)
_PLAIN = frozenset({int, float, bool, type(None)})
_LARGE = 64
"""So many names are first looked at all together."""
_SCALARS = (str, bytes, bytearray, memoryview, int, float, uuid.UUID, Secret)


class Collector:
    """Collects secrets from data.

    Args:
        known: Where they are added.
        vocabulary: What secrets are called and look like.
        budget: How much is looked at.
    """

    def __init__(
        self, known: KnownSecrets, vocabulary: Vocabulary, budget: Budget
    ) -> None:
        self.known = known
        self.vocabulary = vocabulary
        self.budget = budget

    def collect(self, data: Any, *, secret: bool = False, most: int) -> None:
        """Add the values in *data* whose names say that they are secret.

        Mappings, lists and tuples are looked into, and the attributes of objects that
        are the application's own; a pair counts as a name and its value. In other
        texts, what has the shape of a secret is found.

        Args:
            data: The data.
            secret: Whether the name of *data* itself says so.
            most: How many values are looked at.
        """
        is_secret = self.vocabulary.is_secret_name
        texts: list[str] = []
        left: deque[tuple[bool, Any, int]] = deque([(secret, data, 0)])
        seen: set[int] = set()
        while left and most > 0:
            most -= 1
            secret, value, depth = left.popleft()
            if isinstance(value, _SCALARS):
                self._scalar(value, texts, secret=secret)
            elif id(value) not in seen:
                seen.add(id(value))
                for name, each in _items(value, depth):
                    if each is not None and each is not True and each is not False:
                        inside = secret or (name is not None and is_secret(name))
                        left.append((inside, each, depth + 1))
        self._shapes(texts)

    def collect_json(self, data: Any) -> None:
        """Do the same for what was JSON or a form, quickly, and to its end.

        Args:
            data: Dicts, lists and texts. A client may have sent thousands of each.

        Raises:
            OverBudgetError: There is more than the budget allows.
        """
        reading = _Reading(self)
        left: list[tuple[bool, Any]] = [(False, data)]
        while left:
            secret, value = left.pop()
            if isinstance(value, dict):
                left += reading.mapping(value, secret=secret)
            elif isinstance(value, list | tuple):
                left += reading.several(value, secret=secret)
            else:
                reading.single(value, secret=secret)
        self.values(reading.secrets)
        self.collect(reading.objects, most=MOST)
        self._shapes(reading.texts)

    def _scalar(self, value: Any, texts: list[str], *, secret: bool) -> None:
        if isinstance(value, Secret) or (secret and not isinstance(value, bool)):
            self.value(value)
        elif isinstance(value, str | bytes | bytearray):
            texts.append(_text(value))

    def value(self, value: Any) -> None:
        """Add *value*, and what it consists of if it is a header's."""
        if isinstance(value, Secret):
            value = value.reveal()
        if isinstance(value, uuid.UUID):
            self.known.add(str(value))
            self.known.add(value.hex)
            return
        if isinstance(value, int | float):
            if not isinstance(value, bool) and abs(value) >= 10**5:
                self.known.add(str(value))
            return
        text = _text(value).strip()
        self.known.add(text)
        scheme, _, rest = text.partition(" ")
        if rest and scheme.lower() in _SCHEMES:
            self.value(rest)
            if scheme.lower() == "basic" and (pair := basic_credentials(rest)):
                self.known.add(pair)
                self.known.add(pair.partition(":")[2])

    def values(self, values: list[Any]) -> None:
        """Add *values*, which may be thousands."""
        if len(values) <= 32:
            for each in values:
                self.value(each)
        else:
            kinds = {*map(type, values)}
            texts = values if kinds <= {str} else map(str, values)
            self.known.add_many(texts)

    def _shapes(self, texts: list[str]) -> None:
        """Add what has the shape of a secret in *texts*."""
        if not texts:
            return
        page = "\n\0\n".join(texts)
        self.budget.read(len(page))
        for start, end in self.vocabulary.find(page):
            self.known.add(page[start:end])


class _Reading:
    """What has been found while data of thousands of values is read."""

    def __init__(self, collector: Collector) -> None:
        self.secrets: list[Any] = []
        self.texts: list[str] = []
        self.objects: list[Any] = []
        self._budget = collector.budget
        self._vocabulary = collector.vocabulary
        self._is_secret = functools.cache(collector.vocabulary.is_secret_name)

    def mapping(self, value: dict[Any, Any], *, secret: bool) -> list[tuple[bool, Any]]:
        """Read *value*, and return what is to be read yet."""
        self._budget.step(len(value) + 1)
        large = len(value) > _LARGE
        none = large and not secret and not self._vocabulary.any_secret_name(value)
        left: list[tuple[bool, Any]] = []
        is_secret = self._is_secret
        for name, each in value.items():
            inside = secret or (not none and is_secret(name))
            if type(each) is str:
                (self.secrets if inside else self.texts).append(each)
            elif each is not None:
                left.append((inside, each))
        if "value" in value and is_secret(str(value.get("name"))):
            left.append((True, value["value"]))
        return left

    def several(
        self, value: list[Any] | tuple[Any, ...], *, secret: bool
    ) -> list[tuple[bool, Any]]:
        """Read *value*, and return what is to be read yet."""
        self._budget.step(len(value) + 1)
        if len(value) == 2 and type(value[0]) is str and self._is_secret(value[0]):
            return [(secret, value[0]), (True, value[1])]
        kinds = {*map(type, value)}
        if kinds <= {str}:
            (self.secrets if secret else self.texts).extend(value)
            return []
        return [] if kinds <= _PLAIN and not secret else [(secret, x) for x in value]

    def single(self, value: Any, *, secret: bool) -> None:
        """Read a value that is no mapping, list or tuple."""
        if type(value) is str:
            (self.secrets if secret else self.texts).append(value)
        elif type(value) in _PLAIN:
            if secret and not isinstance(value, bool) and value is not None:
                self.secrets.append(value)
        else:
            self.objects.append(("secret", value) if secret else value)


def _items(value: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """Yield the names and values in *value*; no code of the application runs."""
    items: list[Any]
    if isinstance(value, dict):
        items = [*islice(value.items(), WIDEST)]
    elif isinstance(value, list | tuple | set | frozenset | deque):
        names = getattr(value, "_fields", None)
        items = [*islice(value, WIDEST)]
        if isinstance(names, tuple) and len(names) == len(items):
            items = [*zip(names, items, strict=True)]
        elif len(items) == 2 and isinstance(items[0], str | bytes):
            items = [(None, items[0]), (items[0], items[1])]
        else:
            items = [(None, each) for each in items]
    else:
        items = _attributes(value) if depth < DEEPEST else []
    if isinstance(value, dict) and 2 <= len(items) <= 8 and "value" in value:
        items.append((value.get("name"), value["value"]))
    yield from items


def _attributes(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, _OPAQUE) or callable(value):
        return []
    cls: type[Any] = type(value)
    if isinstance(value, BaseException):
        return [(None, [*value.args]), *_own(value)]
    if cls.__module__ == "pydantic.types" and hasattr(value, "get_secret_value"):
        return [("secret", value.get_secret_value())]
    package = cls.__module__.partition(".")[0]
    if isinstance(value, Mapping) and package not in FRAMEWORKS - _WITH_MAPPINGS:
        try:
            return [*islice(value.items(), WIDEST)]
        except Exception:  # noqa: BLE001  what cannot be read is not known
            return []
    if cls.__module__ == "sqlalchemy.engine.row" and hasattr(value, "_fields"):
        return [*zip(value._fields, value, strict=False)]
    if package in FRAMEWORKS:
        return []
    return [*arguments(value).items(), *_own(value)]


def _own(value: Any) -> list[tuple[Any, Any]]:
    """Return what is in the dictionary and the slots of *value*."""
    found: list[tuple[Any, Any]] = []
    with suppress(AttributeError, TypeError):
        found += object.__getattribute__(value, "__dict__").items()
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            member = vars(cls).get(name)
            if isinstance(member, types.MemberDescriptorType):
                with suppress(AttributeError):
                    found.append((name, member.__get__(value, cls)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, memoryview):
        value = value.tobytes()
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return str(value)
