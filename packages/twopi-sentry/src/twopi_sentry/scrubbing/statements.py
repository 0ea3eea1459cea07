"""The parameters of SQL statements, which sentry-sdk sends without their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twopi_config import Vocabulary
from twopi_sentry.scrubbing.pages import FILTERED

PARAMETERS = "db.params"
_IDENTIFIER = re.compile(r"[^\W\d]\w{0,99}")


def hide_parameters(event: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """Hide strings among the positional parameters of statements that name a secret.

    Args:
        event: A copy of an event, which is changed.
        vocabulary: What secrets are called.
    """
    crumbs = event.get("breadcrumbs") or ()
    if isinstance(crumbs, Mapping):
        crumbs = crumbs.get("values") or ()
    for text, places in ("message", crumbs), ("description", event.get("spans") or ()):
        for place in places:
            data = place.get("data") if isinstance(place, Mapping) else None
            if not isinstance(data, dict) or not data.get(PARAMETERS):
                continue
            names = _IDENTIFIER.findall(str(place.get(text)))
            if any(map(vocabulary.is_secret_name, names)):
                data[PARAMETERS] = _without_strings(data[PARAMETERS])


def _without_strings(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_strings(each) for each in value]
    return FILTERED if isinstance(value, str) else value
