"""Commands for the sessions of an application."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from twopi_token_auth.auth import sessions_of
from twopi_token_auth.cli.output import as_json, attempt, fail
from twopi_token_auth.stores.base import RefreshSession

sessions = AppGroup("sessions", help="Sessions of users.")


@sessions.command("list")
@click.argument("user_id")
@as_json
def list_sessions(user_id: str, as_json: bool) -> None:
    """Show where USER_ID is logged in, the last one renewed first."""
    found = attempt(lambda: sessions_of(current_app).list(user_id))
    if as_json:
        click.echo(json.dumps({"sessions": [_describe(each) for each in found]}))
        return
    for session in found:
        ends = _iso(session.idle_expires_at) or "never"
        click.echo(f"{session.id}  {session.name or session.user_agent or '-'}")
        click.echo(f"  logged in {_iso(session.created_at)} from {session.ip or '-'}")
        click.echo(f"  renewed {_iso(session.renewed_at)}, ends {ends}")
    if not found:
        click.echo("There is no session.")


@sessions.command("revoke")
@click.argument("session_ids", nargs=-1)
@click.option("--user", help="All sessions of this user.")
@click.option("--keep", help="With --user: a session that goes on.")
@as_json
def revoke(
    session_ids: Sequence[str], user: str | None, keep: str | None, as_json: bool
) -> None:
    """End sessions: those with SESSION_IDS, or all of a user.

    The exit status is 1 if one of SESSION_IDS is unknown or had ended before; the
    others are ended all the same.
    """
    if bool(session_ids) is (user is not None):
        raise click.UsageError("Name either sessions or --user.")
    if keep is not None and user is None:
        raise click.UsageError("--keep goes with --user.")
    manager = attempt(lambda: sessions_of(current_app))
    if user is not None:
        unknown: list[str] = []
        count = attempt(lambda: manager.revoke_all(user, keep=keep))
    else:
        ended = {each: attempt(partial(manager.revoke, each)) for each in session_ids}
        unknown = [each for each in ended if not ended[each]]
        count = len(ended) - len(unknown)
    if as_json:
        click.echo(json.dumps({"revoked": count, "unknown": unknown}))
    else:
        click.echo(f"{count} ended")
    if unknown:
        fail(f"Unknown, or ended before: {', '.join(unknown)}")


@click.command("purge")
@click.option("--limit", type=click.IntRange(1), help="How many at most.")
@as_json
@with_appcontext
def purge(limit: int | None, as_json: bool) -> None:
    """Delete sessions that have ended from the store.

    Logins do this in passing, a few at a time; stores that forget by themselves, such
    as Redis, have none.
    """
    count = attempt(lambda: sessions_of(current_app).purge(limit))
    click.echo(json.dumps({"purged": count}) if as_json else f"{count} deleted")


def _describe(session: RefreshSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "userId": session.user_id,
        "scopes": list(session.scopes),
        "name": session.name,
        "createdAt": _iso(session.created_at),
        "renewedAt": _iso(session.renewed_at),
        "expiresAt": _iso(session.idle_expires_at),
        "ip": session.ip,
        "userAgent": session.user_agent,
    }


def _iso(date: datetime | None) -> str | None:
    return None if date is None else date.strftime("%Y-%m-%dT%H:%M:%SZ")
