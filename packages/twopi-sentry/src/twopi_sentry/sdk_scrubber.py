"""The names that sentry-sdk's own scrubber goes by, and those of a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sentry_sdk.scrubber import (
    DEFAULT_DENYLIST,
    DEFAULT_PII_DENYLIST,
    EventScrubber,
)

from twopi_config import Vocabulary

_OF_THE_SDK = frozenset({*DEFAULT_DENYLIST, *DEFAULT_PII_DENYLIST})


def with_names_of(scrubber: Any, vocabulary: Vocabulary) -> Vocabulary:
    """Return *vocabulary* with the names that an ``EventScrubber`` was given."""
    given = set(getattr(scrubber, "denylist", None) or ()) - _OF_THE_SDK
    if not given:
        return vocabulary
    return Vocabulary(extra=[*vocabulary.extra, *given], never=vocabulary.never)


def scrubber_without(
    vocabulary: Vocabulary, options: Mapping[str, Any]
) -> EventScrubber:
    """Return sentry-sdk's scrubber without the names that *vocabulary* leaves alone."""
    names = [name for name in DEFAULT_DENYLIST if not vocabulary.leaves(name)]
    pii = bool(options.get("send_default_pii"))
    return EventScrubber(denylist=names, send_default_pii=pii)
