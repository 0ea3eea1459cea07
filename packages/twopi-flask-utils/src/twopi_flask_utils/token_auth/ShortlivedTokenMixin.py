"""The base class of tokens: a module path of 1.x."""  # noqa: N999

from typing import ClassVar

import twopi_token_auth
from twopi_token_auth import UnixTimestamp

__all__ = ["ShortlivedTokenMixin", "UnixTimestamp"]


class ShortlivedTokenMixin(twopi_token_auth.ShortlivedTokenMixin):
    """`twopi_token_auth.ShortlivedTokenMixin` for tokens that 1.x makes and takes.

    Their type is ``JWT``, so that tokens from before an upgrade, and of other programs
    with the same key, stay valid. If two of your classes share a key, state a
    ``token_type`` in each: then one kind of token cannot stand in for another.
    """

    token_type: ClassVar[str] = "JWT"  # noqa: S105
