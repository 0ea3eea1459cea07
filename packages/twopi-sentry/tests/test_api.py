import subprocess
import sys

import pytest

import twopi_sentry


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_sentry.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_sentry, name) for name in names)


def run(script):
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def test_importing_it_imports_neither_flask_nor_celery():
    print_modules = "import sys, twopi_sentry; print(*sys.modules)"

    modules = set(run(print_modules).split())

    assert modules & {"flask", "celery"} == set()


def test_flask_works_without_celery():
    script = BLOCK.format(missing={"celery"}) + (
        "import flask, twopi_sentry\n"
        "app = flask.Flask('a')\n"
        "app.config['SENTRY_DSN'] = 'https://key@sentry.invalid/1'\n"
        "print(twopi_sentry.inject_sentry(app).dsn)"
    )

    assert run(script) == "https://key@sentry.invalid/1\n"


def test_celery_works_without_flask():
    script = BLOCK.format(missing={"flask", "werkzeug"}) + (
        "import celery, twopi_sentry\n"
        "app = celery.Celery('a')\n"
        "app.conf['SENTRY_DSN'] = 'https://key@sentry.invalid/1'\n"
        "print(twopi_sentry.celery_inject_sentry(app).dsn)"
    )

    assert run(script) == "https://key@sentry.invalid/1\n"


@pytest.mark.parametrize("name", ["flask", "celery"])
def test_a_missing_extra_is_named(name):
    function = {"flask": "inject_sentry", "celery": "celery_inject_sentry"}[name]
    script = BLOCK.format(missing={name}) + (
        "import twopi_sentry\n"
        f"try: twopi_sentry.{function}(None)\n"
        "except ModuleNotFoundError as error: print(error.name)"
    )

    assert run(script) == f"{name}\n"
