"""twopi-config beside SQLAlchemy's URLs, furl and yarl."""

# ruff: noqa: S105 - the passwords of a case are its data

from __future__ import annotations

import timeit
from collections.abc import Sequence
from urllib.parse import urlsplit

import furl
import sqlalchemy as sa
import yarl

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_config import build_url, parse_url, redact_url

URL = "postgresql://app@db.internal:5432/app?sslmode=require"
PASSWORD = "p@ss/word"
EXPECTED = "postgresql://app:p%40ss%2Fword@db.internal:5432/test?sslmode=require"


def with_sqlalchemy() -> str:
    """Change two parts."""
    changed = sa.make_url(URL).set(password=PASSWORD, database="test")
    return changed.render_as_string(hide_password=False)


def with_furl() -> str:
    """Change two parts."""
    return furl.furl(URL).set(password=PASSWORD, path="test").url  # type: ignore[no-any-return]


def with_yarl() -> str:
    """Change two parts; yarl caches the URLs it has parsed."""
    changed = yarl.URL(URL).with_password(PASSWORD)
    return str(changed.with_path("test", keep_query=True))


def with_urlsplit() -> str:
    """Change two parts as one does by hand, which quotes nothing."""
    parts = urlsplit(URL)
    netloc = f"{parts.username}:p%40ss%2Fword@{parts.hostname}:{parts.port}"
    return parts._replace(netloc=netloc, path="/test").geturl()


def building() -> Case:
    """Change the password and the path of a database's URL."""
    ours = lambda: build_url(URL, password=PASSWORD, path="test")  # noqa: E731
    subjects = {
        "sqlalchemy": with_sqlalchemy,
        "build_url": ours,
        "furl": with_furl,
        "yarl": with_yarl,
        "urlsplit": with_urlsplit,
    }

    def check() -> None:
        for name, run in subjects.items():
            assert run() == EXPECTED, name  # noqa: S101

    return Case(
        "build",
        "change the password and the path of a URL",
        {name: Subject(run) for name, run in subjects.items()},
        check,
        [Bar("build_url", "sqlalchemy", 1), Bar("build_url", "furl", 1)],
    )


def masking() -> Case:
    """Show a URL without its password."""
    url = sa.make_url(EXPECTED)
    shown = "postgresql://app:***@db.internal:5432/test?sslmode=require"

    def check() -> None:
        assert str(sa.make_url(EXPECTED)) == str(url) == shown  # noqa: S101
        assert redact_url(EXPECTED) == shown  # noqa: S101

    return Case(
        "redact",
        "show a URL without its password",
        {
            "sqlalchemy": Subject(lambda: str(sa.make_url(EXPECTED))),
            "redact_url": Subject(lambda: redact_url(EXPECTED)),
            "parse_url": Subject(lambda: parse_url(EXPECTED)),
        },
        check,
    )


def absolute() -> Sequence[str]:
    """Return how long `build_url` takes on this machine, beside the limit of 10 us."""
    run = lambda: build_url(URL, password=PASSWORD, path="test")  # noqa: E731
    # Short runs, of which some are not interrupted on a machine that is busy
    best = min(timeit.repeat(run, number=100, repeat=2_000)) / 100 * 1e6
    word = "kept  " if best < 10 else "MISSED"
    return [f"{word}  build_url < 10 us: {best:.2f} us, the best of 2,000 times 100"]


def suite() -> Suite:
    """Return the suite."""
    distributions = ["twopi-config", "sqlalchemy", "furl", "yarl"]
    return Suite("config", [building(), masking()], distributions, absolute)
