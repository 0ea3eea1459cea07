"""Know the local variables that a span has ended in, when its transaction is sent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.integrations import Integration
from sentry_sdk.tracing import Span

from twopi_config import Vocabulary
from twopi_sentry.scrubbing.collect import remember_span


class SpanLocals(Integration):
    """Looks at the variables of the frames that end a span.

    Args:
        vocabulary: What secrets are called.
    """

    identifier = "twopi_sentry"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @staticmethod
    def setup_once() -> None:
        """Wrap `Span.finish`, once in a process."""
        Span.finish = _remembering(Span.finish)  # type: ignore[method-assign]


def _remembering(finish: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(finish)
    def finish_and_remember(span: Span, *args: Any, **options: Any) -> Any:
        integration = sentry_sdk.get_client().get_integration(SpanLocals)
        if integration is not None and span.sampled:
            remember_span(integration.vocabulary)
        return finish(span, *args, **options)

    return finish_and_remember
