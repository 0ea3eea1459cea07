from typing import assert_type

from twopi_flask_utils.config import build_url
from twopi_flask_utils.deployment_release import get_release
from twopi_flask_utils.token_auth import ShortlivedTokenMixin

assert_type(get_release(), str)
assert_type(build_url("redis://localhost", port=6380), str)
assert_type(ShortlivedTokenMixin().dump("secret"), str)
