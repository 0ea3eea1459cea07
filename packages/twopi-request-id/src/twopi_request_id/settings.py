"""The settings of a Flask application, read once by `init_app`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twopi_request_id.current import HEADER
from twopi_request_id.errors import ConfigurationError


def read_header(config: Mapping[str, Any]) -> str | None:
    """Return the name of the header with the id, or None for no header.

    Raises:
        ConfigurationError: It is not the name of a header.
    """
    name = config.get("REQUEST_ID_HEADER", HEADER)
    if name is None or (isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9-]+", name)):
        return name
    raise ConfigurationError(
        f"REQUEST_ID_HEADER is {name!r}; it must be the name of a header such as "
        "'X-Request-ID', or None",
        "REQUEST_ID_HEADER",
    )


def read_trace(config: Mapping[str, Any]) -> bool:
    """Return whether the trace of the caller is continued.

    Raises:
        ConfigurationError: It is neither True nor False.
    """
    trusted = config.get("REQUEST_ID_TRACE", True)
    if isinstance(trusted, bool):
        return trusted
    raise ConfigurationError(
        f"REQUEST_ID_TRACE is {trusted!r}; it must be True or False", "REQUEST_ID_TRACE"
    )
