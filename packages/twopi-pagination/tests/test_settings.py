import pytest
from flask import Flask

from twopi_pagination import init_app


@pytest.mark.parametrize("value", ["20", 2.5, True, 0, -1, None, [20]])
@pytest.mark.parametrize("name", ["PAGINATION_DEFAULT_LIMIT", "PAGINATION_MAX_LIMIT"])
def test_a_bad_limit_is_found_at_start_up(name, value):
    app = Flask(__name__)
    app.config[name] = value

    with pytest.raises(ValueError, match=f"{name} is .* whole number, 1 or more"):
        init_app(app)


@pytest.mark.parametrize("value", ["20", 2.5, False, -1])
def test_a_bad_offset_is_found_at_start_up(value):
    app = Flask(__name__)
    app.config["PAGINATION_MAX_OFFSET"] = value

    with pytest.raises(
        ValueError, match=r"PAGINATION_MAX_OFFSET is .* whole number, 0 or more"
    ):
        init_app(app)


def test_good_settings():
    app = Flask(__name__)
    app.config.update(
        PAGINATION_DEFAULT_LIMIT=1, PAGINATION_MAX_LIMIT=1, PAGINATION_MAX_OFFSET=0
    )

    init_app(app)
    init_app(Flask(__name__))
