"""Why something was not published, and whose fault that is."""

from __future__ import annotations

from dataclasses import dataclass

from kombu.exceptions import InconsistencyError, OperationalError

from twopi_celery.errors import UndeliverableError


@dataclass(frozen=True)
class Failure:
    """Why something was not published.

    Attributes:
        error: What went wrong, without secrets.
        never: Whether it can never be published: it cannot be encoded.
        counts: Whether this was a failed attempt. If not, the broker was away or the
            time was up.
        lost: Whether the connection to the broker is lost.
    """

    error: str
    never: bool = False
    counts: bool = False
    lost: bool = False


def describe(error: BaseException) -> str:
    """Return what went wrong, without what may be secret: mostly the class.

    Args:
        error: The error, or one that wraps it.
    """
    error = error.__cause__ or error
    if isinstance(error, UndeliverableError):
        return str(error)[:255]
    name = type(error).__name__
    code = getattr(error, "reply_code", None)
    text = f"{name}: {code} {getattr(error, 'reply_text', '')}" if code else name
    return text[:255]


def is_outage(error: BaseException | None) -> bool:
    """Return whether *error* is that of a server that does not respond.

    Args:
        error: The error; those that caused it are looked at too.
    """
    while error is not None:
        names = {each.__name__ for each in type(error).__mro__}
        if names & {"ConnectionError", "TimeoutError", "BackendError", "DBAPIError"}:
            return True
        if isinstance(error, OSError | OperationalError):
            return True
        error = error.__cause__ or error.__context__
    return False


def failure_of_broker(error: Exception) -> Failure:
    """Return the failure; what was published is to blame only if the broker says so.

    Args:
        error: The error of the connection.
    """
    cause = error.__cause__ or error
    told = getattr(cause, "reply_code", 0) not in {0, 320}  # 320: an operator closes it
    told = told or isinstance(cause, InconsistencyError)
    return Failure(describe(error), counts=told, lost=True)
