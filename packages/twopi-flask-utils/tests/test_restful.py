"""`get_and_expect_json` by the path of 1.x, inside of Resources in production."""

import pytest
from flask import Flask
from flask_restful import Api, Resource

import twopi_restful
from twopi_flask_utils.restful import ExpectedJSONException, get_and_expect_json

TEXT = "Resource expected a JSON payload to be provided."


class Echo(Resource):
    def post(self):
        return get_and_expect_json()


def app_of(*handlers):
    app = Flask(__name__)
    for kind, handle in handlers:
        app.errorhandler(kind)(handle)
    Api(app).add_resource(Echo, "/resource")
    app.post("/view", endpoint="view")(get_and_expect_json)
    return app.test_client()


@pytest.mark.parametrize("path", ["/resource", "/view"])
@pytest.mark.parametrize(
    "handlers",
    [
        (),
        [(ExpectedJSONException, ExpectedJSONException.handle)],
        [(twopi_restful.ExpectedJSONException, ExpectedJSONException.handle)],
    ],
)
def test_the_text_is_that_of_1_x(path, handlers):
    answer = app_of(*handlers).post(path)

    assert (answer.status_code, answer.json) == (400, {"_errors": [TEXT]})


def test_a_subclass_has_its_own_text():
    class Missing(ExpectedJSONException):
        description = "Send JSON."

    with Flask(__name__).test_request_context("/"):
        response, status = Missing.handle(Missing())

    assert (response.json, status) == ({"_errors": ["Send JSON."]}, 400)


@pytest.mark.parametrize("path", ["/resource", "/view"])
def test_what_is_json_is_returned(path):
    assert app_of().post(path, json=[0]).json == [0]
