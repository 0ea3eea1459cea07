"""The literal secrets that are known, and where they are in a text."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from twopi_config.vocabulary import is_searchable
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.encodings import (
    Layer,
    Span,
    back,
    base64_runs,
    settled,
    spaced,
)

SHORTEST = 4
HARMLESS = frozenset({"bearer", "basic", "none", "null", "true", "false", "token"})
"""Values of secret fields that are not secrets."""

_RUN = re.compile(r"[^\W_]+")
_FIRST_LONG_RUN = re.compile(
    r"^(?:[^\W_]{0,3}(?:_|[^\w\n])+)*([^\W_]{4,})?.*$", re.MULTILINE
)
_ODD = ("%", "\\", "&", "+")
"""One of these is in whatever is another text once encodings have been undone."""
_CUT_MARKS = ("...", "…", "\n\0", "\0")
_CUT_OFF = 6
"""Of a secret that has been cut off, so many characters have to be left."""
_LONG = 32
"""The beginning of a secret, so long, is hidden whatever follows it."""
_MOST_ALIKE = 32
"""Of more secrets with a run of letters in common, that run is hidden."""


class Many:
    """Secrets that may be thousands, sorted once for all events of a request."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = {*values}

    @functools.cached_property
    def plain(self) -> Sorted:
        """The secrets as they are."""
        return Sorted(self.values)

    @functools.cached_property
    def settled(self) -> Sorted:
        """The secrets with their own encodings undone."""
        page = "\0".join(self.values)
        if not any(mark in page for mark in _ODD):
            return self.plain
        return Sorted({*map(settled, self.values)})


class Sorted:
    """Secrets by how they are looked for.

    Attributes:
        whole: Those of letters and digits only.
        keyed: Each other one, after a run of letters and digits that is in it.
    """

    def __init__(self, values: set[str]) -> None:
        others: list[str] = []
        if not "".join(values).isalnum():  # which is quick to see of all together
            others = [each for each in values if not each.isalnum()]
        self.whole = values.difference(others) if others else values
        self.keyed = [*_keys(others)]


class KnownSecrets:
    """Secrets by value.

    The first ones, which are those of the application and of single fields, are found
    in any text. Of further ones, which a request may bring by the thousand, each is
    found where no letter or digit stands next to it: that takes no more time for
    many of them than for few.
    """

    MOST_NEAR = 128

    def __init__(self) -> None:
        self.near: dict[str, None] = {}
        self.many: list[Many] = []
        self._more: set[str] = set()

    def __len__(self) -> int:
        return (
            len(self.near)
            + len(self._more)
            + sum(len(each.values) for each in self.many)
        )

    def __contains__(self, text: str) -> bool:
        return (
            text in self.near
            or text in self._more
            or any(text in each.values for each in self.many)
        )

    def add(self, text: str) -> None:
        """Add a secret."""
        text = text.strip()
        if len(text) < SHORTEST or text.lower() in HARMLESS:
            return
        if len(self.near) < self.MOST_NEAR:
            self.near[text] = None
        elif text not in self.near:
            self._more.add(text)

    def add_many(self, texts: Iterable[str]) -> None:
        """Add secrets that may be thousands."""
        self.many.append(Many(texts))

    def update(self, others: KnownSecrets) -> None:
        """Add *others*."""
        for text in others.near:
            self.add(text)
        self._more |= others._more
        self.many += others.many

    def all_many(self) -> list[Many]:
        """Return those that may be thousands."""
        return [*self.many, Many(self._more)] if self._more else self.many


class Finder:
    """Finds the secrets that are known when it is made."""

    def __init__(self, known: KnownSecrets, budget: Budget) -> None:
        self._known = known
        self._budget = budget
        near = [*known.near]
        near += [*_as_latin(near)]
        many = known.all_many()
        self._plain = _Index(near, [each.plain for each in many], budget)
        forms = [settled(each).rstrip("\\") for each in near]
        forms += [*_as_latin(forms)]
        self._settled = self._plain
        if forms != near or any(each.settled is not each.plain for each in many):
            self._settled = _Index(forms, [each.settled for each in many], budget)

    def find(self, text: str, decoded: list[Layer]) -> list[Span]:
        """Return where secrets are in *text*, in whatever encoding they are there.

        Args:
            text: The text.
            decoded: Its `layers`.
        """
        if not self._known:
            return []
        found = [*self._plain.find(text)]
        last = decoded[-1].text if decoded else text
        inner = [*self._of_base64(last)]
        plain = spaced(last)
        if plain is not text or self._settled is not self._plain:
            inner += self._settled.find(plain)
        return [*found, *back(inner, decoded)]

    def _of_base64(self, text: str) -> Iterator[Span]:
        runs = base64_runs(text)
        if not runs:
            return
        ends = [*accumulate(len(each) + 1 for each in runs.values())]
        names = [*runs]
        decoded = "\0".join(runs.values())
        hits = {
            names[bisect_right(ends, start)] for start, _ in self._plain.find(decoded)
        }
        for run in hits:
            yield from _occurrences(text, run, self._budget)


