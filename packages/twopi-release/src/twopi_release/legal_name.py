"""Names of releases that Sentry accepts."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a release."""

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\]")
_RESERVED = (".", "..", "latest")


def legal_name(text: str) -> str:
    r"""Return *text* as a name that Sentry accepts for a release.

    Sentry rejects ``/``, ``\``, tabs and line breaks, which become ``-``; more than 200
    characters, of which the first are kept; and the names ``.``, ``..`` and ``latest``,
    which get ``release-`` before them.
    """
    text = _FORBIDDEN.sub("-", text)[:LONGEST].strip()
    return f"release-{text}" if text.lower() in _RESERVED else text
