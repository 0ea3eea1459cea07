import pkgutil

import twopi_schemas


def test_no_module_is_hidden_by_a_name():
    """``import twopi_schemas.x`` gives a module, and never a function."""
    modules = {module.name for module in pkgutil.iter_modules(twopi_schemas.__path__)}

    assert modules.isdisjoint(twopi_schemas.__all__)


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_schemas.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_schemas, name) for name in names)
