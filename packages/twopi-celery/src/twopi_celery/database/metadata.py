"""What tables are added to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa


class HasMetaData(Protocol):
    """A declarative base, or Flask-SQLAlchemy's ``db``."""

    @property
    def metadata(self) -> sa.MetaData:
        """What its tables are part of."""
