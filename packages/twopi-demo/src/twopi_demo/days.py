"""Where days and months begin and end: in UTC."""

from __future__ import annotations

import datetime as dt


def midnight(day: dt.date) -> dt.datetime:
    """Return the moment *day* begins."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def day_after(day: dt.date) -> dt.date:
    """Return the day after *day*."""
    return day + dt.timedelta(days=1)


def month_after(month: dt.date) -> dt.date:
    """Return the first day of the month after the one that *month* is the first of.

    >>> import datetime as dt
    >>> from twopi_demo.days import month_after
    >>> month_after(dt.date(2025, 12, 1))
    datetime.date(2026, 1, 1)
    """
    return (month + dt.timedelta(days=31)).replace(day=1)
