from typing import assert_type

from flask import Blueprint

from twopi_release import get_release, release_blueprint

assert_type(get_release(), str)
assert_type(release_blueprint("1", checks={"database": print}), Blueprint)
