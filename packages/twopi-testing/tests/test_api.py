import twopi_testing


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_testing.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_testing, name) for name in names)
