"""What the pages promise to list, they list: settings, codes, names."""

import re
from pathlib import Path
from typing import get_args

import flask_jwt_extended
import pytest
from flask import Flask

import twopi_token_auth
from twopi_token_auth import clients
from twopi_token_auth.app.settings import SESSION_SETTINGS, SETTINGS
from twopi_token_auth.errors import SessionErrorCode, TokenErrorCode

README = Path(__file__).parents[1] / "README.md"
DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "packages" / "twopi-token-auth.md"
MIGRATION = DOCS / "migrate" / "from-flask-jwt-extended.md"

pytestmark = pytest.mark.skipif(
    not DOCS.is_dir(), reason="a source distribution has no pages"
)


def rows(page):
    """Return the rows of all tables of a page, as lists of cells."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line.strip("|").split("|") for line in lines if line.startswith("|")]


def code_in(cells):
    return set(re.findall(r"`([^`]+)`", " ".join(cells)))


def test_both_pages_have_the_same_table_of_settings():
    expected = [
        (setting.key, repr(setting.default).replace("datetime.", ""))
        for setting in [*SETTINGS.values(), *SESSION_SETTINGS.values()]
    ]
    keys = {key for key, _ in expected}

    for page in (README, PAGE):
        table = [row for row in rows(page) if row[0].strip(" `") in keys]
        found = [tuple(cell.strip(" `") for cell in row[:2]) for row in table]
        assert found == expected
        assert all(row[2].strip() for row in table)
    assert [row for row in rows(README) if row[0].strip(" `") in keys] == [
        row for row in rows(PAGE) if row[0].strip(" `") in keys
    ]


@pytest.mark.parametrize("page", [README, PAGE], ids=["README", "page"])
def test_every_error_code_stands_in_a_table(page):
    listed = code_in(row[0] for row in rows(page))

    assert set(get_args(TokenErrorCode)) <= listed
    assert set(get_args(SessionErrorCode)) <= listed


def test_every_public_name_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", text))))

    assert set(twopi_token_auth.__all__) - named == set()
    assert set(clients.__all__) - named == set()


def test_everything_of_flask_jwt_extended_is_on_the_page_about_it():
    app = Flask("before")
    flask_jwt_extended.JWTManager(app)
    names = {
        name
        for name, found in vars(flask_jwt_extended).items()
        if not name.startswith("_") and type(found).__name__ != "module"
    }
    loaders = {
        name for name in dir(flask_jwt_extended.JWTManager) if name.endswith("_loader")
    }
    options = {"optional", "fresh", "refresh", "locations", "verify_type"}
    settings = {key for key in app.config if key.startswith("JWT_")}
    assert len(names) >= 20
    assert len(loaders) >= 15
    assert len(settings) >= 40

    listed = code_in(row[0] for row in rows(MIGRATION))
    words = set(re.findall(r"\w+", " ".join(listed)))

    assert names | loaders | settings | options <= words


def test_no_row_about_flask_jwt_extended_ends_without_a_way():
    answers = [row[-1].strip() for row in rows(MIGRATION)]
    assert len(answers) >= 80
    bare = {"", "no", "none", "not needed"}
    assert [each for each in answers if each.rstrip(".") in bare] == []
    assert [each for each in answers if each.startswith("none")] == []
