"""Pages of SQLAlchemy queries: the 1.x path of `twopi_pagination`."""

from twopi_pagination import paginated

__all__ = ["paginated"]
