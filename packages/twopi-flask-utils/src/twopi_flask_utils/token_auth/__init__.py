"""Short-lived tokens: the 1.x path of `twopi_token_auth`."""

# The module ShortlivedTokenMixin is imported before its class, so that its name in this
# package ends up as the class, as it did in 1.x.
from twopi_flask_utils.token_auth import decorators  # noqa: F401
from twopi_flask_utils.token_auth.ShortlivedTokenMixin import ShortlivedTokenMixin
from twopi_token_auth import auth_required, parse_auth_header

__all__ = ["ShortlivedTokenMixin", "auth_required", "parse_auth_header"]
