"""A secret in every place of a report, in every form, beside what is to stay."""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote

import sentry_sdk

Show = Callable[[str], None]

FORMS: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "repr": repr,
    "json": json.dumps,
    "url": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}
HARMLESS = (
    "token: expired",
    "password_min_length=12",
    "invalid token: signature mismatch for key k-2026",
    "customer 17 of shop has no orders",
    "max_tokens 4096 of model gpt",
)
"""What a reader needs: none of it is a secret."""


def _span(text: str) -> None:
    with sentry_sdk.start_span(op="storm", name=text) as span:
        span.set_data("seen", text)


def _log(text: str) -> None:
    logging.getLogger("twopi_sentry.check").error("seen %s", text)


def _message(text: str) -> None:
    sentry_sdk.capture_message(text)


PLACES: Mapping[str, Show] = {
    "breadcrumb": lambda text: sentry_sdk.add_breadcrumb(message=text),
    "breadcrumb data": lambda text: sentry_sdk.add_breadcrumb(data={"seen": text}),
    "tag": lambda text: sentry_sdk.set_tag(f"seen {_number()}", text),
    "extra": lambda text: sentry_sdk.set_extra(f"seen {_number()}", {"in": [text]}),
    "context": lambda text: sentry_sdk.set_context(f"c {_number()}", {"in": text}),
    "span": _span,
    "log": _log,
    "message": _message,
}
"""How a text gets into each place of a report; the error's own text is one more."""


def _number() -> str:
    return secrets.token_hex(2)


def plan() -> dict[str, str]:
    """Return a new secret for each place and form, by their names."""
    return {
        f"{place} as {form}": f'{secrets.token_urlsafe(9)}7q/ é"{secrets.token_hex(3)}'
        for place in (*PLACES, "exception")
        for form in FORMS
    }


def lines(*, traced: bool = True) -> list[str]:
    """Return the harmless texts that a report is to keep in each place.

    Args:
        traced: Whether there are spans.
    """
    places = [each for each in PLACES if traced or each != "span"]
    return [f"{place}, {text}" for place in (*places, "exception") for text in HARMLESS]


def show(planted: Mapping[str, str]) -> str:
    """Put the secrets *planted* and the harmless lines into every place.

    Returns:
        The text of the error to raise.
    """
    credentials = dict(planted)  # by this name they are known
    for place, put in PLACES.items():
        for form, encode in FORMS.items():
            put(encode(credentials[f"{place} as {form}"]))
        for line in lines():
            if line.startswith(f"{place}, "):
                put(line)
    shown = [
        encode(credentials[f"exception as {form}"]) for form, encode in FORMS.items()
    ]
    shown += [line for line in lines() if line.startswith("exception, ")]
    return "; ".join(shown)


def leaked(planted: Mapping[str, str], sent: str) -> list[str]:
    """Return the names of the secrets that are in *sent*, as they were shown.

    Args:
        planted: The secrets.
        sent: All texts that would be sent.
    """
    found = []
    for name, secret in planted.items():
        form = FORMS[name.rpartition(" as ")[2]]
        if secret in sent or form(secret) in sent:
            found.append(name)
    return found
