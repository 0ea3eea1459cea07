"""What an outbox has to do, and what it has given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Backlog:
    """What an outbox has to do.

    Attributes:
        pending: How many tasks are to be published.
        age: For how many seconds the oldest of them has been waiting; 0 if none is.
        refused: How many are dead: they cannot be read or encoded, or were attempted
            too often.
        retrying: How many of the pending ones have failed before.
    """

    pending: int
    age: float
    refused: int
    retrying: int = 0


@dataclass(frozen=True)
class DeadTask:
    """A row that is not published any more.

    Attributes:
        id: The number of the row.
        task_id: The id of the task.
        task: Its name.
        error: Why it is dead.
        attempts: How often it was tried to publish it.
        added: When it was added, in seconds since 1970.
        died: When it was given up.
    """

    id: int
    task_id: str
    task: str
    error: str
    attempts: int
    added: float
    died: float
