"""Who logs in, checked so that every store keeps it as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who has logged in, and what they may do.

    Attributes:
        user_id: Who it is.
        scopes: What the session may do.
        data: What else to keep with it; has a JSON form.
    """

    user_id: str | int | UUID
    scopes: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict)


def as_identity(found: Any) -> Identity:
    """Return what an application says about a user as an `Identity`.

    Args:
        found: An `Identity`, an object with such attributes, or the id of the user.
    """
    if isinstance(found, Identity):
        return found
    return Identity(
        getattr(found, "user_id", found),
        getattr(found, "scopes", ()),
        getattr(found, "data", None) or {},
    )


def check_user(user_id: str | int | UUID) -> str:
    """Return *user_id* as the text that every store finds again, and no other one.

    Raises:
        TypeError: It is of another type.
        ValueError: Some store would take it for another one, or refuse it.
    """
    if isinstance(user_id, bool) or not isinstance(user_id, (str, int, UUID)):
        raise TypeError(
            f"A user id is a text, a number or a UUID, not {type(user_id).__name__}"
        )
    text = str(user_id)
    if not (0 < len(text) <= 255 and text.isprintable() and text == text.strip()):
        raise ValueError(
            "A user id has 1 to 255 printable characters and no blanks at its ends"
        )
    return text


def check_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """Return *scopes*, or raise TypeError or ValueError for what is none."""
    if isinstance(scopes, str) or not all(isinstance(each, str) for each in scopes):
        raise TypeError("scopes is a list of texts")
    if not all(map(str.isprintable, scopes)):
        raise ValueError("A scope contains control characters")
    return tuple(scopes)


def check_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return *data* as it comes back from JSON, or raise TypeError or ValueError."""
    text = json.dumps(dict(data), allow_nan=False, ensure_ascii=False)
    text.encode()  # half a surrogate pair is no Unicode; databases refuse it
    copy: dict[str, Any] = json.loads(text)
    return copy


def clean(text: str | None) -> str | None:
    """Make what a client says about itself fit for any store."""
    if text is None:
        return None
    return "".join(filter(str.isprintable, text))[:255] or None
