from http import HTTPStatus
from typing import Any, assert_type

from flask import Blueprint, Flask, Response
from werkzeug.wrappers import Response as BaseResponse

from twopi_restful import (
    ExpectedJSONException,
    JSONProvider,
    OrjsonProvider,
    Problem,
    answer_database_errors,
    format_error,
    format_errors,
    get_and_expect_json,
    init_app,
    json_view,
    output_json,
)
from twopi_restful.restful import Api, Resource

app = Flask(__name__)
assert_type(init_app(app), None)


def body(status: int, errors: list[Any], rest: dict[str, Any]) -> dict[str, Any]:
    return {"status": status, "errors": errors, **rest}


class NoCredit(Problem):
    code = 403
    type = "https://example.com/probs/out-of-credit"


area = Blueprint("area", __name__)
init_app(app, problem=True, errors=body, only=[area, "/api"])
init_app(area, problem="always")
assert_type(answer_database_errors(area, retry_after=2), None)
problem = NoCredit(detail="It costs 50.", headers={"Retry-After": "30"}, balance=30)
assert_type(problem.errors, list[Any])
assert_type(problem.title, str | None)
Problem(409, "Taken.", title="Taken", instance="/room/1", errors=["a", "b"])
app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)

assert_type(output_json({"id": 1}, 201, {"Location": "/1"}), Response)
output_json("text", None, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
output_json([], HTTPStatus.OK, {"Set-Cookie": ["a=1", "b=2"]})
assert_type(get_and_expect_json(), Any)
assert_type(ExpectedJSONException.handle(ExpectedJSONException()), Response)
assert_type(format_error("a"), dict[str, list[Any]])
format_errors("a", "b")
format_errors(["a", "b"])


@app.get("/rooms/<int:number>")
@json_view
def show_room(number: int) -> tuple[dict[str, int], int]:
    return {"number": number}, 200


@app.get("/later/<int:number>")
@json_view
async def show_later(number: int) -> dict[str, int]:
    return {"number": number}


assert_type(show_room(3), BaseResponse)


class Room(Resource):
    async def get(self, number: int) -> dict[str, int]:
        return {"number": number}


api = Api(app)
api.add_resource(Room, "/room/<int:number>")

app.json = JSONProvider(app, decimals="number")
app.json = OrjsonProvider(app)
assert_type(OrjsonProvider(app).dumps({"a": 1}), str)
