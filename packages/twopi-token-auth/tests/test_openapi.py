"""An OpenAPI document says where the token goes, and it goes there."""

from inspect import signature

import pytest
from openapi_spec_validator import validate

from twopi_token_auth import parse_auth_header, security_schemes

PLACES = {"query_string": True, "cookie": "access_token"}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("places", [{}, PLACES, {"auth_header": False, **PLACES}])
def test_the_schemes_make_a_valid_document(version, places):
    schemes = security_schemes(**places)
    answers = {"200": {"description": "done"}}
    operation = {"security": [{name: []} for name in schemes], "responses": answers}
    document = {
        "openapi": version,
        "info": {"title": "shop", "version": "1"},
        "paths": {"/me": {"get": operation}},
        "components": {"securitySchemes": schemes},
    }

    validate(document)


def send(scheme, token):
    """Return what a client that follows *scheme* sends."""
    if scheme == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}:
        return {"headers": {"Authorization": f"Bearer {token}"}}
    assert scheme["type"] == "apiKey"
    if scheme["in"] == "query":
        return {"query_string": {scheme["name"]: token}}
    return {"headers": {"Cookie": f"{scheme['name']}={token}"}}


@pytest.mark.parametrize("name", ["bearer", "query", "cookie"])
def test_a_token_is_found_where_its_scheme_says(name, context, token_class):
    @context.get("/me")
    @parse_auth_header(token_class, required=True, **PLACES)
    def me():
        return "hello"

    client = context.test_client(use_cookies=False)  # it leaves the header alone
    sent = send(security_schemes(**PLACES)[name], token_class("7").dump())

    assert client.get("/me", **sent).text == "hello"
    assert client.get("/me").status_code == 401


def test_what_is_described_by_default_is_what_the_decorator_takes():
    takes = signature(parse_auth_header).parameters
    for name, parameter in signature(security_schemes).parameters.items():
        assert parameter.default == takes[name].default
    assert list(security_schemes()) == ["bearer", "query"]
    assert list(security_schemes(query_string=False)) == ["bearer"]
    assert list(security_schemes(**PLACES)) == ["bearer", "query", "cookie"]
