import twopi_webargs


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_webargs.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_webargs, name) for name in names)
