"""Take the secrets out of what is about to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sentry_sdk.attachments import Attachment

from twopi_config import Vocabulary
from twopi_config.vocabulary import DEFAULT, cut_out, is_random
from twopi_sentry.scrubbing.budget import Budget, OverBudgetError
from twopi_sentry.scrubbing.encodings import Layer, Span, back, layers
from twopi_sentry.scrubbing.known_secrets import Finder, KnownSecrets
from twopi_sentry.scrubbing.minimal import minimal
from twopi_sentry.scrubbing.pages import FILTERED, Pages
from twopi_sentry.scrubbing.protocol import EVENT, ROUTES
from twopi_sentry.scrubbing.statements import hide_parameters


class Scrubber:
    """Replaces known secrets wherever they are, and what looks like one.

    Args:
        known: The literal secrets.
        vocabulary: What secrets are called and look like.
        budget: How much is looked at.
        why: Why the secrets are not all known, if so; values are left out then.
    """

    def __init__(
        self,
        known: KnownSecrets,
        vocabulary: Vocabulary = DEFAULT,
        budget: Budget | None = None,
        why: str | None = None,
    ) -> None:
        self._why = why
        self._known = known
        self._vocabulary = vocabulary
        self._budget = budget or Budget()
        self._finder: Finder | None = None

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return *event* - or a transaction, check-in, log, span - without secrets.

        What Sentry itself writes stays as it is. Where more would have to be looked
        at than the budget allows, and where looking fails, a `minimal` event is
        returned, which says so.
        """
        if self._why is not None:
            return minimal(event, self._why)
        try:
            return self._event(event)
        except Exception as error:  # noqa: BLE001  its text may hold a secret
            return minimal(event, reason(error))

    def _event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        pages = Pages(self._vocabulary, self._budget, self._known.__contains__)
        copy: dict[str, Any] = pages.put(event, EVENT)
        self._budget.read(pages.characters())
        pages.values.clean(self.find)
        pages.code.clean(self._find_in_code)
        pages.keys.clean(self._find_in_keys)
        pages.rename()
        hide_parameters(copy, self._vocabulary)
        if (event.get("transaction_info") or {}).get("source") in ROUTES:
            copy["transaction"] = event.get("transaction")
        self._budget.check()
        return copy

    def text(self, text: str) -> str:
        """Return *text* without secrets.

        Raises:
            OverBudgetError: It is longer than the budget allows.
        """
        self._budget.read(len(text))
        return cut_out(text, self.find(text), FILTERED)

    def find(self, text: str) -> list[Span]:
        """Return where secrets are in *text*, known ones and what looks like one."""
        decoded = layers(text)
        spans = [*self._find_known(text, decoded), *self._vocabulary.find(text)]
        if decoded:
            spans += back(self._vocabulary.find(decoded[-1].text), decoded)
        return spans

    def _find_known(self, text: str, decoded: list[Layer]) -> list[Span]:
        if self._finder is None:
            self._finder = Finder(self._known, self._budget)
        return self._finder.find(text, decoded)

    def _find_in_code(self, text: str) -> list[Span]:
        """Return where literals of source code are secrets: nothing else is a value."""
        spans = self._vocabulary.find(text, names=False)
        for start, end in self._find_known(text, layers(text)):
            around = {text[start - 1 : start], text[end : end + 1]}
            quoted = around <= {'"', "'"}
            if quoted or is_random(text[start:end]):
                spans.append((start, end))
        for start, end in self._vocabulary.find(text):
            if text[start - 1 : start] in {'"', "'"} and text[start:end] in self._known:
                spans.append((start, end))
        return spans

    def _find_in_keys(self, text: str) -> list[Span]:
        known = self._find_known(text, layers(text))
        return [*known, *self._vocabulary.find(text, names=False)]

    def attachment(self, attachment: Attachment) -> Attachment:
        """Return *attachment* without secrets, or a note if it is too long."""
        try:
            if self._why is not None:
                raise OverBudgetError(self._why)  # noqa: TRY301
            content = self._content(attachment.to_envelope_item().get_bytes() or b"")
            name = self.text(attachment.filename)
        except Exception as error:  # noqa: BLE001  never as it is
            content, name = reason(error).encode(), "left-out.txt"
        return Attachment(
            content,
            filename=name,
            content_type=attachment.content_type,
            add_to_transactions=attachment.add_to_transactions,
        )

    def _content(self, content: bytes) -> bytes:
        try:
            return self.text(content.decode()).encode()
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        self._budget.read(len(text))
        return cut_out(text, self._find_in_keys(text), FILTERED).encode("latin-1")


def reason(error: Exception) -> str:
    """Return why values are left out, without the text of a foreign *error*."""
    known = isinstance(error, OverBudgetError)
    return f"values were left out: {error if known else type(error).__name__}"
