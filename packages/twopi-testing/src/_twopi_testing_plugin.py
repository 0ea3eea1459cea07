"""The pytest plugin of twopi-testing.

It stands beside the package, not in it: pytest loads it in every run, and to import
the package is to import Flask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from twopi_testing import ApiClient, LiveServer


@pytest.fixture
def api_client(app: Flask) -> ApiClient:
    """An `ApiClient` of your fixture ``app``."""
    from twopi_testing import ApiClient

    return ApiClient.of(app)


@pytest.fixture
def api_server(app: Flask) -> Iterator[LiveServer]:
    """Your fixture ``app`` on a real socket, see `live_server`."""
    from twopi_testing import live_server

    with live_server(app) as server:
        yield server
