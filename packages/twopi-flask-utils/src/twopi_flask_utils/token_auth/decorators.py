"""The decorators of views: a module path of 1.x."""

import re

from twopi_token_auth import auth_required, parse_auth_header

__all__ = ["auth_required", "bearer_re", "parse_auth_header"]

bearer_re = re.compile(r"Bearer (.+)")
"""The form of the ``Authorization`` header in 1.x."""
