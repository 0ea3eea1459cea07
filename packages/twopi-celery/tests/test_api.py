import pkgutil
import subprocess
import sys
import tempfile

import twopi_celery


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_celery.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_celery, name) for name in names)


def test_extras_are_imported_where_they_are_used():
    code = "import sys, twopi_celery; print({'flask', 'sqlalchemy'} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert done.stdout == "set()\n"


def test_no_module_hides_behind_a_name_of_the_package():
    """Else `import twopi_celery.x` would give a function or a class."""
    modules = {each.name for each in pkgutil.iter_modules(twopi_celery.__path__)}

    assert not modules & set(twopi_celery.__all__)


def test_the_modules_can_be_imported_where_unix_is_missing():
    code = """
import os, pkgutil, signal, sys, importlib
import billiard, celery.app, celery.bin.worker, kombu.entity  # need fcntl themselves

sys.modules["fcntl"] = None
for name in ("fork", "register_at_fork", "getppid"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL"):
    delattr(signal, name)
import twopi_celery
for each in pkgutil.walk_packages(twopi_celery.__path__, "twopi_celery."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
celery = twopi_celery.create_celery("shop", twopi_celery.filesystem_broker(sys.argv[1]))
celery.send_task("one", ignore_result=True)
with celery.connection() as connection:
    assert connection.default_channel.basic_get("celery").headers["task"] == "one"
print("imported")
"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            check=False,
            capture_output=True,
            text=True,
        )

    assert done.stdout == "imported\n", done.stderr
