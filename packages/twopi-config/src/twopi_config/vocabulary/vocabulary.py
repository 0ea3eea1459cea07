"""The vocabulary as one object, to which an application adds its own names."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

from twopi_config.vocabulary.names import STEMS, says_secret, words_of
from twopi_config.vocabulary.shapes import WORDS, Span, known_tokens, named_values

_DIRECTORY = re.compile(r"'?(?:/|[A-Za-z]:\\)[\w./\\ -]*'?")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]+)?")


class Vocabulary:
    """Names, shapes and values of secrets.

    .. code-block:: python

        from twopi_config import redact
        from twopi_config.vocabulary import Vocabulary

        ours = Vocabulary(extra=["card_details"], never=["session"])
        shown = redact({"card_details": "4242", "session": "7"}, vocabulary=ours)
        assert shown == {"card_details": "***", "session": "7"}

    Args:
        extra: Further names of secrets. Case, ``_`` and ``-`` do not matter; a name
            that ends with one counts too.
        never: Names that are not secrets, whatever their words are.
    """

    def __init__(self, *, extra: Iterable[str] = (), never: Iterable[str] = ()) -> None:
        extra = [*extra]
        self.extra = tuple(sorted({_plain(name) for name in extra} - {""}))
        self._stems = (
            *STEMS,
            *{words_of(name)[-1] for name in extra if words_of(name)},
        )
        self.never = frozenset(_plain(name) for name in never)
        self._is_secret = functools.lru_cache(maxsize=4096)(self._decide)

    def __repr__(self) -> str:
        return f"Vocabulary(extra={[*self.extra]!r}, never={sorted(self.never)!r})"

    def is_secret_name(self, name: object) -> bool:
        """Return whether what is called *name* is a secret.

        Words tell: ``userPassword``, ``X-Api-Key`` and ``SECRET_KEY`` are secret;
        ``password_min_length``, ``SESSION_COOKIE_NAME``, ``primary_key`` and
        ``max_tokens`` are not.

        Args:
            name: The name of a field, header, argument, variable or setting. What is
                not text is not a name.
        """
        if isinstance(name, bytes):
            name = name.decode("latin-1")
        return isinstance(name, str) and len(name) <= 200 and self._is_secret(name)

    def leaves(self, name: str) -> bool:
        """Return whether *name* is one of those that are never secrets."""
        return _plain(name) in self.never

    def any_secret_name(self, names: Iterable[Any]) -> bool:
        """Return whether one of *names* may be secret; it is quick for thousands."""
        page = "\n".join(map(str, names)).lower()
        return any(stem in page for stem in self._stems)

    def _decide(self, name: str) -> bool:
        plain = _plain(name)
        if plain in self.never:
            return False
        if self.extra and plain.endswith(self.extra):
            return True
        return says_secret(name)

    def hides(self, name: object, value: Any) -> bool:
        """Return whether *value* is hidden because it is called *name*.

        `None`, booleans and the empty text stay: they tell whether something is set.
        So do a count of tokens and the working directory in ``PWD``.

        Args:
            name: Its name.
            value: The value.
        """
        if value is None or isinstance(value, bool) or not self.is_secret_name(name):
            return False
        if isinstance(value, int | float):
            return words_of(str(name))[-1:] != ["tokens"]
        if isinstance(value, str):
            if value in {"", "''", '""'} or value.lower() in WORDS:
                return False
            last = words_of(str(name))[-1:]
            if last == ["tokens"] and _NUMBER.fullmatch(value):
                return False
            return last not in (["pwd"], ["oldpwd"]) or not _DIRECTORY.fullmatch(value)
        return True

    def find(self, text: str, *, names: bool = True) -> list[Span]:
        """Return where secrets are in *text*, by their shape, as pairs of offsets.

        Args:
            text: The text.
            names: Whether names tell, as in ``token=abc``, or known services' tokens
                and the passwords of URLs only.
        """
        found = [*known_tokens(text)]
        if names:
            found += named_values(text, self.is_secret_name, self._stems)
        return found

    def replace(self, text: str, mask: str, *, names: bool = True) -> str:
        """Return *text* with *mask* in place of each secret that `find` finds."""
        return cut_out(text, self.find(text, names=names), mask)


def cut_out(text: str, spans: Iterable[Span], mask: str) -> str:
    """Return *text* with *mask* in place of *spans*, which may overlap."""
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        if start >= at:
            parts += (text[at:start], mask)
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


DEFAULT = Vocabulary()
"""The vocabulary without additions."""
