"""What clients send and get, with every bound checked before the database sees it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

LARGEST = 2**63 - 1
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2999, 12, 31, tzinfo=dt.UTC)


def whole_cents(amount: Decimal) -> None:
    """Refuse an amount of money that is finer than a cent."""
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        raise ValidationError("At most two decimal places.")


def text(longest: int, shortest: int = 1, **options: Any) -> fields.String:
    """Return a field for text of bounded length that every database can store."""
    rules = [validate.Length(shortest, longest), validate.ContainsNoneOf("\0")]
    return fields.String(validate=rules, **options)


def identity(**options: Any) -> fields.Integer:
    """Return a field for the id of a row."""
    return fields.Integer(validate=validate.Range(1, LARGEST), **options)


def day(**options: Any) -> fields.Date:
    """Return a field for a day, or for the first day of a month."""
    bounds = validate.Range(EARLIEST.date(), LATEST.date())
    return fields.Date(validate=bounds, **options)


class UserSchema(Schema):
    """The user that is logged in."""

    id = fields.Integer()
    username = fields.String()
    role = fields.String()
    scopes = fields.List(fields.String())


class ProjectSchema(Schema):
    """A project; its rate is text, for a float has no cents."""

    id = fields.Integer(dump_only=True)
    name = text(100, required=True)
    hourly_rate = fields.Decimal(
        as_string=True,
        required=True,
        data_key="hourlyRate",
        validate=[validate.Range(0, 10_000), whole_cents],
    )


class EntrySchema(Schema):
    """An entry; times are sent with their offset and come back in UTC."""

    id = fields.Integer(dump_only=True)
    user = fields.Integer(attribute="user_id", dump_only=True)
    project = identity(attribute="project_id", required=True, strict=True)
    started = fields.AwareDateTime(
        required=True, validate=validate.Range(EARLIEST, LATEST)
    )
    minutes = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 24 * 60)
    )
    note = text(500, shortest=0, load_default="")


class EntryFilter(Schema):
    """The query of a list of entries; both days are inside, in UTC."""

    project = identity()
    first = day(data_key="from")
    last = day(data_key="to")


class ReportSchema(Schema):
    """The body that asks for a report."""

    project = identity(required=True, strict=True)
    month = day(required=True, format="%Y-%m")


class JobSchema(Schema):
    """A job; *worker* is null until one takes it, *result* until it is done."""

    id = fields.String()
    project = fields.Integer(attribute="project_id")
    month = fields.Date(format="%Y-%m")
    created = fields.AwareDateTime()
    state = fields.String()
    progress = fields.Method("_progress")
    result = fields.Raw(allow_none=True)
    worker = fields.Integer(allow_none=True)

    def _progress(self, job: Any) -> dict[str, int | None]:
        return {"count": job.count, "total": job.total}
