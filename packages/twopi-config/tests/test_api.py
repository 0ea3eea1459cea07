import twopi_config


def test_all_is_sorted_and_importable():
    """`__all__` names what is importable."""
    names = twopi_config.__all__

    assert names == sorted(names)
    assert all(hasattr(twopi_config, name) for name in names)
