import twopi_schemas


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_schemas.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_schemas, name) for name in names)
