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
