import pkgutil
import subprocess
import sys

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
