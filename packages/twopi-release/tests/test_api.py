import twopi_release


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_release.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_release, name) for name in names)
