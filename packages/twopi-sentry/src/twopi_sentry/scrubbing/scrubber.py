"""Take the secrets out of what is about to be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sentry_sdk.attachments import Attachment

from twopi_sentry.scrubbing.encodings import literals
from twopi_sentry.scrubbing.patterns import FILTERED, is_secret_name, replace_shapes

STRUCTURE = frozenset(
    {
        *("event_id", "timestamp", "start_timestamp", "platform", "level", "type"),
        *("sdk", "modules", "release", "environment", "check_in_id", "status"),
    }
)
"""What the SDK writes at the top of an event, and Sentry needs as it is."""


class Scrubber:
    """Replaces known secrets wherever they are, and what looks like one.

    Args:
        secrets: The literal secrets; they are found as text, in JSON, in a ``repr``,
            in a URL, in HTML, and cut off at the end of a text.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        self._replace = literals(self._secrets)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return *event* - or a transaction, check-in, log, span - without secrets."""
        return {
            self.text(key): value if key in STRUCTURE else self._field(key, value)
            for key, value in event.items()
        }

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        return replace_shapes(self._replace(text))

    def attachment(self, attachment: Attachment) -> Attachment:
        """Return *attachment* without secrets."""
        content = attachment.to_envelope_item().get_bytes() or b""
        try:
            scrubbed = self.text(content.decode()).encode()
        except UnicodeDecodeError:
            scrubbed = self._replace(content.decode("latin-1")).encode("latin-1")
        return Attachment(
            scrubbed,
            filename=self.text(attachment.filename),
            content_type=attachment.content_type,
            add_to_transactions=attachment.add_to_transactions,
        )

    def _field(self, key: Any, value: Any) -> Any:
        if key == "_meta":
            return self._value(value, names=False)
        if is_secret_name(key) and value and value is not True:
            return FILTERED
        return self._value(value)

    def _value(self, value: Any, *, names: bool = True) -> Any:
        """Return *value* without secrets; *names* says whether names tell secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self._field(key, each)
                if names
                else self._value(each, names=False)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            if names and len(value) == 2 and is_secret_name(value[0]):
                return [value[0], FILTERED]
            return [self._value(each, names=names) for each in value]
        if value is None or isinstance(value, bool | float | dt.datetime):
            return value
        if isinstance(value, int):
            return FILTERED if str(value) in self._secrets else value
        return self.text(repr(value))
