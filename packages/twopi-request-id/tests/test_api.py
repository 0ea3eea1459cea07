import pkgutil

import twopi_request_id


def test_all_names_what_is_importable():
    for name in twopi_request_id.__all__:
        assert getattr(twopi_request_id, name)


def test_no_module_is_hidden_by_a_name():
    modules = {each.name for each in pkgutil.iter_modules(twopi_request_id.__path__)}

    assert not modules & set(twopi_request_id.__all__)
