from typing import Any, assert_type

from flask import Blueprint, Flask
from marshmallow import Schema

from twopi_openapi import (
    Change,
    changes,
    describes,
    document,
    hidden,
    openapi_blueprint,
    returns,
)

app = Flask("shop")
assert_type(document(app, openapi="3.0", only=["api"]), dict[str, Any])
assert_type(openapi_blueprint(url_prefix="/docs", page=False), Blueprint)
assert_type(changes({}, {}), list[Change])


@returns(Schema, 201, many=True, headers={"ETag": "Its version."})
@describes(errors={409: "It is taken."})
@hidden
def view(number: int) -> str:
    return str(number)


assert_type(view(1), str)
