import twopi_openapi


def test_all_names_what_is_importable():
    for name in twopi_openapi.__all__:
        assert getattr(twopi_openapi, name)
