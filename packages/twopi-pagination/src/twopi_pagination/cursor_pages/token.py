"""Cursors: a place in an order, as text that only this application can make.

A cursor is base64url, without padding, of a MAC and JSON: the direction and the
values of the row to go on from. The MAC is HMAC-SHA256 cut to 128 bits (RFC 2104,
section 5) and covers what the cursor belongs to, too: its order and its scope. So a
cursor of another list is as wrong as one that was tampered with. The values can be
read by anyone.

A value that makes the cursor too long is left out of it, and a digest takes its place:
the database is asked for the value when the cursor comes back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from twopi_pagination.cursor_pages.codecs import Codec
from twopi_pagination.errors import InvalidCursor, UnsupportedOrdering

MAX_LENGTH = 4096
"""The most characters a cursor has; longer ones are not even decoded."""

_SALT = b"twopi-pagination cursor, format 3"
_MAC_BYTES = 16
_LONG = 200
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True)
class Digest:
    """What is left of a value that is too long for a cursor."""

    digest: str

    @classmethod
    def of(cls, encoded: Any) -> Digest:
        """Return the digest of a value, given as it is written in JSON."""
        return cls(hashlib.sha256(_to_json(encoded).encode()).hexdigest())


@dataclass(frozen=True)
class Place:
    """Where a page starts.

    Attributes:
        backwards: If the page comes before the place, not after it.
        values: The keys of the row to go on from, or `None` for the end of the list.
            A long value may be replaced by its `Digest`.
    """

    backwards: bool = False
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class CursorFormat:
    """How the cursors of one list are written and read.

    Attributes:
        secrets: What to sign with, and then others that are still accepted.
        subject: What the cursors belong to.
        codecs: How the values of each key are written.
    """

    secrets: Sequence[bytes]
    subject: bytes
    codecs: Sequence[Codec]

    def write(self, place: Place) -> str:
        """Return the cursor of *place*.

        Raises:
            UnsupportedOrdering: A value is of another type than its key says, or the
                values are too long.
        """
        try:
            payload = self._payload(place)
        except (TypeError, ValueError, LookupError) as error:
            raise UnsupportedOrdering(
                "a sort value does not have the type of its expression; declare the "
                "type with type_coerce(), or change it with cast()"
            ) from error
        cursor = self._signed(payload)
        if len(cursor) > MAX_LENGTH:
            cursor = self._signed(self._payload(place, most=_LONG))
        if len(cursor) > MAX_LENGTH:
            raise UnsupportedOrdering(
                f"the values that the rows are ordered by take {len(cursor)} "
                f"characters in a cursor, more than {MAX_LENGTH}; order by less"
            )
        return cursor

    def read(self, cursor: str) -> Place:
        """Return the place of *cursor*.

        Raises:
            InvalidCursor: It does not belong to this list, whatever the reason.
        """
        if len(cursor) > MAX_LENGTH:
            raise InvalidCursor
        try:
            data = base64.urlsafe_b64decode(cursor + "==")
        except ValueError:
            raise InvalidCursor from None
        # what is no base64 is skipped there, and several spellings mean one thing
        if _to_text(data) != cursor:
            raise InvalidCursor
        mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, payload)) for key in self._keys):
            raise InvalidCursor
        try:
            return self._place(payload)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            raise InvalidCursor from None

    def _signed(self, payload: bytes) -> str:
        return _to_text(_mac(self._keys[0], payload) + payload)

    def _payload(self, place: Place, most: int = MAX_LENGTH) -> bytes:
        values = place.values and [
            _shortened(codec.encode(value), most) if value is not None else None
            for codec, value in zip(self.codecs, place.values, strict=True)
        ]
        return _to_json([int(place.backwards), values]).encode()

    def _place(self, payload: bytes) -> Place:
        backwards, values = json.loads(payload)
        if values is None:
            return Place(bool(backwards))
        decoded = (
            _decoded(codec, value)
            for codec, value in zip(self.codecs, values, strict=True)
        )
        return Place(bool(backwards), tuple(decoded))

    @cached_property
    def _keys(self) -> list[bytes]:
        """One key for each secret, which serves the cursors of this list only."""
        return [
            hmac.digest(hmac.digest(secret, _SALT, "sha256"), self.subject, "sha256")
            for secret in self.secrets
        ]


@dataclass(frozen=True)
class Places:
    """The places after each item of a page.

    Attributes:
        rows: A row for each item.
        values: Returns the keys of a row.
        form: How cursors are written.
    """

    rows: Sequence[Any] = ()
    values: Callable[[Any], tuple[Any, ...]] = tuple
    form: CursorFormat | None = None

    def cursors(self) -> list[str]:
        """Return the cursor of each item."""
        if self.form is None:
            return []
        return [self.form.write(Place(values=self.values(row))) for row in self.rows]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_MAC_BYTES]


def _shortened(encoded: Any, most: int) -> Any:
    if isinstance(encoded, int | float) or len(_to_json(encoded)) <= most:
        return encoded
    return {"digest": Digest.of(encoded).digest}


def _decoded(codec: Codec, value: Any) -> Any:
    if value is None:
        return None
    return Digest(**value) if isinstance(value, dict) else codec.decode(value)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
