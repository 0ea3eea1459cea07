"""Helpers for tests of an API: the 1.x path of `twopi_testing`."""

import json  # noqa: F401  importable here in 1.x

from twopi_testing import AppReqTestHelper, CRUDTestHelper, PrivilegeTestHelper

__all__ = ["AppReqTestHelper", "CRUDTestHelper", "PrivilegeTestHelper"]
