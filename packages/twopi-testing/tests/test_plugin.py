"""The pytest plugin, in runs of its own: alone, and beside pytest-flask.

pytest-flask is not among the requirements of the tests: it would open a request context
around every test of every package that has a fixture `app`. Install it to run the rest.
"""

from importlib.util import find_spec

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
    import pytest
    from flask import Flask

    @pytest.fixture(scope="session")
    def app():
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: {"name": "ann"})
        return app
"""
TESTS = """
    from urllib.request import urlopen
    from twopi_testing import ApiClient

    def test_client(api_client):
        assert type(api_client) is ApiClient
        assert repr(api_client.get("/")) == (
            '<GET / answered 200 OK: {"name":"ann"}>'
        )

    def test_server(api_server):
        with urlopen(api_server.url, timeout=10) as answer:
            assert answer.status == 200
"""


@pytest.fixture(name="run")
def run_pytest(pytester):
    """Run the tests of a file in a process of its own, with the plugins named off."""
    pytester.makeconftest(CONFTEST)

    def run(text, *options):
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess("-p", "no:sybil", *options)

    return run


@pytest.mark.parametrize("options", [[], ["-p", "no:flask"]], ids=["all", "alone"])
def test_the_fixtures(run, options):
    run(TESTS, *options).assert_outcomes(passed=2)


@pytest.mark.skipif(not find_spec("pytest_flask"), reason="pytest-flask is not there")
def test_the_fixtures_of_pytest_flask_are_its_own(run):
    outcome = run(
        """
        def test_both(client, config, live_server, api_client, api_server):
            assert type(live_server).__module__ == "pytest_flask.live_server"
            assert type(api_server).__module__ == "twopi_testing.server"
            assert client.get("/").json == api_client.get("/").json
            assert config["DEBUG"] is False
        """,
        "-p",
        "flask",
    )

    outcome.assert_outcomes(passed=1)


def test_nothing_is_automatic_and_nothing_is_imported_until_it_is_used(run):
    outcome = run(
        """
        import sys

        def test_nothing(request):
            assert request.config.pluginmanager.has_plugin("twopi_testing")
            assert "app" not in request.fixturenames
            assert "flask" not in sys.modules
            assert "twopi_testing" not in sys.modules
        """,
        *("--noconftest", "-p", "no:flask", "-p", "no:hypothesispytest"),
    )

    outcome.assert_outcomes(passed=1)


def test_a_failure_shows_the_response(run):
    outcome = run(
        """
        def test_me(api_client):
            assert api_client.get("/you").status_code == 200
        """,
        *("-p", "no:flask"),
    )

    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(["*404 = <GET /you answered 404 NOT FOUND: *"])


def test_an_error_of_a_view_is_an_error_of_the_test(run):
    outcome = run(
        """
        from urllib.error import HTTPError
        from urllib.request import urlopen

        def test_boom(app, api_server):
            app.view_functions["index"] = lambda: 1 / 0
            try:
                urlopen(api_server.url, timeout=10)
            except HTTPError as error:
                error.close()
        """,
        *("-p", "no:flask"),
    )

    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(["*ZeroDivisionError*"])