class _Index:
    """Secrets in one form."""

    def __init__(self, near: Iterable[str], many: list[Sorted], budget: Budget) -> None:
        self._near = dict.fromkeys(near)
        self._many = many
        self._budget = budget

    def find(self, text: str) -> Iterator[Span]:
        """Yield where the secrets are in *text*."""
        for secret in self._near:
            if secret[:_CUT_OFF] in text and is_searchable(secret):
                yield from self._of(secret, text)
        if self._many:
            yield from self._of_many(text)

    def _of(self, secret: str, text: str) -> Iterator[Span]:
        """Yield where *secret* is, and its beginning where it has been cut off."""
        size, digits = len(secret), secret.isdigit()
        start = secret[:_CUT_OFF]
        at = text.find(start)
        while at != -1:
            self._budget.step()
            if text.startswith(secret, at):
                end = at + size
                if not (digits and _touches_digit(text, at, end)):
                    yield at, end
            else:
                end = at + _common(secret, text, at)
                if (
                    end - at >= _LONG
                    or text.startswith(_CUT_MARKS, end)
                    or end == len(text)
                ):
                    yield at, end
                else:
                    end = at + 1
            at = text.find(start, end)

    def _of_many(self, text: str) -> Iterator[Span]:
        runs = {*_RUN.findall(text)}
        whole: set[str] = set()
        buckets: dict[str, list[str]] = {}
        for each in self._many:
            whole.update(filter(is_searchable, each.whole & runs))
            for key, secret in each.keyed:
                if key in runs:
                    buckets.setdefault(key, []).append(secret)
        if not whole and not buckets:
            return
        for match in _RUN.finditer(text):
            run = match[0]
            if run in whole:
                yield match.span()
            if bucket := buckets.get(run):
                self._budget.step(min(len(bucket), _MOST_ALIKE))
                yield from _of_bucket(bucket, run, match.start(), text)


def _of_bucket(bucket: list[str], run: str, at: int, text: str) -> Iterator[Span]:
    if len(bucket) > _MOST_ALIKE:
        yield at, at + len(run)
        return
    for secret in bucket:
        start = at - secret.index(run)
        if start >= 0 and text.startswith(secret, start) and is_searchable(secret):
            yield start, start + len(secret)


def _keys(secrets: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each of *secrets* after a run of letters and digits in it."""
    if not secrets:
        return
    joined = "\n".join(secrets)
    if joined.count("\n") >= len(secrets):
        joined = "\n".join(each.replace("\n", " ") for each in secrets)
    for key, secret in zip(_FIRST_LONG_RUN.findall(joined), secrets, strict=True):
        run = key or max(_RUN.findall(secret), key=len, default="")
        if run:
            yield run, secret


def _as_latin(secrets: list[str]) -> Iterator[str]:
    """Yield *secrets* as UTF-8 that was read as Latin-1, as in a WSGI environment."""
    for each in secrets:
        if not each.isascii():
            yield each.encode("utf-8", "surrogatepass").decode("latin-1")


def _touches_digit(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return any(each.isalnum() for each in around)


def _common(secret: str, text: str, at: int) -> int:
    """Return how many characters *secret* and *text* from *at* on have in common."""
    low, high = _CUT_OFF, len(secret)
    while low < high:
        middle = (low + high + 1) // 2
        if text.startswith(secret[:middle], at):
            low = middle
        else:
            high = middle - 1
    return low


def _occurrences(text: str, part: str, budget: Budget) -> Iterator[Span]:
    at = text.find(part)
    while at != -1:
        budget.step()
        yield at, at + len(part)
        at = text.find(part, at + len(part))
