"""Test a Flask API's endpoints and privileges in one line."""

from twopi_testing.asserts import assert_json, assert_problem, assert_status
from twopi_testing.client import ApiClient
from twopi_testing.crud import check_crud
from twopi_testing.exchange import Client
from twopi_testing.matrix import Cell, PrivilegeMatrix, privilege_matrix
from twopi_testing.mixins import AppReqTestHelper, CRUDTestHelper, PrivilegeTestHelper
from twopi_testing.privileges import check_privileges
from twopi_testing.server import LiveServer, live_server

__all__ = [
    "ApiClient",
    "AppReqTestHelper",
    "CRUDTestHelper",
    "Cell",
    "Client",
    "LiveServer",
    "PrivilegeMatrix",
    "PrivilegeTestHelper",
    "assert_json",
    "assert_problem",
    "assert_status",
    "check_crud",
    "check_privileges",
    "live_server",
    "privilege_matrix",
]
