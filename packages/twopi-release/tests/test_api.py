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
