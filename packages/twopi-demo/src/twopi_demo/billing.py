"""What a month of a project costs.

The rounding rule: minutes are whole numbers and are added up for each person; each
person's amount is ``hourly rate x minutes / 60``, rounded once, half a cent up; the
total is the sum of these amounts, so that the lines of a bill add up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


def amount(minutes: int, hourly_rate: Decimal) -> Decimal:
    """Return the price of *minutes*, to the cent.

    >>> from decimal import Decimal
    >>> from twopi_demo.billing import amount
    >>> amount(61, Decimal("97.50"))
    Decimal('99.13')
    >>> amount(1, Decimal("0.30"))
    Decimal('0.01')
    """
    return (hourly_rate * minutes / 60).quantize(CENT, ROUND_HALF_UP)


def bill(minutes: Mapping[str, int], hourly_rate: Decimal) -> dict[str, Any]:
    """Return the bill for the *minutes* of each person; amounts are text."""
    amounts = {
        person: amount(worked, hourly_rate)
        for person, worked in sorted(minutes.items())
    }
    return {
        "hourlyRate": str(hourly_rate),
        "lines": [
            {"person": person, "minutes": minutes[person], "amount": str(price)}
            for person, price in amounts.items()
        ],
        "minutes": sum(minutes.values()),
        "total": str(sum(amounts.values(), Decimal("0.00"))),
    }


def bill_csv(result: Mapping[str, Any]) -> str:
    """Return a bill as CSV (RFC 4180), its last line the total."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["person", "minutes", "amount"])
    for line in result["lines"]:
        writer.writerow([line["person"], line["minutes"], line["amount"]])
    writer.writerow(["total", result["minutes"], result["total"]])
    return text.getvalue()
