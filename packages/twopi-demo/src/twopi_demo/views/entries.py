"""Time entries, as plain views."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, abort, g, request, url_for
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from twopi_demo.auth import bearer, user_id
from twopi_demo.database import commit_and_dump, session
from twopi_demo.days import day_after, midnight
from twopi_demo.models import Entry
from twopi_demo.schemas import EntryFilter, EntrySchema
from twopi_pagination import Sort, cursor_paginated, paginated
from twopi_token_auth import scopes_required
from twopi_webargs import RequestValidationError, use_args, use_kwargs

blueprint = Blueprint("entries", __name__)
ORDERS = Sort(
    {
        "started": [Entry.started, Entry.id],
        "minutes": [Entry.minutes, Entry.id],
    },
    default="-started",
)
ONE = "/entries/<id:entry_id>"


@blueprint.get("/entries")
@bearer
@scopes_required("entries")
@use_kwargs(EntryFilter, location="query")
def list_entries(
    project: int | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Any:
    """List the entries the user may see, the latest first.

    A page is reached by the ``cursor`` of another one, which costs the same at any
    depth, or by ``offset``, which also tells how many entries there are.
    """
    query = visible()
    if project:
        query = query.where(Entry.project_id == project)
    if first:
        query = query.where(Entry.started >= midnight(first))
    if last:
        query = query.where(Entry.started < midnight(day_after(last)))
    paginate = paginated if "offset" in request.args else cursor_paginated
    page = paginate(query, EntrySchema, session=session, sort=ORDERS)
    return page.data, page.headers


@blueprint.post("/entries")
@bearer
@scopes_required("entries")
@use_args(EntrySchema)
def create_entry(values: dict[str, Any]) -> Any:
    """Add an entry of the user's own."""
    entry = Entry(user_id=user_id(), **values)
    session.add(entry)
    stored = save(entry)
    place = url_for("entries.show_entry", entry_id=stored["id"])
    return stored, 201, {"Location": place}


@blueprint.get(ONE)
@bearer
@scopes_required("entries")
def show_entry(entry_id: int) -> Any:
    """Show an entry the user may see."""
    return EntrySchema().dump(find(entry_id))


@blueprint.put(ONE)
@bearer
@scopes_required("entries")
@use_args(EntrySchema)
def replace_entry(values: dict[str, Any], entry_id: int) -> Any:
    """Replace an entry of the user's own."""
    entry = find_own(entry_id)
    for name, value in values.items():
        setattr(entry, name, value)
    return save(entry)


@blueprint.delete(ONE)
@bearer
@scopes_required("entries")
def delete_entry(entry_id: int) -> Any:
    """Delete an entry of the user's own."""
    session.delete(find_own(entry_id))
    session.commit()
    return "", 204


def visible() -> Select[Any]:
    """Select what the user may see: their own entries, or everybody's."""
    if "entries:all" in g.token.scopes:
        return select(Entry)
    return select(Entry).where(Entry.user_id == user_id())


def find(entry_id: int) -> Entry:
    """Return an entry; to those who may not see it, it is not there."""
    entry: Entry | None = session.scalar(visible().where(Entry.id == entry_id))
    return entry or abort(404, "No such entry.")


def find_own(entry_id: int) -> Entry:
    """Return an entry that the user may change."""
    entry = find(entry_id)
    if entry.user_id != user_id():
        abort(403, "Only who worked may change an entry.")
    return entry


def save(entry: Entry) -> Any:
    """Commit and dump; the one key an entry can get wrong is that of its project."""
    try:
        return commit_and_dump(EntrySchema, entry)
    except IntegrityError:
        session.rollback()
        raise RequestValidationError({"project": ["No such project."]}) from None
