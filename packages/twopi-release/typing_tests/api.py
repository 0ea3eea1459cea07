from pathlib import Path
from typing import assert_type

from flask import Blueprint

from twopi_release import Release, find_release, get_release, release_blueprint, stamp

assert_type(get_release(), str)
assert_type(
    release_blueprint("1", checks={"database": print}, header="X-Release"), Blueprint
)

found = find_release("app", Path("version.txt"), env=["APP_RELEASE"], git=True)
assert_type(found, Release)
assert_type(found.value, str)
assert_type(found.path, Path | None)
assert_type(stamp("version.txt", "1.0"), str)
assert_type(found.original, str | None)
find_release(git=True, match=["acme-*"])
stamp(match="acme-*")
release_blueprint(
    find_release(dist="acme"),
    checks={"database": print, "workers": list},
    optional=["workers"],
    timeout=0.5,
    max_age=2,
    header="X-Release",
)
