"""The words of 3.1 in those of 3.0."""

import pytest

from twopi_openapi.downgrade import to_3_0


def downgraded(schema):
    document = {
        "openapi": "3.1.1",
        "paths": {},
        "components": {"schemas": {"S": schema}},
    }
    return to_3_0(document)["components"]["schemas"]["S"]


REF = {"$ref": "#/components/schemas/T"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        (
            {"type": ["number", "string"]},
            {"anyOf": [{"type": "number"}, {"type": "string"}]},
        ),
        ({"const": 1}, {"enum": [1]}),
        (
            {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9},
            {
                "type": "integer",
                "minimum": 1,
                "exclusiveMinimum": True,
                "maximum": 9,
                "exclusiveMaximum": True,
            },
        ),
        ({"minimum": 5, "exclusiveMinimum": 1}, {"minimum": 5}),
        ({"examples": [1, 2]}, {"example": 1}),
        (
            {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}]},
            {"type": "array", "items": {"anyOf": [{"enum": [1]}, {"type": "string"}]}},
        ),
        (
            {"type": "string", "contentMediaType": "application/octet-stream"},
            {"type": "string", "format": "binary"},
        ),
        ({"anyOf": [REF, {"type": "null"}]}, {"allOf": [REF], "nullable": True}),
        (REF | {"description": "x"}, {"allOf": [REF], "description": "x"}),
        (
            {"properties": {"type": {"const": 1}}, "additionalProperties": False},
            {"properties": {"type": {"enum": [1]}}, "additionalProperties": False},
        ),
        ({"type": "object", "propertyNames": {"minLength": 1}}, {"type": "object"}),
        ({"default": {"const": 1}}, {"default": {"const": 1}}),
    ],
)
def test_a_schema(schema, expected):
    assert downgraded(schema) == expected


def test_scopes_are_for_oauth_alone():
    document = {
        "openapi": "3.1.1",
        "paths": {
            "/": {"get": {"security": [{"b": ["x"]}, {"b": ["y"]}, {"o": ["x"]}]}}
        },
        "components": {
            "securitySchemes": {
                "b": {"type": "http", "scheme": "bearer"},
                "o": {"type": "oauth2"},
            }
        },
    }

    made = to_3_0(document)

    assert made["paths"]["/"]["get"]["security"] == [{"b": []}, {"o": ["x"]}]


def test_without_components():
    assert "components" not in to_3_0(
        {"openapi": "3.1.1", "paths": {}, "components": {}}
    )
