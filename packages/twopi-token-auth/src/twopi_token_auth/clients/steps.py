"""What a client has to do, as data, and who does it: a thread or a task.

A method of `ClientSession` is a generator that yields what has to be done next, a
`Call` to send or a `Flight` to wait for; `run` and `run_async` do it. So the same rules
hold for threads, for the tasks of any event loop, and for both at once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

from twopi_token_auth.clients.errors import ServerUnavailableError

T = TypeVar("T")


class Call(NamedTuple):
    """A ``POST`` to one of the views."""

    url: str
    json: dict[str, str]
    headers: dict[str, str]


class Answer(NamedTuple):
    """What came back for a `Call`."""

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


Flight = Future[ServerUnavailableError | bool]
"""A renewal under way; it results in why it failed, or whether anybody answered it."""

Steps = Generator[Call | Flight, Any, T]


def take_off() -> Flight:
    """Return a renewal that begins now."""
    flight: Flight = Future()
    flight.set_running_or_notify_cancel()  # a task that gives up cancels nobody else
    return flight


def run(steps: Steps[T], send: Callable[[Call], Answer]) -> T:
    """Do *steps* in this thread.

    Args:
        steps: What a method of `ClientSession` returned.
        send: Sends a call; raises `ServerUnavailableError` where the network fails.
    """
    with closing(steps):
        try:
            step = next(steps)
            while True:
                if isinstance(step, Future):
                    step.exception()  # waits
                    step = next(steps)
                    continue
                try:
                    answer = send(step)
                except ServerUnavailableError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result


async def run_async(steps: Steps[T], send: Callable[[Call], Awaitable[Answer]]) -> T:
    """Do *steps* in this task; see `run`."""
    with closing(steps):
        try:
            step = next(steps)
            while True:
                if isinstance(step, Future):
                    await asyncio.wrap_future(step)
                    step = next(steps)
                    continue
                try:
                    answer = await send(step)
                except ServerUnavailableError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
