"""The import paths of 1.x."""

import importlib
import subprocess
import sys

import pytest

PATHS = {
    "celery": ("twopi_celery", "create_celery create_db_session"),
    "config": ("twopi_config", "build_url"),
    "deployment_release": ("twopi_release", "get_release"),
    "pagination": ("twopi_pagination", "paginated"),
    "restful": (
        "twopi_restful",
        """ExpectedJSONException format_error format_errors get_and_expect_json
        output_json""",
    ),
    "sentry": ("twopi_sentry", "celery_inject_sentry create_client inject_sentry"),
    "testing": (
        "twopi_testing",
        "AppReqTestHelper CRUDTestHelper PrivilegeTestHelper",
    ),
    "token_auth": (
        "twopi_token_auth",
        "ShortlivedTokenMixin auth_required parse_auth_header",
    ),
    "webargs": (
        "twopi_webargs",
        "BetterFlaskParser handle_validation_error parser use_args use_kwargs",
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_every_documented_name_is_the_object_of_its_package(path):
    package, names = PATHS[path]
    old = importlib.import_module(f"twopi_flask_utils.{path}")
    new = importlib.import_module(package)

    assert old.__all__ == names.split()
    assert all(getattr(old, name) is getattr(new, name) for name in old.__all__)


def test_nothing_is_imported_until_asked_for():
    program = "import sys; import twopi_flask_utils; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    heavy = {"flask", "celery", "sqlalchemy", "sentry_sdk", "marshmallow", "jwt"}
    assert not heavy & set(loaded.split())
    twopi = {name for name in loaded.split() if name.startswith("twopi_")}
    assert twopi == {"twopi_flask_utils"}


def test_one_module_does_not_pull_in_another():
    program = "import sys; import twopi_flask_utils.deployment_release as module"
    command = [sys.executable, "-c", f"{program}; print(*sys.modules)"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert not {"celery", "sqlalchemy", "sentry_sdk"} & set(loaded.split())
