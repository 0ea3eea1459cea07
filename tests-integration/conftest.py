"""What the tests of the whole workspace share."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root():
    return ROOT


def pytest_generate_tests(metafunc):
    """Run a test that asks for `package` once for each."""
    if "package" in metafunc.fixturenames:
        projects = ROOT.glob("packages/*/pyproject.toml")
        names = sorted(path.parent.name for path in projects)
        metafunc.parametrize("package", names)


@pytest.fixture(scope="session")
def project():
    """Return a function that reads the `[project]` table of a package."""

    def read(package):
        text = (ROOT / "packages" / package / "pyproject.toml").read_text("utf-8")
        return tomllib.loads(text)["project"]

    return read
