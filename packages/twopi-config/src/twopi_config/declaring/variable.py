"""One variable of the environment, as a class of settings declares it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, overload

from twopi_config.declaring.value_types import Kind

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
        check: A function that is given the value, and returns false or raises
            `ValueError` if it cannot be used.
        wanted: What the value has to be, for the message: "a port from 1 to 65535".
            A *check* needs it; the default is told by the type.
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
        field: The field of the settings.
        kind: How it is read.
        wanted: What it has to be.
        doc: What it is for.
        secret: Whether its value is a `Secret`, which a file may hold too.
        check: Refuses values that cannot be used.
        default: Makes the default; `None` if the variable is required.
    """

    name: str
    field: str
    kind: Kind
    wanted: str
    doc: str
    secret: bool
    check: Callable[[Any], object] | None
    default: Callable[[], Any] | None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is None

    @property
    def file_name(self) -> str | None:
        """The variable that may name a file with the value, as Docker's images do."""
        return f"{self.name}_FILE" if self.secret else None

    @property
    def example(self) -> str:
        """The default as text; the empty text if it is none, or a secret."""
        value = None if self.default is None or self.secret else self.default()
        return "" if value is None else self.kind.spell(value)

    def read(self, text: str) -> Any:
        """Return the value that *text* stands for.

        Raises:
            ValueError: It stands for none.
        """
        try:
            value = self.kind.parse(text)
            refused = self.check is not None and self.check(value) is False
        except Exception:  # noqa: BLE001  a parser or a check may raise anything
            refused = True
        if refused:  # outside of the handler, whose error shows the value
            raise ValueError(self.name)
        return value
