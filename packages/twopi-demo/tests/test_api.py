import twopi_demo


def test_all_is_empty():
    """The package is an application, not a library: its modules are imported."""
    assert twopi_demo.__all__ == []
