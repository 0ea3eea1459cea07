import twopi_restful


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_restful.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_restful, name) for name in names)
