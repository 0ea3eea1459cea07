import pkgutil
import subprocess
import sys
from types import ModuleType

import twopi_release


def test_all_is_what_is_public():
    """`__all__` names what is importable, once each; ruff holds it sorted."""
    names = twopi_release.__all__
    public = {
        name
        for name, value in vars(twopi_release).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert sorted(names) == sorted(public)


def test_importing_it_imports_no_third_party():
    script = (
        "import sys; before = set(sys.modules); import twopi_release\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )

    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["twopi_release"]


def test_every_module_is_imported_where_unix_is_not():
    """As on Windows: no SIGHUP, no fork, no fcntl, no named pipes, no poll."""
    script = (
        "import importlib, os, pkgutil, select, signal, sys\n"
        "gone = [(signal, 'SIGHUP'), (os, 'fork'), (os, 'O_NONBLOCK'),\n"
        "        (os, 'mkfifo'), (os, 'register_at_fork'), (select, 'poll')]\n"
        "for module, name in gone:\n"
        "    if hasattr(module, name): delattr(module, name)\n"
        "sys.modules['fcntl'] = None\n"
        "import twopi_release as package\n"
        "for each in pkgutil.walk_packages(package.__path__, 'twopi_release.'):\n"
        "    importlib.import_module(each.name)\n"
    )

    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_no_module_hides_behind_a_name_of_the_package():
    """`import twopi_release.x` must not give a function."""
    modules = {each.name for each in pkgutil.iter_modules(twopi_release.__path__)}

    assert modules.isdisjoint(twopi_release.__all__)
