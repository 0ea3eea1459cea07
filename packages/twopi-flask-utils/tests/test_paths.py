"""The import paths of 1.x."""

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

import twopi_restful
import twopi_webargs
from twopi_flask_utils import restful, webargs

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


OWN = {
    *("ExpectedJSONException", "get_and_expect_json", "paginated"),
    *("create_db_session", "ShortlivedTokenMixin"),
    *("celery_inject_sentry", "create_client", "inject_sentry"),
    *("BetterFlaskParser", "handle_validation_error"),
    *("parser", "use_args", "use_kwargs"),
}
"""What has the semantics of 1.x here, on top of the package's."""


@pytest.mark.parametrize("path", PATHS)
def test_every_documented_name_is_the_object_of_its_package_or_has_1_x_semantics(path):
    package, names = PATHS[path]
    old = importlib.import_module(f"twopi_flask_utils.{path}")
    new = importlib.import_module(package)

    assert old.__all__ == names.split()
    for name in old.__all__:
        assert (getattr(old, name) is getattr(new, name)) == (name not in OWN)


def test_what_is_raised_and_made_here_is_of_the_package_too():
    error = twopi_webargs.RequestValidationError
    assert issubclass(webargs.ValidationError, error)
    assert isinstance(webargs.parser, twopi_webargs.BetterFlaskParser)
    error = twopi_restful.ExpectedJSONException
    assert issubclass(restful.ExpectedJSONException, error)


def test_the_extras_of_1_x_exist():
    metadata = importlib.metadata.metadata("twopi-flask-utils")
    provided = {name.replace("_", "-") for name in metadata.get_all("Provides-Extra")}

    old = {"celery", "ldap", "pagination", "restful", "sentry", "token-auth", "webargs"}
    assert provided >= old


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
