import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from twopi_pagination import InvalidPage, cursor_paginated, init_app, paginated
from twopi_pagination.settings import Settings


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


@pytest.mark.parametrize("value", ["all", "", None, 5, "EXACT", ["exact"]])
def test_a_bad_count_is_found_at_start_up(value):
    app = Flask(__name__)
    app.config["PAGINATION_COUNT"] = value

    with pytest.raises(
        ValueError, match=r"PAGINATION_COUNT is .*; set it to one of exact, none"
    ):
        init_app(app)


@pytest.mark.parametrize("value", ["drop", None, True])
def test_a_bad_way_to_bound_is_found_at_start_up(value):
    app = Flask(__name__)
    app.config["PAGINATION_OVER_LIMIT"] = value

    with pytest.raises(
        ValueError, match=r"PAGINATION_OVER_LIMIT is .*; set it to one of clamp, reject"
    ):
        init_app(app)


@pytest.mark.parametrize("value", ["10", 0, -1, None, 1.5])
def test_a_bad_cap_is_found_at_start_up(value):
    app = Flask(__name__)
    app.config["PAGINATION_COUNT_CAP"] = value

    with pytest.raises(ValueError, match=r"PAGINATION_COUNT_CAP is .*, 1 or more"):
        init_app(app)


@pytest.mark.parametrize(
    "value",
    [
        "api.example.com",
        "//api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user:hunter2@example.com",
        "https://example.com/?a=b",
        "https://example.com/#a",
        'https://example.com/>; rel="x"',
        "https://example.com\r\nX: y",
        "https://example.com/é",
        b"https://example.com",
        5,
    ],
)
def test_a_bad_base_url_is_found_at_start_up(value):
    app = Flask(__name__)
    app.config["PAGINATION_BASE_URL"] = value

    with pytest.raises(
        ValueError, match=r"^PAGINATION_BASE_URL must be an http"
    ) as caught:
        init_app(app)

    assert "hunter2" not in str(caught.value)


def test_the_count_of_the_application(session, models, schema):
    app = Flask(__name__)
    app.config.update(PAGINATION_COUNT="capped", PAGINATION_COUNT_CAP=5)
    query = select(models.Author)

    with app.test_request_context("/?limit=2"):
        data = paginated(query, schema, session=session).data
        exact = paginated(query, schema, session=session, count="exact").data
        own = paginated(query, schema, session=session, total=7).data

    assert (data["totalItems"], data["totalItemsExact"], data["hasMore"]) == (
        5,
        False,
        True,
    )
    assert exact["totalItems"] == 13
    assert own["totalItems"] == 7


def test_a_limit_over_the_maximum_may_be_refused(session, models, schema):
    app = Flask(__name__)
    app.config.update(PAGINATION_OVER_LIMIT="reject", PAGINATION_MAX_LIMIT=5)

    with app.test_request_context("/?limit=6"):
        with pytest.raises(InvalidPage, match="from 0 to 5,"):
            paginated(select(models.Author), schema, session=session)
        with pytest.raises(InvalidPage, match="from 1 to 3,"):
            cursor_paginated(
                select(models.Author), schema, session=session, max_limit=3, secret="s"
            )
        data = paginated(select(models.Author), schema, session=session, max_limit=6)
        assert data.data["limit"] == 6
    with app.test_request_context("/"):
        assert (
            paginated(select(models.Author), schema, session=session).data["limit"] == 5
        )


def test_every_setting_is_documented():
    package = Path(__file__).parents[1]
    source = (package / "src/twopi_pagination/settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(PAGINATION_\w+)"', source))
    assert len(names) >= 8

    places = [
        package / "README.md",
        package / "../../docs/packages/twopi-pagination.md",
    ]
    texts = [path.read_text(encoding="utf-8") for path in places if path.exists()]
    for text in [*texts, init_app.__doc__]:
        assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_setting_has_its_default_in_the_readme():
    readme = Path(__file__).parents[1] / "README.md"
    row = re.compile(r"^\| `(PAGINATION_\w+)` \| `(.+?)` \|", re.MULTILINE)
    rows = row.findall(readme.read_text(encoding="utf-8"))
    defaults = {name: ast.literal_eval(value) for name, value in rows}

    assert Settings.of({}) == Settings.of(defaults)
    assert defaults["PAGINATION_COUNT_CAP"] == Settings().count_cap
