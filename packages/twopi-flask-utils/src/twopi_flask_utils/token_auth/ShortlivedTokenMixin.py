"""The base class of tokens: a module path of 1.x."""  # noqa: N999

from twopi_token_auth import ShortlivedTokenMixin, UnixTimestamp

__all__ = ["ShortlivedTokenMixin", "UnixTimestamp"]
