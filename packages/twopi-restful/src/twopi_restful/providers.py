"""JSON providers for Flask that write what APIs hold: decimals, dates, enums, sets."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NoReturn, get_args

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

Decimals = Literal["string", "number"]
"""How a decimal is written: with all its digits, or as the nearest double."""

SAFE_INTEGER = 2**53
"""Integers below it are exact as doubles (RFC 8259, section 6)."""


class JSONProvider(DefaultJSONProvider):
    """Flask's JSON provider, for all that a database row may hold, and valid JSON only.

    It writes dates and times in ISO 8601, decimals, UUIDs, dataclasses, enums by their
    value, and sets, in order if they have one. A float that is no number, which JSON
    cannot express (RFC 8259, section 6), is written as ``null``, and refused when read.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from flask import Flask
    >>> from twopi_restful import JSONProvider
    >>> app = Flask(__name__)
    >>> app.json = JSONProvider(app, decimals="number")
    >>> app.json.dumps({"day": date(2026, 2, 28), "price": Decimal("1.10")})
    '{"day": "2026-02-28", "price": 1.1}'

    Args:
        app: The app; set its ``json`` to this provider.
        decimals: Write decimals as a ``"string"``, with all digits, or as a
            ``"number"``, the nearest double, which is what most clients can read.

    Raises:
        ValueError: *decimals* is neither.
    """

    def __init__(self, app: Flask, *, decimals: Decimals = "string") -> None:
        super().__init__(app)
        if decimals not in get_args(Decimals):
            raise ValueError(f'decimals must be "string" or "number", not {decimals!r}')
        self._decimals_are_numbers = decimals == "number"
        self.default = self._plain

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return *obj* as JSON; the arguments are those of `json.dumps`."""
        try:
            return super().dumps(obj, **{"allow_nan": False} | kwargs)
        except ValueError:  # a float that is no number, or a circle
            text = super().dumps(obj, **kwargs)
            finite = json.loads(text, parse_constant=lambda _: None)
            return super().dumps(finite, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the value of the JSON text *s*, without ``NaN`` and ``Infinity``."""
        return super().loads(s, **{"parse_constant": _refuse} | kwargs)

    def _plain(self, value: Any) -> Any:
        """Return *value* as something that the encoder, or this, can write."""
        if isinstance(value, Decimal):
            return self._decimal(value)
        if isinstance(value, (date, time)):
            return value.isoformat()
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, set | frozenset):
            return _ordered(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return {name: getattr(value, name) for name in names}
        return DefaultJSONProvider.default(value)

    def _decimal(self, value: Decimal) -> str | float | None:
        if not value.is_finite():
            return None
        if not self._decimals_are_numbers:
            return str(value)
        if value.as_tuple().exponent == 0 and abs(value) < SAFE_INTEGER:
            return int(value)
        number = float(value)
        if math.isinf(number):
            raise OverflowError("A Decimal is too large for decimals='number'")
        return number


class OrjsonProvider(JSONProvider):
    """A `JSONProvider` that writes with orjson, much faster: extra ``orjson``.

    The values are those of `JSONProvider`; text beyond ASCII is not escaped. The
    standard library writes what orjson cannot, such as integers beyond 64 bits, and
    the indented answers of the debug mode; and it reads, since orjson would turn long
    integers into floats.

    Args:
        app: The app; set its ``json`` to this provider.
        decimals: As for `JSONProvider`.

    Raises:
        ModuleNotFoundError: Install ``twopi-restful[orjson]``.
    """

    def __init__(self, app: Flask, *, decimals: Decimals = "string") -> None:
        super().__init__(app, decimals=decimals)
        import orjson

        self._write = orjson.dumps
        self._option = (
            orjson.OPT_APPEND_NEWLINE
            | orjson.OPT_PASSTHROUGH_DATACLASS
            | orjson.OPT_PASSTHROUGH_DATETIME
        )
        self._sort = orjson.OPT_SORT_KEYS
        self._any_keys = orjson.OPT_NON_STR_KEYS

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return *obj* as JSON; the arguments are those of `json.dumps`."""
        if kwargs in ({}, {"separators": (",", ":")}):
            line = self._line(obj)
            if line is not None:
                return line[:-1].decode()
        return super().dumps(obj, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response of `flask.json.jsonify`, without a detour by text."""
        indented = self._app.debug if self.compact is None else not self.compact
        own = type(self).dumps is not OrjsonProvider.dumps
        if len(args) == 1 and not (kwargs or indented or own):
            line = self._line(args[0])
            if line is not None:
                make: Any = self._app.response_class
                response: Response = make(line, mimetype=self.mimetype)
                return response
        return super().response(*args, **kwargs)

    def _line(self, obj: Any) -> bytes | None:
        """Return *obj* as JSON and a newline, or nothing if orjson cannot write it.

        Keys are texts nearly always, and orjson is faster if it may rely on that.
        """
        option = self._option | (self._sort if self.sort_keys else 0)
        for each in (option, option | self._any_keys):
            try:
                return self._write(obj, self.default, each)
            except TypeError:
                pass
        return None

    def _plain(self, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else super()._plain(value)


def _ordered(values: set[Any] | frozenset[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON (RFC 8259, section 6)")
