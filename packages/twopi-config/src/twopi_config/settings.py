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
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, Protocol, Self, TypeVar, dataclass_transform

from twopi_config.declaring.fields import Place, declared, nested_fields
from twopi_config.declaring.variable import Variable, variable
from twopi_config.errors import Problem
from twopi_config.reading import document
from twopi_config.reading.reader import Reading
from twopi_config.reading.sources import EnvFiles, Sources, StrPath
from twopi_config.reading.unknown import unknown
from twopi_config.secret import plain
from twopi_config.url.redact import redact

EXTENSION = "twopi_config"
S = TypeVar("S", bound="Settings")


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
    the *prefix* of the class. A field without a default is required.

    Types are `str`, `Secret`, `bool`, `int`, `float`, `~decimal.Decimal`, `ByteSize`,
    `~pathlib.Path`, `~uuid.UUID`, date, time, datetime and timedelta, enums and
    `~typing.Literal`; lists, tuples, sets and dicts of these; unions, of which the
    first type that reads the value counts; each of them ``| None``; and classes of
    settings, whose variables have the name of the field before theirs.

    Args:
        prefix: What the names of the variables begin with.
        delimiter: What separates the name of a nested field from those in it, as in
            ``DATABASE__URL``.
        ignore: Names of variables that begin with the prefix and are not settings, or
            patterns of them, such as ``"SHOP_LEGACY_*"``. `load` rejects others.

    Raises:
        DeclarationError: A field has another type, a *check* without *wanted*, the
            variable of another field, or the name of a method.

    .. versionchanged:: 2.0
        ``delimiter`` and ``ignore``; unions, nested settings and `ByteSize`.
    """

    variables: ClassVar[tuple[Variable, ...]] = ()
    """The declared variables, in order."""
    _prefix: ClassVar[str] = ""
    _delimiter: ClassVar[str] = "__"
    _ignore: ClassVar[tuple[str, ...]] = ()
    _title: ClassVar[str | None] = None
    _nested: ClassVar[Mapping[str, type[Settings]]] = {}

    def __init_subclass__(
        cls,
        *,
        prefix: str | None = None,
        delimiter: str | None = None,
        ignore: str | Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if prefix is not None:
            cls._prefix = prefix
        if delimiter is not None:
            cls._delimiter = delimiter
        if ignore is not None:
            cls._ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        cls._title = cls.__doc__  # a dataclass without one gets its signature
        dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(cls)
        place = Place(cls._prefix, cls._delimiter, Settings)
        cls.variables = tuple(declared(cls, place))
        cls._nested = nested_fields(cls, Settings)

    @classmethod
    def _nested_default(cls, name: str) -> Any:
        """Return the default of a nested field, or `dataclasses.MISSING`."""
        [field] = (it for it in dataclasses.fields(cls) if it.name == name)  # type: ignore[arg-type]
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        return field.default

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: EnvFiles = None,
        *,
        secrets_dir: StrPath | None = None,
    ) -> Self:
        """Read the settings, and report all that is wrong with them at once.

        An empty value counts as none. The value of each variable may stand in a file
        that its variable with ``_FILE`` behind names, as Docker and Kubernetes mount
        them; the line break at its end is not part of it.

        Args:
            environ: The environment; the default is that of the process.
            env_file: A ``.env`` file for what the environment does not set, or several,
                of which the last one that sets a variable counts. They need not exist.
                ``${...}`` in them is text.
            secrets_dir: A folder for what neither sets, with a file for each variable
                of its name, in upper or lower case, such as ``/run/secrets``. It need
                not exist.

        Returns:
            The settings.

        Raises:
            SettingsError: Variables are missing or cannot be used; lines of a file
                cannot be read; variables with the prefix are not declared.
            ModuleNotFoundError: environs is missing; install ``twopi-config[env]``.

        .. versionchanged:: 2.0
            Several files, *secrets_dir*, ``_FILE`` for every setting, and the errors
            about lines and about variables that are not declared.
        """
        read = _reading(cls, environ, env_file, secrets_dir).check()
        return _assemble(cls, read.values)

    @classmethod
    def origins(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: EnvFiles = None,
        *,
        secrets_dir: StrPath | None = None,
    ) -> dict[str, str]:
        """Return where each variable's value comes from, without the value.

        Args:
            environ: As in `load`.
            env_file: As in `load`.
            secrets_dir: As in `load`.

        Returns:
            For each variable, ``"environment"`` or the name of the ``.env`` file, with
            the variable that names a file if one does; ``"secrets_dir"``; or
            ``"default"``.

        Raises:
            SettingsError: As in `load`.
        """
        return _reading(cls, environ, env_file, secrets_dir).check().origins

    def to_flask(self, app: Application) -> None:
        """Put the settings into ``app.config``, and themselves into its extensions.

        The key of the field ``port`` is ``PORT``, without the prefix; nested settings
        are a dict with such keys. Secrets are put there as plain strings, also those in
        lists and dicts, which Flask and its extensions expect; show the configuration
        by ``redact(app.config)``.

        Args:
            app: The application. ``app.extensions["twopi_config"]`` is these settings.
        """
        app.config.update(_for_flask(self))
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
        values = _fields_of(self)
        shown = (f"{name}={value!r}" for name, value in redact(values).items())
        return f"{type(self).__name__}({', '.join(shown)})"


def _reading(
    cls: type[Settings],
    environ: Mapping[str, str] | None,
    env_file: EnvFiles,
    secrets_dir: StrPath | None,
) -> Reading:
    import environs  # noqa: F401  missing, it would look like a bad value

    here = os.environ if environ is None else environ

    def undeclared(sources: Sources) -> Iterator[Problem]:
        names = [each.name for each in cls.variables]
        names += [each.file_name for each in cls.variables if each.file_name]
        return unknown(sources, cls._prefix, names, cls._ignore)

    return Reading(
        cls.variables, lambda: Sources(here, env_file, secrets_dir), undeclared
    )


def _assemble(cls: type[S], values: Mapping[str, Any], default: Any = None) -> S:
    """Return settings of *values* by their fields, for the others as in *default*."""
    own = {name: value for name, value in values.items() if "." not in name}
    defaults = {} if default is None else _fields_of(default)
    for name, inner in cls._nested.items():
        inside = {
            field.removeprefix(f"{name}."): value
            for field, value in values.items()
            if field.startswith(f"{name}.")
        }
        before = defaults.get(name, cls._nested_default(name))
        if inside or before is dataclasses.MISSING:
            here = None if before is dataclasses.MISSING else before
            own[name] = _assemble(inner, inside, here)
    return cls(**own) if default is None else dataclasses.replace(default, **own)


def _fields_of(settings: Settings) -> dict[str, Any]:
    """Return the values of the fields, nested settings as they are."""
    fields = dataclasses.fields(settings)  # type: ignore[arg-type]  # a subclass is one
    return {each.name: getattr(settings, each.name) for each in fields}


def _for_flask(value: Any) -> Any:
    """Return what stands for a field's value in a configuration."""
    if not isinstance(value, Settings):
        return plain(value)
    return {name.upper(): _for_flask(each) for name, each in _fields_of(value).items()}
