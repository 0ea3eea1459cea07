"""Tell random texts from words, which occur elsewhere without being secrets."""

from __future__ import annotations

import re

SHORTEST = 5
"""Shorter values are not looked for: they would hit every other word."""
SURELY = 16
"""Characters from which on words are looked for too: a passphrase, not a word."""

_PIECE = re.compile(r"[^\W_]+")
_MIXED = re.compile(r"[^\W\d_][0-9]|[0-9][^\W\d_]")
_TURN = re.compile(r"[a-z](?=[A-Z])")
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{6}")
_NO_WORD = re.compile("q[jkvwxz]|[jkvwxz]q|[jvx]z|z[jvx]|jx|xj|jv|vj", re.IGNORECASE)
_SYMBOLS = frozenset("!$%^*~#|\\")


def is_random(text: str) -> bool:
    """Return whether *text* looks made by chance rather than of words.

    It does if it has six characters or more and one of these: letters and digits in
    one run (``hunter2``), six digits in a row, one of ``!$%^*~#|`` and the backslash,
    six small consonants in a row, or a capital after every fourth letter; or five
    characters with two letters together that no word has, such as ``zq``. ``orders``,
    ``RuntimeError``, ``en-GB``, ``utf-8`` and ``2026-11-01`` are words.

    Args:
        text: A value, whole.
    """
    if len(text) < SHORTEST:
        return False
    if _NO_WORD.search(text):
        return True
    if len(text) <= SHORTEST:
        return False
    if not _SYMBOLS.isdisjoint(text) or _MIXED.search(text):
        return True
    for piece in _PIECE.findall(text):
        if piece.isdigit():
            if len(piece) > SHORTEST:
                return True
        elif len(piece) > SHORTEST and (
            len(_TURN.findall(piece)) * 4 > len(piece) or _CONSONANTS.search(piece)
        ):
            return True
    return False


def is_searchable(text: str) -> bool:
    """Return whether a secret is looked for outside its own place.

    That is the rule for all of twopi: a secret is hidden wherever it occurs if it has
    16 characters or more, or if it has six or more and `is_random`. A shorter word,
    such as ``orders`` or ``dark``, is hidden under its own name only, because the same
    word elsewhere is not the secret.

    .. code-block:: python

        from twopi_config.vocabulary import is_searchable

        assert is_searchable("hunter2")
        assert is_searchable("correct horse battery")
        assert not is_searchable("orders")

    Args:
        text: The secret.
    """
    return len(text) >= SURELY or is_random(text)
