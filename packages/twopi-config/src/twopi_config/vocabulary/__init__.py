"""The one vocabulary of secrets: names, shapes, and what is worth looking for.

`redact`, `redact_url` and twopi-sentry use it, so that what one of them hides the other
does too.
"""

from twopi_config.vocabulary.entropy import is_random, is_searchable
from twopi_config.vocabulary.vocabulary import DEFAULT, Vocabulary, cut_out

__all__ = ["DEFAULT", "Vocabulary", "cut_out", "is_random", "is_searchable"]
