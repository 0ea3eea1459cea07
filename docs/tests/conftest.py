import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site():
    """The folder of the built site, which the session `docs` makes."""
    return Path(os.environ["TWOPI_TEST_SITE"])
