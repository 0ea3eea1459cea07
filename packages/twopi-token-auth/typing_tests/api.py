from datetime import UTC, datetime
from typing import Any, assert_type

from flask import Flask, Response, jsonify
from marshmallow import fields

from twopi_token_auth import (
    ConfigurationError,
    ShortlivedTokenMixin,
    TokenError,
    auth_required,
    current_token,
    init_app,
    parse_auth_header,
    scopes_required,
)


class App(Flask):
    pass


class Ticket(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        uid = fields.String(attribute="user_id")

    algorithm = "HS512"

    def __init__(self, user_id: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user_id = user_id


class ApiKey:
    @classmethod
    def load(cls, token_string: str, secret: str | None) -> "ApiKey | None":
        return cls() if token_string == secret else None


app = init_app(App(__name__))
assert_type(app, App)

assert_type(Ticket("ada", datetime.now(UTC), audience=["api"]).dump(b"secret"), str)
assert_type(Ticket.load("text", "secret", issuer=["me", "you"]), Ticket | None)
assert_type(Ticket.from_refresh_token(object()), Ticket)
assert_type(current_token, Any)

try:
    assert_type(Ticket.verify("text", audience="api"), Ticket)
except TokenError as error:
    assert_type(error.expired, bool)
    refused_for_its_age: bool = error.code == "expired"
except ConfigurationError as error:
    assert_type(error.setting, str | None)


@app.get("/<int:number>")
@parse_auth_header(Ticket, query_string=False)
@auth_required()
@scopes_required("read", "write", any_of=True)
def view(number: int) -> Response:
    return jsonify(number)


assert_type(view(5), Response)


@parse_auth_header(ApiKey, secret="secret")
async def machine() -> str:
    return "in"
