"""How the commands answer: in words, in JSON, or with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

import click

from twopi_token_auth.errors import TokenAuthError, UnavailableError

ResultT = TypeVar("ResultT")

as_json = click.option("--json", "as_json", is_flag=True, help="For programs to read.")


def attempt(call: Callable[[], ResultT]) -> ResultT:
    """Return what *call* returns; tell what is wrong, and exit 1, where it raises."""
    try:
        return call()
    except UnavailableError as error:
        fail(str(error.description))
    except (TokenAuthError, RuntimeError, TypeError, ValueError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Tell what is wrong and exit 1."""
    raise click.ClickException(message)
