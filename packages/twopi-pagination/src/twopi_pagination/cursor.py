"""Cursors: a place in an order, as text that only this application can make.

A cursor is base64url, without padding, of a MAC and JSON: the direction and the
values of the row to go on from. The MAC is HMAC-SHA256 cut to 128 bits (RFC 2104,
section 5) and covers what the cursor belongs to, too: its order and its scope. So a
cursor of another list is as wrong as one that was tampered with. The values can be
read by anyone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twopi_pagination.errors import InvalidCursor, UnsupportedOrdering
from twopi_pagination.keys import Codec

MAX_LENGTH = 4096
"""The most characters a cursor has; longer ones are not even decoded."""

_SALT = b"twopi-pagination cursor, format 2"
_MAC_BYTES = 16


@dataclass(frozen=True)
class Place:
    """Where a page starts.

    Attributes:
        backwards: If the page comes before the place, not after it.
        values: The keys of the row to go on from, or `None` for the end of the list.
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
                "a value that the rows are ordered by has not the type of its "
                "expression; say which one it has by type_coerce() or cast()"
            ) from error
        cursor = _to_text(self._mac(self.secrets[0], payload) + payload)
        if len(cursor) > MAX_LENGTH:
            raise UnsupportedOrdering(
                f"the values that the rows are ordered by take {len(cursor)} "
                f"characters in a cursor, more than {MAX_LENGTH}; order by less"
            )
        return cursor

    def read(self, cursor: str) -> Place:
        """Return the place of *cursor*.

        Raises:
            InvalidCursor: It is none of this list, whatever the reason.
        """
        if len(cursor) > MAX_LENGTH:
            raise InvalidCursor
        try:
            data = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raise InvalidCursor from None
        mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
        genuine = [
            hmac.compare_digest(mac, self._mac(secret, payload))
            for secret in self.secrets
        ]
        # base64 has several spellings of some data, of which one is ours
        if not any(genuine) or _to_text(data) != cursor:
            raise InvalidCursor
        try:
            return self._place(payload)
        except (TypeError, ValueError, ArithmeticError):
            raise InvalidCursor from None

    def _payload(self, place: Place) -> bytes:
        values = place.values and [
            None if value is None else codec.encode(value)
            for codec, value in zip(self.codecs, place.values, strict=True)
        ]
        content = [int(place.backwards), values]
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()

    def _place(self, payload: bytes) -> Place:
        backwards, values = json.loads(payload)
        if values is None:
            return Place(bool(backwards))
        decoded = (
            None if value is None else codec.decode(value)
            for codec, value in zip(self.codecs, values, strict=True)
        )
        return Place(bool(backwards), tuple(decoded))

    def _mac(self, secret: bytes, payload: bytes) -> bytes:
        key = hmac.digest(secret, _SALT, "sha256")
        subject = hmac.digest(key, self.subject, "sha256")
        return hmac.digest(key, subject + payload, "sha256")[:_MAC_BYTES]


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
