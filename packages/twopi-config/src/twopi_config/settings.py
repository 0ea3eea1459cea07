"""Settings declared once: read from the environment, checked, and documented.

.. code-block:: python

    from twopi_config import Secret, Settings, variable


    class Acme(Settings, prefix="ACME_"):
        "The settings of Acme."

        database_url: Secret = variable(doc="Where the orders are kept")
        workers: int = variable(default=2, doc="Processes that pack")


    settings = Acme.load({"ACME_DATABASE_URL": "sqlite://", "ACME_WORKERS": "4"})
    assert settings.workers == 4
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, MutableMapping
from typing import Any, ClassVar, Protocol, Self, dataclass_transform

from twopi_config.declaring.fields import declared
from twopi_config.declaring.variable import Variable, variable
from twopi_config.reading import document
from twopi_config.reading.reader import Reading
from twopi_config.reading.sources import EnvFile
from twopi_config.secret import Secret
from twopi_config.url.redact import redact

EXTENSION = "twopi_config"


class Application(Protocol):
    """What `Settings.to_flask` needs of a Flask application."""

    @property
    def config(self) -> MutableMapping[str, Any]: ...  # noqa: D102

    @property
    def extensions(self) -> MutableMapping[str, Any]: ...  # noqa: D102


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(variable,)
)
class Settings:
    """The base of a class that declares an application's settings.

    A subclass is a frozen dataclass with keyword arguments, so that tests make one
    without an environment. The variable of the field ``port`` is ``PORT``, behind
    the *prefix* of the class. A field without a default is required. Types are `str`,
    `Secret`, `bool`, `int`, `float`, `~decimal.Decimal`, `~pathlib.Path`,
    `~uuid.UUID`, date, time, datetime and timedelta, enums, `~typing.Literal`;
    lists, tuples, sets and dicts of these; and each of them ``| None``.

    Raises:
        DeclarationError: A field has another type, a *check* without *wanted*, the
            variable of another field, or the name of a method.
    """

    variables: ClassVar[tuple[Variable, ...]] = ()
    """The declared variables, in order."""
    _prefix: ClassVar[str] = ""
    _title: ClassVar[str | None] = None

    def __init_subclass__(cls, *, prefix: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if prefix is not None:
            cls._prefix = prefix
        cls._title = cls.__doc__  # a dataclass without one gets its signature
        dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(cls)
        cls.variables = tuple(declared(cls, cls._prefix, Settings))

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, env_file: EnvFile = None
    ) -> Self:
        """Read the settings, and report all that is wrong with them at once.

        An empty value counts as none. The text of a `Secret` may stand in a file
        that its variable with ``_FILE`` behind names, as Docker and Kubernetes mount
        them; the line break at its end is not part of it.

        Args:
            environ: The environment; the default is that of the process.
            env_file: A ``.env`` file for what the environment does not set. It need
                not be there. ``${...}`` in it is text.

        Returns:
            The settings.

        Raises:
            SettingsError: Variables are missing or cannot be used.
            ModuleNotFoundError: environs is missing; install ``twopi-config[env]``.
        """
        return cls(**_reading(cls, environ, env_file).check().values)

    @classmethod
    def origins(
        cls, environ: Mapping[str, str] | None = None, env_file: EnvFile = None
    ) -> dict[str, str]:
        """Say where each variable's value comes from, and never what it is.

        Args:
            environ: As in `load`.
            env_file: As in `load`.

        Returns:
            Of each variable: ``"environment"``, ``".env"``, either of them with the
            variable that names the file, or ``"default"``.

        Raises:
            SettingsError: As in `load`.
        """
        return _reading(cls, environ, env_file).check().origins

    def to_flask(self, app: Application) -> None:
        """Put the settings into ``app.config``, and themselves into its extensions.

        The key of the field ``port`` is ``PORT``, without the prefix. Secrets are
        put there as plain text, which Flask and its extensions expect; show the
        configuration by ``redact(app.config)``.

        Args:
            app: The application. ``app.extensions["twopi_config"]`` is these settings.
        """
        for each in self.variables:
            value = getattr(self, each.field)
            plain = value.reveal() if isinstance(value, Secret) else value
            app.config[each.field.upper()] = plain
        app.extensions[EXTENSION] = self

    @classmethod
    def example(cls) -> str:
        """Return the text of a ``.env.example`` with every variable."""
        return document.example(cls._title, cls.variables)

    @classmethod
    def table(cls) -> str:
        """Return a Markdown table of the variables, for the documentation."""
        return document.table(cls.variables)

    def __repr__(self) -> str:
        """Return the settings without secrets; see `redact`."""
        values = {each.field: getattr(self, each.field) for each in self.variables}
        shown = (f"{name}={value!r}" for name, value in redact(values).items())
        return f"{type(self).__name__}({', '.join(shown)})"


def _reading(
    cls: type[Settings], environ: Mapping[str, str] | None, env_file: EnvFile
) -> Reading:
    import environs  # noqa: F401  missing, it would look like a bad value

    here = os.environ if environ is None else environ
    return Reading(cls.variables, here, env_file)
