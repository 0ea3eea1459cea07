import pytest

from twopi_flask_utils import deprecation


@pytest.fixture(autouse=True)
def _nothing_was_told(monkeypatch):
    """Give each test its warnings, as if it were the first in the process."""
    monkeypatch.setattr(deprecation, "_told", set())
