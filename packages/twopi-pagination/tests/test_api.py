import twopi_pagination


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_pagination.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_pagination, name) for name in names)
