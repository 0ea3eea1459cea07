from collections.abc import Mapping
from typing import Any, assert_type

from flask import Flask, Response
from marshmallow import Schema, ValidationError, fields

from twopi_webargs import (
    BetterFlaskParser,
    RequestValidationError,
    error_pointers,
    handle_validation_error,
    init_app,
    parser,
    use_args,
    use_kwargs,
    use_request,
)

app = Flask(__name__)
assert_type(init_app(app), None)
init_app(app, style="flat")
init_app(app, style="pointers")
init_app(app, style="problem")
app.errorhandler(ValidationError)(handle_validation_error)


@app.get("/rooms")
@use_args({"floor": fields.Integer()}, location="query")
def list_rooms(arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments


@app.post("/rooms")
@use_kwargs(Schema.from_dict({"name": fields.String()}))
def add_room(name: str) -> str:
    return name


BetterFlaskParser("query", unknown=None)
BetterFlaskParser(locations=["query"])
assert_type(parser, BetterFlaskParser)
error = RequestValidationError({"name": ["Taken."]}, status_code=409)
assert_type(error.messages, dict[str, Any])
assert_type(error.status_code, int)
assert_type(error.location, str)
assert_type(error.headers, Mapping[str, str] | None)
assert_type(handle_validation_error(error), Response)


@app.put("/rooms/<int:number>")
@use_request(json={"name": fields.String()}, query={"notify": fields.Boolean()})
def change_room(
    number: int, json: dict[str, Any], query: dict[str, Any]
) -> dict[str, Any]:
    return {"number": number, **json, **query}


assert_type(error_pointers(error.messages), list[dict[str, Any]])


@use_args({"floor": fields.Integer()})
async def later(arguments: dict[str, Any]) -> list[int]:
    return [arguments["floor"]]


async def views_return_what_they_did() -> None:
    assert_type(list_rooms(), dict[str, Any])
    assert_type(add_room(), str)
    assert_type(change_room(number=3), dict[str, Any])
    assert_type(await later(), list[int])
    assert_type(parser.use_kwargs({})(list_rooms)(), dict[str, Any])
