"""Short-lived tokens: the 1.x path of `twopi_token_auth`."""

from twopi_token_auth import ShortlivedTokenMixin, auth_required, parse_auth_header

__all__ = ["ShortlivedTokenMixin", "auth_required", "parse_auth_header"]
