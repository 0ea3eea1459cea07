"""``flask pagination check``: the lists of an application on its database."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from twopi_pagination.listing.check import checked
from twopi_pagination.query.source import session_of

pagination = AppGroup("pagination", help="Check the lists of the application.")


@pagination.command("check")
@click.option("--rows", default=200, help="How many rows of each order are walked.")
@click.option("--strict", is_flag=True, help="A missing index is an error, too.")
def check(rows: int, *, strict: bool) -> None:
    """Walk each list in each order, explain its pages, and name missing indexes."""
    listings: Any = current_app.extensions["twopi_pagination"]
    failed = False
    session = session_of(None)
    for listing in listings:
        click.echo(f"{listing.name}")
        for each in checked(listing, session, rows=rows):
            click.echo(f"  sort={each.order or '(default)'}")
            for line in each.plan:
                click.echo(f"    {line}")
            if each.index:
                click.echo(f"    missing: {each.index}")
            if each.wrong:
                click.echo(f"    wrong: {each.wrong}")
            failed |= bool(each.wrong) or (strict and bool(each.index))
    if failed:
        raise click.ClickException("the lists are not what they should be")
    click.echo("all lists are complete")
