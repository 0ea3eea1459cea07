import re
from pathlib import Path

import twopi_token_auth
from twopi_token_auth.app.settings import (
    SESSION_SETTINGS,
    SETTINGS,
    read_session_settings,
    read_settings,
)
from twopi_token_auth.sessions.settings import SessionSettings

PACKAGE = Path(__file__).parent.parent
PAGES = [
    PACKAGE / "README.md",
    PACKAGE.parent.parent / "docs" / "packages" / "twopi-token-auth.md",
]


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_token_auth.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_token_auth, name) for name in names)


def test_the_settings_are_listed_with_their_defaults():
    texts = [page.read_text() for page in PAGES if page.exists()]
    rows = re.compile(r"^\| `([A-Z_]+)` \| `(.+?)` \|", re.MULTILINE)
    tables = [table for table in map(rows.findall, texts) if table]

    expected = [
        (setting.key, repr(setting.default).replace("datetime.", ""))
        for setting in [*SETTINGS.values(), *SESSION_SETTINGS.values()]
    ]
    assert tables == [expected] * len(tables) != []


def test_the_defaults_have_the_shape_that_is_asked_for():
    assert read_settings({}) == read_settings(
        {setting.key: setting.default for setting in SETTINGS.values()}
    )
    assert read_session_settings({}) == SessionSettings()
    assert read_session_settings({}) == read_session_settings(
        {setting.key: setting.default for setting in SESSION_SETTINGS.values()}
    )
