import re
from pathlib import Path

import twopi_token_auth
from twopi_token_auth.settings import (
    SESSION_SETTINGS,
    SETTINGS,
    SessionSettings,
    read_session_settings,
    read_settings,
)

README = Path(__file__).parent.parent / "README.md"


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_token_auth.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_token_auth, name) for name in names)


def test_readme_lists_the_settings_with_their_defaults():
    table = re.findall(
        r"^\| `([A-Z_]+)` \| `(.+?)` \|", README.read_text(), re.MULTILINE
    )

    assert table == [
        (setting.key, repr(setting.default).replace("datetime.", ""))
        for setting in [*SETTINGS.values(), *SESSION_SETTINGS.values()]
    ]


def test_the_defaults_have_the_shape_that_is_asked_for():
    assert read_settings({}) == read_settings(
        {setting.key: setting.default for setting in SETTINGS.values()}
    )
    assert read_session_settings({}) == SessionSettings()
    assert read_session_settings({}) == read_session_settings(
        {setting.key: setting.default for setting in SESSION_SETTINGS.values()}
    )
