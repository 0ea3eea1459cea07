from http import HTTPStatus
from typing import Any, assert_type

from flask import Flask, Response

from twopi_restful import (
    ExpectedJSONException,
    format_error,
    format_errors,
    get_and_expect_json,
    init_app,
    output_json,
)

app = Flask(__name__)
assert_type(init_app(app), None)
app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)

assert_type(output_json({"id": 1}, 201, {"Location": "/1"}), Response)
output_json("text", None, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
output_json([], HTTPStatus.OK, {"Set-Cookie": ["a=1", "b=2"]})
assert_type(get_and_expect_json(), Any)
assert_type(ExpectedJSONException.handle(ExpectedJSONException()), Response)
assert_type(format_error("a"), dict[str, list[Any]])
format_errors("a", "b")
format_errors(["a", "b"])
