"""Helpers for tests of an API: the 1.x path of `twopi_testing`."""

from twopi_testing import AppReqTestHelper, CRUDTestHelper, PrivilegeTestHelper

__all__ = ["AppReqTestHelper", "CRUDTestHelper", "PrivilegeTestHelper"]
