"""How much is looked at before something is sent without its values."""

from __future__ import annotations

import time
from collections.abc import Callable


class OverBudgetError(Exception):
    """More would have to be looked at than is worth it."""


class Budget:
    """Limits the work that one event may cause.

    Args:
        characters: How much text is looked at, all texts together.
        milliseconds: How much CPU time of this thread is used.
        steps: How many values are looked at, and how many places that a secret may
            be in.
        clock: Returns the nanoseconds of CPU time that this thread has used.
    """

    CHARACTERS = 2**21
    MILLISECONDS = 500
    STEPS = 250_000

    def __init__(
        self,
        characters: int = CHARACTERS,
        milliseconds: int = MILLISECONDS,
        steps: int = STEPS,
        clock: Callable[[], int] = time.thread_time_ns,
    ) -> None:
        self._characters = characters
        self._steps = steps
        self._clock = clock
        self._end = clock() + milliseconds * 1_000_000

    def read(self, characters: int) -> None:
        """Count the *characters* of a text that is looked at.

        Raises:
            OverBudgetError: They are too many, or time is up.
        """
        self._characters -= characters
        if self._characters < 0:
            raise OverBudgetError("more text than is looked at")
        self.check()

    def step(self, count: int = 1) -> None:
        """Count steps.

        Raises:
            OverBudgetError: They are too many, or time is up.
        """
        self._steps -= count
        if self._steps < 0:
            raise OverBudgetError("more values than are looked at")
        if self._steps % 1024 < count:
            self.check()

    def check(self) -> None:
        """Raise `OverBudgetError` if time is up."""
        if self._clock() > self._end:
            raise OverBudgetError("more time than is given to it")
