from typing import assert_type

from twopi_config import Parts, UrlError, build_url, parse_url

url = build_url("redis://h/0", None, None, "secret", port="6379", remove=["query"])
assert_type(url, str)
assert_type(build_url(url, query={"ssl": True}), str)

parts = parse_url(url)
assert_type(parts, Parts)
assert_type(parts.password, str | None)
assert_type(parts.port, int | None)
assert_type(parts.geturl(), str)

try:
    build_url(url, port=70000)
except UrlError as error:
    assert_type(error.part, str)
