"""What is raised.

.. code-block:: text

    ValueError
        ConfigurationError      settings or a call that cannot work
            MisspeltSettingWarning      a warning: a name that is nearly a setting
    RuntimeError
        HealthError             a server that a health check asked does not answer
        LockError               the lock of a unique task cannot be asked for
        PublishError            tasks of a committed transaction are lost
    kombu.exceptions.ChannelError, kombu.exceptions.OperationalError
        BrokerFolderError       a folder of `filesystem_broker` cannot be used
    RuntimeError
        UndeliverableError      a message that the broker can put into no queue
"""

from __future__ import annotations

from collections.abc import Mapping

from kombu.exceptions import ChannelError, OperationalError


class ConfigurationError(ValueError):
    """A setting is missing or cannot be used, or a call comes too late.

    The message names the settings and the remedy; it never shows a value that may be
    a secret.

    Attributes:
        settings: The names of the settings in question; may be empty.
    """

    def __init__(self, message: str, *settings: str) -> None:
        super().__init__(message, *settings)
        self.settings = settings

    def __str__(self) -> str:
        return str(self.args[0])


class MisspeltSettingWarning(ConfigurationError, UserWarning):  # noqa: N818
    """A setting has a name that is nearly one of Celery's. It is a warning."""


class HealthError(RuntimeError):
    """The broker, the database or the workers do not answer.

    The message has the name, the address without its password, and what went wrong.
    """


class LockError(RuntimeError):
    """The lock of a unique task cannot be asked for; nothing was sent.

    The message has the table and what the database said.
    """


class PublishError(RuntimeError):
    """A transaction was committed, but tasks that waited for that were not published.

    The commit stands. All tasks that could be published are.

    Attributes:
        errors: What was raised, by the ids of the tasks.
    """

    def __init__(self, errors: Mapping[str, Exception]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return (
            f"The transaction was committed, but {len(self.errors)} of its tasks could "
            f"not be published: {', '.join(self.errors)}"
        )


class BrokerFolderError(ChannelError, OperationalError):
    """A folder of `filesystem_broker` is missing, full or not to be written.

    It is an error of a channel of kombu, and the ``OperationalError`` that Celery
    raises for other brokers that cannot be reached.
    """


class UndeliverableError(RuntimeError):
    """The broker has no queue for a message, or refuses to declare it.

    The message names the queue or the exchange and gives the reason of the broker.
    """
