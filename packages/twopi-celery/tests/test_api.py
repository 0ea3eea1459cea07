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
