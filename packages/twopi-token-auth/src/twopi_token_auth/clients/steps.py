"""What a client does next, as data, and who does it: a thread or a task.

A method of `ClientSession` is a generator that yields what must be done next: a
`Call` to send, a `Flight` to wait for, or a `Save` to make. `run` and `run_async` do
it, so the same rules hold for threads, for the tasks of any event loop, and for both.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

from twopi_token_auth.clients.errors import ServerUnavailableError

T = TypeVar("T")

LONGEST = 30.0
"""For how many seconds a login, renewal or logout is waited for, unless told else."""

_SHORTEST = 0.001
"""Seconds; what HTTP libraries accept as a timeout."""


class Call(NamedTuple):
    """A ``POST`` to one of the views."""

    url: str
    json: dict[str, str]
    headers: dict[str, str]


class Answer(NamedTuple):
    """The response to a `Call`."""

    status: int
    retry_after: str | None
    body: bytes

    def read(self) -> dict[str, Any]:
        """Return the JSON object in the body; an empty one if there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Save(NamedTuple):
    """A call of the function that keeps the tokens."""

    function: Callable[[Any], object]
    tokens: object


class OutOfTimeError(ServerUnavailableError):
    """The time of this caller is over; others may have more of it."""


Flight = Future[ServerUnavailableError | bool]
"""A renewal under way; it results in why it failed, or whether the server answered."""

Steps = Generator[Call | Flight | Save, Any, T]


def take_off() -> Flight:
    """Return a renewal that begins now."""
    flight: Flight = Future()
    flight.set_running_or_notify_cancel()  # a task that gives up cancels no other
    return flight


def run(
    steps: Steps[T], send: Callable[[Call, float], Answer], seconds: float = LONGEST
) -> T:
    """Do *steps* in this thread.

    Args:
        steps: What a method of `ClientSession` returned.
        send: Sends a call within so many seconds; raises `ServerUnavailableError` if
            the network fails.
        seconds: How long all of it may take.
    """
    end = time.monotonic() + seconds
    with closing(steps):
        try:
            step = next(steps)
            while True:
                if isinstance(step, Save):
                    _refuse_awaitable(step.function(step.tokens))
                    step = next(steps)
                    continue
                left = max(_SHORTEST, end - time.monotonic())
                try:
                    done = send(step, left) if isinstance(step, Call) else None
                    if isinstance(step, Future):
                        _wait(step, left)
                except ServerUnavailableError as error:
                    step = steps.throw(_judge(error, end))
                else:
                    step = steps.send(done)
        except StopIteration as stop:
            result: T = stop.value
            return result


async def run_async(
    steps: Steps[T],
    send: Callable[[Call, float], Awaitable[Answer]],
    seconds: float = LONGEST,
) -> T:
    """Do *steps* in this task; see `run`. Saving may be a coroutine here."""
    end = time.monotonic() + seconds
    with closing(steps):
        try:
            step = next(steps)
            while True:
                if isinstance(step, Save):
                    saving = step.function(step.tokens)
                    if inspect.isawaitable(saving):
                        await saving
                    step = next(steps)
                    continue
                left = max(_SHORTEST, end - time.monotonic())
                try:
                    done = await send(step, left) if isinstance(step, Call) else None
                    if isinstance(step, Future):
                        await _wait_async(step, left)
                except ServerUnavailableError as error:
                    step = steps.throw(_judge(error, end))
                else:
                    step = steps.send(done)
        except StopIteration as stop:
            result: T = stop.value
            return result


def _wait(flight: Flight, seconds: float) -> None:
    try:
        flight.exception(seconds)
    except TimeoutError:
        raise OutOfTimeError(_TOO_LONG) from None


async def _wait_async(flight: Flight, seconds: float) -> None:
    try:
        await asyncio.wait_for(asyncio.wrap_future(flight), seconds)
    except TimeoutError:
        raise OutOfTimeError(_TOO_LONG) from None


def _judge(error: ServerUnavailableError, end: float) -> ServerUnavailableError:
    """Return *error* as what it is: of the server, or of the time of this caller."""
    if time.monotonic() < end:
        return error
    late = OutOfTimeError(str(error), retry_after=error.retry_after)
    late.__cause__ = error.__cause__
    return late


def refuse_coroutine_function(save: object) -> None:
    """Raise `TypeError` for a function that only `run_async` can call."""
    if inspect.iscoroutinefunction(save):
        raise TypeError(_NOT_AWAITED)


def _refuse_awaitable(result: object) -> None:
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(_NOT_AWAITED)


_TOO_LONG = (
    "Another request renews the token, which takes longer than this one may wait"
)

_NOT_AWAITED = (
    "save= is asynchronous, and this client is not: pass a plain function, or use "
    "AsyncSessionAuth"
)
