"""The marshmallow fields of the registered claims."""
# ruff: noqa: ARG002 - the signatures are marshmallow's

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields

from twopi_schemas import AS_IS, register

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class UnixTimestamp(fields.Field):  # type: ignore[type-arg]
    """An aware datetime as whole seconds since 1970 (NumericDate, RFC 7519 section 2).

    Fractions are cut off towards the past, so that a token is never valid longer than
    it was meant to be, and never issued in the future.
    """

    def _serialize(
        self, value: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> int | None:
        if value is None:
            return None
        name = self.attribute or attr
        if not isinstance(value, datetime):
            raise TypeError(f"{name} is {value!r}; it must be a datetime")
        if value.utcoffset() is None:
            raise ValueError(
                f"{name} is a datetime without a time zone; use an aware one, "
                "such as datetime.now(UTC)"
            )
        return _to_seconds(value)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **kwargs: Any,
    ) -> datetime:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValidationError("Not a number of seconds.")
        try:
            return _from_seconds(value)
        except (ValueError, OverflowError):
            raise ValidationError("Not within the years 1 to 9999.") from None


class Audience(fields.Field):  # type: ignore[type-arg]
    """One name or a list of names (RFC 7519 section 4.1.3)."""

    def _serialize(
        self, value: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> str | list[str] | None:
        if value is None:
            return None
        if isinstance(value, (set, frozenset)):
            return sorted(map(str, value))
        if isinstance(value, (list, tuple)):
            return [str(name) for name in value]
        return str(value)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **kwargs: Any,
    ) -> str | list[str]:
        if isinstance(value, str):
            return value
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return list(value)
        raise ValidationError("Neither a name nor a list of names.")


def _from_seconds(value: float) -> datetime:
    return EPOCH + timedelta(seconds=value)


@lru_cache(maxsize=4096)  # a token comes with each request of its user
def _from_whole_seconds(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _to_seconds(value: datetime) -> int:
    return (value - EPOCH) // _SECOND


def _names(value: list[Any]) -> list[str]:
    if any(type(name) is not str for name in value):
        raise ValueError("not all names are texts")
    return list(value)


# What marshmallow need not be asked for; it answers whenever one of these raises.
register(
    UnixTimestamp,
    load=lambda _: {int: _from_whole_seconds, float: _from_seconds},
    dump=lambda _: {datetime: _to_seconds},
)
register(
    Audience,
    load=lambda _: {str: AS_IS, list: _names},
    dump=lambda _: {str: AS_IS, list: _names},
)
