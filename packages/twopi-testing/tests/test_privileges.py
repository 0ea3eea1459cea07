import pytest
from flask import Flask, abort, request

from twopi_testing import check_privileges


@pytest.fixture(name="calls")
def list_of_calls():
    return []


@pytest.fixture(name="client")
def client_of_mixed_answers(calls):
    """GET is free, PUT is an HTML 403, DELETE an empty 401, POST a JSON 422."""
    app = Flask(__name__)

    @app.before_request
    def remember():
        calls.append((request.method, request.path, request.get_json(silent=True)))

    @app.route("/things", methods=["GET", "POST"])
    def many():
        return ({"_errors": ["no"]}, 422) if request.method == "POST" else []

    @app.route("/things/<int:key>", methods=["GET", "PUT", "PATCH", "DELETE"])
    def one(key):
        if request.method == "DELETE":
            return "", 401
        if request.method == "PUT":
            abort(403)
        return {"id": key}

    return app.test_client()


RIGHT = {
    "plural-get": 200,
    "get": 200,
    "delete": 401,
    "post": 422,
    "put": 403,
}


@pytest.mark.parametrize("form", [dict, lambda codes: [*codes.items()]])
def test_codes_as_mapping_and_as_pairs(client, form):
    check_privileges(client, "/things", {"a": 1}, 5, form(RIGHT | {"patch": 200}))


def test_pairs_of_a_generator(client, calls):
    check_privileges(client, "/things", {}, 5, (pair for pair in RIGHT.items()))

    assert len(calls) == len(RIGHT)


@pytest.mark.parametrize("action", RIGHT)
@pytest.mark.parametrize("form", [dict, lambda codes: [*codes.items()]])
def test_each_wrong_code_fails_with_its_answer(client, action, form):
    with pytest.raises(AssertionError) as failure:
        check_privileges(client, "/things", {}, 5, form(RIGHT | {action: 418}))

    message = str(failure.value)
    assert "1 of 5 privileges are not as expected" in message
    assert f"\n{action}: expected status 418\n" in message
    assert f"answered {RIGHT[action]} " in message


def test_all_wrong_cells_are_in_one_report(client):
    with pytest.raises(AssertionError) as failure:
        check_privileges(client, "/things", {}, 5, dict.fromkeys(RIGHT, 418))

    message = str(failure.value)
    assert message.startswith("5 of 5 privileges are not as expected")
    assert "POST /things answered 422 UNPROCESSABLE" in message
    assert '{"_errors":["no"]}' in message
    assert "DELETE /things/5 answered 401 UNAUTHORIZED: (empty body)" in message
    assert "PUT /things/5 answered 403 FORBIDDEN: <!doctype html>" in message


def test_a_mapping_deletes_last_and_pairs_keep_their_order(client, calls):
    codes = {"delete": 401, "get": 200}
    check_privileges(client, "/things", {}, 5, codes)
    check_privileges(client, "/things", {}, 5, codes.items())
    check_privileges(client, "/things", {}, 5, [*codes.items()])

    assert [method for method, *_ in calls] == [
        *("GET", "DELETE"),
        *("DELETE", "GET"),
        *("DELETE", "GET"),
    ]


def test_data_goes_with_what_writes(client, calls):
    check_privileges(client, "/things", {"a": 1}, 5, RIGHT | {"patch": 200})

    assert calls == [
        ("GET", "/things", None),
        ("GET", "/things/5", None),
        ("POST", "/things", {"a": 1}),
        ("PUT", "/things/5", {"a": 1}),
        ("PATCH", "/things/5", {"a": 1}),
        ("DELETE", "/things/5", None),
    ]


@pytest.mark.parametrize("key", ["5", "5?dry=1", "%35"])
def test_an_object_id_is_the_rest_of_the_url(client, calls, key):
    check_privileges(client, "/things", {}, key, {"get": 200})

    assert calls == [("GET", "/things/5", None)]


def test_several_codes_may_be_right(client):
    check_privileges(client, "/things", {}, 5, {"put": (401, 403)})

    with pytest.raises(AssertionError, match="put: expected status 200 or 204"):
        check_privileges(client, "/things", {}, 5, {"put": (200, 204)})


def test_a_view_that_raises_is_one_cell_and_the_cause():
    app = Flask(__name__)
    app.testing = True
    app.add_url_rule("/things", view_func=lambda: 1 / 0)

    with pytest.raises(AssertionError) as failure:
        check_privileges(
            app.test_client(), "/things", {}, 5, {"plural-get": 200, "get": 200}
        )

    message = str(failure.value)
    assert "2 of 2" in message
    assert "plural-get: GET /things raised ZeroDivisionError" in message
    assert "get: expected status 200\nGET /things/5 answered 404" in message
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("empty", [{}, []])
def test_nothing_to_check_is_refused(client, empty):
    with pytest.raises(ValueError, match="expected_codes is empty"):
        check_privileges(client, "/things", {}, 5, empty)


def test_an_unknown_action_is_refused_before_any_request(client, calls):
    with pytest.raises(ValueError, match="no action 'list'; the actions are"):
        check_privileges(client, "/things", {}, 5, {"get": 200, "list": 200})

    assert calls == []
