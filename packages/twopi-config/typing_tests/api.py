from typing import assert_type

from flask import Flask

from twopi_config import (
    ByteSize,
    Parts,
    Secret,
    Settings,
    SettingsError,
    UrlError,
    build_url,
    parse_url,
    redact_url,
    variable,
)

url = build_url("redis://h/0", None, None, "secret", port="6379", remove=["query"])
assert_type(url, str)
assert_type(build_url(url, query={"ssl": True}), str)

parts = parse_url(url)
assert_type(parts, Parts)
assert_type(parts.password, str | None)
assert_type(parts.port, int | None)
assert_type(parts.geturl(), str)
assert_type(redact_url(url), str)

try:
    build_url(url, port=70000)
except UrlError as error:
    assert_type(error.part, str)


class Acme(Settings, prefix="ACME_"):
    database_url: Secret
    port: int = variable(default=8000, check=lambda port: port > 0, wanted="a port")
    hosts: list[str] = variable(default_factory=list)
    token: Secret | None = variable(default=None, doc="For the other service")


class Outer(Settings, prefix="OUTER_", delimiter="_", ignore=["OUTER_X_*"]):
    acme: Acme
    upload: ByteSize = ByteSize("16 MiB")
    level: int | str = "info"


outer = Outer.load(env_file=[".env", "local.env"], secrets_dir="/run/secrets")
assert_type(outer.acme.port, int)
assert_type(outer.upload, ByteSize)
assert_type(outer.level, int | str)

settings = Acme(database_url=Secret("sqlite://"))
assert_type(settings.port, int)
assert_type(settings.token, Secret | None)
assert_type(settings.database_url.reveal(), str)
assert_type(Acme.load(env_file=".env"), Acme)
settings.to_flask(Flask("acme"))

try:
    Acme.load()
except SettingsError as settings_error:
    assert_type([problem.name for problem in settings_error.problems], list[str])

Acme()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settings.port = 5  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
