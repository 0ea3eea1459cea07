"""One variable of the environment, as a class of settings declares it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, overload

from twopi_config.declaring.kind import Kind

T = TypeVar("T")
DECLARED = "twopi_config"


@overload
def variable(
    *,
    default: T,
    doc: str = ...,
    name: str | None = ...,
    check: Callable[[T], object] | None = ...,
    wanted: str | None = ...,
) -> T: ...
@overload
def variable(
    *,
    default_factory: Callable[[], T],
    doc: str = ...,
    name: str | None = ...,
    check: Callable[[T], object] | None = ...,
    wanted: str | None = ...,
) -> T: ...
@overload
def variable(
    *,
    doc: str = ...,
    name: str | None = ...,
    check: Callable[[Any], object] | None = ...,
    wanted: str | None = ...,
) -> Any: ...
def variable(
    *,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    doc: str = "",
    name: str | None = None,
    check: Callable[[Any], object] | None = None,
    wanted: str | None = None,
) -> Any:
    """Declare a field of `Settings` with more than a type and a default.

    Args:
        default: The value if the variable is not set. Without one it is required.
        default_factory: A function that makes the default, for lists and dicts.
        doc: What the setting is for, in one line.
        name: The variable's whole name, for one that does not follow the prefix.
        check: A function that takes the value, and returns ``False`` or raises any
            exception if it cannot be used.
        wanted: What the value must be, for the message: "a port from 1 to 65535".
            A *check* needs it; otherwise it is derived from the type.
    """
    metadata = {DECLARED: {"doc": doc, "name": name, "check": check, "wanted": wanted}}
    if default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=default_factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable.

    Attributes:
        name: Its name in the environment.
        field: The field of the settings; ``"database.url"`` is nested.
        kind: How it is read.
        wanted: What it must be.
        doc: What it is for.
        secret: Whether its value is, or contains, a `Secret`.
        check: Rejects values that cannot be used.
        default: Makes the default; `None` if the variable is required.
        file_name: The variable that may name a file with the value, as Docker's images
            have it: the name with ``_FILE``. `None` if another field has this name.
        group: The innermost nested field around it that may be `None`, or the empty
            string. The variable is required only if one of that group is set.
    """

    name: str
    field: str
    kind: Kind
    wanted: str
    doc: str
    secret: bool
    check: Callable[[Any], object] | None
    default: Callable[[], Any] | None
    file_name: str | None = None
    group: str = ""

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is None

    @property
    def example(self) -> str:
        """The default as a string that reads back as the same value.

        It is empty for a secret, for ``None``, and for a default that no string
        stands for.
        """
        value = None if self.default is None or self.secret else self.default()
        if value is None:
            return ""
        try:
            text = self.kind.spell(value)
            same = self.kind.parse(text) == value
        except Exception:  # noqa: BLE001  a default need not be of its type
            return ""
        return text if same else ""

    def read(self, text: str) -> Any:
        """Return the value that *text* stands for.

        Raises:
            ValueError: It cannot be read, or the check rejects it.
        """
        try:
            value = self.kind.parse(text)
            rejected = self.check is not None and self.check(value) is False
        except Exception:  # noqa: BLE001  a parser or a check may raise anything
            rejected = True
        if rejected:  # outside of the handler, whose error shows the value
            raise ValueError(self.name)
        return value
