"""Settings: where they are read from, and those of the database."""

from __future__ import annotations

import inspect
import os
import pkgutil
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twopi_celery.errors import ConfigurationError
from twopi_celery.settings_names import normalize, spellings

if TYPE_CHECKING:
    from sqlalchemy import URL

URI = "SQLALCHEMY_DATABASE_URI"
POOL_RECYCLE = "SQLALCHEMY_POOL_RECYCLE"
ENGINE_OPTIONS = "SQLALCHEMY_ENGINE_OPTIONS"
REQUEST_ID_HEADER = "REQUEST_ID_HEADER"


def read_settings(source: object) -> dict[str, Any]:
    """Return the settings in *source*, Celery's under their lower-case names.

    Args:
        source: A mapping, a module, a class, another object with attributes, or the
            name of one: ``"shop.settings"``, ``"shop.settings:Production"``.

    Raises:
        ConfigurationError: *source* names nothing that can be imported, or spells a
            setting in two ways with two values.
    """
    if isinstance(source, str):
        try:
            source = pkgutil.resolve_name(source)
        except (AttributeError, ImportError, ValueError) as error:
            raise ConfigurationError(
                f"The settings {source!r} cannot be imported: {error}"
            ) from error
    if isinstance(source, Mapping):
        return normalize(source)
    names = [name for name in dir(source) if _is_setting(source, name)]
    return normalize({name: getattr(source, name) for name in names})


def _is_setting(source: object, name: str) -> bool:
    """Tell settings from what else an object has: imports, functions, properties."""
    if name.startswith("_"):
        return False
    if name.isupper() or name in spellings():
        return True
    value = inspect.getattr_static(source, name, None)
    return not (
        callable(value) or inspect.ismodule(value) or inspect.isdatadescriptor(value)
    )


def require_broker(settings: Mapping[str, Any], broker: object) -> None:
    """Raise unless there is a broker: Celery would try RabbitMQ on this machine.

    Args:
        settings: What `read_settings` returned.
        broker: The *broker* argument of `celery.Celery`.

    Raises:
        ConfigurationError: There is none in the two, nor in the environment variable
            ``CELERY_BROKER_URL``, which Celery prefers to both.
    """
    found = settings.get
    both = found("broker_read_url") and found("broker_write_url")
    here = broker or found("broker_url") or found("broker_host") or both
    if not here and not os.environ.get("CELERY_BROKER_URL"):
        names = ("CELERY_BROKER_URL", "BROKER_URL", "broker_url")
        raise ConfigurationError(
            f"There is no broker; set one of {', '.join(names)}, for example to "
            "'redis://localhost:6379/0'",
            *names,
        )


def read_request_id_header(config: Mapping[str, Any]) -> str | None:
    """Return the name of the header with a request's id, or None for no header.

    Args:
        config: The settings of a Flask application.

    Raises:
        ConfigurationError: It is no name of a header.
    """
    name = config.get(REQUEST_ID_HEADER, "X-Request-ID")
    if name is None or (isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9-]+", name)):
        return name
    raise ConfigurationError(
        f"{REQUEST_ID_HEADER} must be the name of a header such as 'X-Request-ID', or "
        "None",
        REQUEST_ID_HEADER,
    )


def read_engine(conf: Mapping[str, Any]) -> tuple[URL, dict[str, Any]]:
    """Return the URL and the options for `sqlalchemy.create_engine`.

    Args:
        conf: The configuration of a Celery application.

    Raises:
        ConfigurationError: One of the three settings is missing or unusable.
    """
    uri = conf.get(URI)
    if not uri:
        raise ConfigurationError(
            f"There is no {URI}; set it, for example to 'sqlite:///app.db'", URI
        )
    options = conf.get(ENGINE_OPTIONS) or {}
    if not isinstance(options, Mapping):
        raise ConfigurationError(
            f"{ENGINE_OPTIONS} must be a dictionary of arguments of create_engine, "
            f"not {type(options).__name__}",
            ENGINE_OPTIONS,
        )
    defaults: dict[str, Any] = {"pool_pre_ping": True}
    if conf.get(POOL_RECYCLE):
        defaults["pool_recycle"] = _seconds(conf[POOL_RECYCLE])
    return _url(uri), {**({} if "pool" in options else defaults), **options}


def _url(value: object) -> URL:
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        if isinstance(value, str | URL):
            return make_url(value)
    except (ArgumentError, ValueError):
        pass  # they quote it, with its password
    raise ConfigurationError(
        f"{URI} is no database URL; it looks like "
        "'postgresql+psycopg://user:password@host/database'",
        URI,
    )


def _seconds(value: object) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise ConfigurationError(
        f"{POOL_RECYCLE} must be a number of seconds such as 3600, not {value!r}",
        POOL_RECYCLE,
    )
