import datetime as dt

import pytest
from flask import Flask, Response, json

from twopi_testing import assert_json, assert_problem, assert_status

BODY = {"items": [{"id": 1, "name": "a", "tags": []}], "total": 1, "a b": None}


@pytest.fixture(name="answer")
def answer_of_an_app():
    def answer(body, status=200, mimetype="application/json"):
        app = Flask(__name__)
        text = body if isinstance(body, str) else json.dumps(body)
        app.add_url_rule(
            "/x", view_func=lambda: Response(text, status, mimetype=mimetype)
        )
        return app.test_client().get("/x?q=1")

    return answer


def test_a_right_status_passes(answer):
    assert_status(answer({}, 201), 201)
    assert_status(answer({}, 201), 200, 201)


def test_a_wrong_status_shows_the_exchange(answer):
    with pytest.raises(AssertionError) as failure:
        assert_status(answer({"_errors": ["no"]}, 403), 200, 201)

    assert str(failure.value) == (
        "expected status 200 or 201\n"
        'GET /x?q=1 answered 403 FORBIDDEN: {"_errors": ["no"]}'
    )


def test_no_status_is_refused(answer):
    with pytest.raises(ValueError, match="at least one status"):
        assert_status(answer({}))


@pytest.mark.parametrize(
    "subset", [{}, {"total": 1.0}, {"items": [{"id": 1}]}, {"items": ({},)}, BODY]
)
def test_a_subset_passes(answer, subset):
    assert_json(answer(BODY), subset)


def test_dates_are_compared_as_json(answer):
    day = dt.date(2024, 2, 29)

    assert_json(answer({"day": day}), {"day": day}, exact=True)


@pytest.mark.parametrize(
    ("subset", "reason"),
    [
        ({"items": [{"name": "b"}]}, "$.items[0].name is 'a', expected 'b'"),
        ({"items": [{"age": 1}]}, "$.items[0].age is missing, expected 1"),
        ({"items": []}, "$.items has 1 items, expected 0"),
        ({"items": [{}, {}]}, "$.items has 1 items, expected 2"),
        ({"items": {}}, "$.items is [{"),
        ({"total": True}, "$.total is 1, expected True"),
        ({"total": "1"}, "$.total is 1, expected '1'"),
        ({"a b": 0}, "$['a b'] is None, expected 0"),
        ([], "$ is {"),
    ],
)
def test_the_first_difference_is_named(answer, subset, reason):
    with pytest.raises(AssertionError) as failure:
        assert_json(answer(BODY), subset)

    assert str(failure.value).startswith(reason)
    assert "\nGET /x?q=1 answered 200 OK: {" in str(failure.value)


@pytest.mark.parametrize(
    ("subset", "reason"),
    [
        ({"items": [{"id": 1}]}, "$.items[0] also has name, tags"),
        (BODY | {"items": []}, "$.items has 1 items"),
        ({"items": BODY["items"]}, "$ also has a b, total"),
    ],
)
def test_exact_refuses_more(answer, subset, reason):
    assert_json(answer(BODY), BODY, exact=True)

    with pytest.raises(AssertionError) as failure:
        assert_json(answer(BODY), subset, exact=True)

    assert str(failure.value).startswith(reason)


def test_a_body_that_is_not_json_fails(answer):
    with pytest.raises(AssertionError, match="expected a JSON body"):
        assert_json(answer("<p>"), {})


PROBLEM = "application/problem+json"


@pytest.mark.parametrize("body", [{}, {"title": "No", "status": 404, "balance": 30}])
def test_a_problem_is_returned(answer, body):
    assert assert_problem(answer(body, 404, PROBLEM), 404) == body


@pytest.mark.parametrize(
    ("body", "status", "mimetype", "reason"),
    [
        ({}, 400, PROBLEM, "expected status 404"),
        ({}, 404, "application/json", "not 'application/json'"),
        ([], 404, PROBLEM, "expected a JSON object"),
        ({"title": 5}, 404, PROBLEM, "$.title is 5, expected str"),
        ({"status": True}, 404, PROBLEM, "$.status is True, expected int"),
        ({"status": 400}, 404, PROBLEM, "$.status is 400, expected 404"),
    ],
)
def test_what_is_no_such_problem_fails(answer, body, status, mimetype, reason):
    with pytest.raises(AssertionError) as failure:
        assert_problem(answer(body, status, mimetype), 404)

    assert reason in str(failure.value)
