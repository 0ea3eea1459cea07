"""What breaks between two documents, and what does not."""

import copy

import pytest

from twopi_openapi import changes

BASE = {
    "openapi": "3.1.1",
    "paths": {
        "/notes/{id}": {
            "get": {
                "operationId": "show",
                "parameters": [
                    {
                        "in": "path",
                        "name": "id",
                        "required": True,
                        "schema": {"type": "integer"},
                    },
                    {
                        "in": "query",
                        "name": "q",
                        "schema": {"type": "string", "maxLength": 5},
                    },
                    {"in": "query", "name": "kind", "schema": {"enum": ["a", "b"]}},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/N"}
                            }
                        }
                    },
                    "404": {},
                },
                "security": [{"bearer": ["read"]}, {"cookie": []}],
            },
            "put": {
                "operationId": "put",
                "requestBody": {
                    "required": False,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "text": {"type": "string", "minLength": 1},
                                    "n": {"type": "number"},
                                },
                                "required": ["text"],
                            }
                        }
                    },
                },
                "responses": {"200": {}},
                "security": [],
            },
        }
    },
    "components": {
        "schemas": {
            "N": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "state": {"enum": ["on", "off"]},
                    "rows": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/N"},
                    },
                },
                "required": ["text", "state"],
            }
        }
    },
}
GET = "paths /notes/{id} get"
PUT = "paths /notes/{id} put"
BODY = f"{PUT} requestBody content application/json schema"
NOTE = "components schemas N"


def changed(*edits):
    """Return a copy of the base, edited; None deletes what is at the path."""
    made = copy.deepcopy(BASE)
    for path, value in edits:
        *keys, last = path.split()
        place = made
        for key in keys:
            place = place[int(key)] if isinstance(place, list) else place[key]
        if isinstance(place, list):
            last = int(last)
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


BREAKS = {
    "path gone": [("paths /notes/{id}", None)],
    "method gone": [(GET, None)],
    "other id": [(f"{GET} operationId", "other")],
    "parameter gone": [(f"{GET} parameters 1", None)],
    "parameter required": [(f"{GET} parameters 1 required", True)],
    "parameter bound": [(f"{GET} parameters 1 schema maxLength", 4)],
    "new bound": [(f"{GET} parameters 1 schema minLength", 1)],
    "pattern": [(f"{GET} parameters 1 schema pattern", "^a$")],
    "format": [(f"{GET} parameters 1 schema format", "date")],
    "parameter type": [(f"{GET} parameters 0 schema type", "boolean")],
    "enum of a request": [(f"{GET} parameters 2 schema enum", ["a"])],
    "new enum of a request": [(f"{GET} parameters 1 schema enum", ["a"])],
    "security": [(f"{GET} security", [{"other": []}])],
    "one way gone": [(f"{GET} security", [{"bearer": ["read"]}])],
    "more scopes": [(f"{GET} security", [{"bearer": ["read", "x"]}, {"cookie": []}])],
    "security at all": [(f"{PUT} security", [{"bearer": []}])],
    "body required": [(f"{PUT} requestBody required", True)],
    "body gone": [(f"{PUT} requestBody", None)],
    "media type gone": [(f"{PUT} requestBody content", {"text/csv": {}})],
    "field required": [(f"{BODY} required", ["text", "n"])],
    "new field required": [
        (f"{BODY} properties z", {"type": "string"}),
        (f"{BODY} required", ["text", "z"]),
    ],
    "field narrower": [(f"{BODY} properties n type", "integer")],
    "field bound": [(f"{BODY} properties text minLength", 2)],
    "no other names": [(f"{BODY} additionalProperties", False)],
    "answer field gone": [(f"{NOTE} properties text", None)],
    "answer field optional": [(f"{NOTE} required", ["text"])],
    "answer nullable": [(f"{NOTE} properties text type", ["string", "null"])],
    "answer type": [(f"{NOTE} properties text type", "integer")],
    "answer enum wider": [(f"{NOTE} properties state enum", ["on", "off", "x"])],
    "answer enum gone": [(f"{NOTE} properties state", {"type": "string"})],
    "status gone": [(f"{GET} responses 200", None)],
    "within a list": [(f"{NOTE} properties rows items", {"type": "string"})],
}
FINE = {
    "nothing": [],
    "new path": [("paths /new", {"get": BASE["paths"]["/notes/{id}"]["get"]})],
    "deprecated": [(f"{GET} deprecated", True)],
    "other name of a variable": [
        (f"{GET} parameters 0 name", "key"),
    ],
    "new optional parameter": [
        (f"{PUT} parameters", [{"in": "query", "name": "z", "schema": {}}]),
    ],
    "wider bound": [(f"{GET} parameters 1 schema maxLength", 6)],
    "no bound": [(f"{GET} parameters 1 schema maxLength", None)],
    "wider enum of a request": [(f"{GET} parameters 2 schema enum", ["a", "b", "c"])],
    "fewer scopes": [(f"{GET} security", [{"bearer": []}, {"cookie": []}])],
    "no security": [(f"{GET} security", [])],
    "field wider": [(f"{BODY} properties n type", ["number", "string"])],
    "field optional": [(f"{BODY} required", [])],
    "new optional field": [(f"{BODY} properties z", {"type": "string"})],
    "answer field more": [(f"{NOTE} properties z", {"type": "string"})],
    "answer enum narrower": [(f"{NOTE} properties state enum", ["on"])],
    "status more": [(f"{GET} responses 503", {})],
    "error status gone": [(f"{GET} responses 404", None)],
}
UNNAMED = {
    "nothing",
    "other name of a variable",
    "fewer scopes",
    "no security",
    "field optional",
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks(name):
    found = changes(BASE, changed(*BREAKS[name]))

    assert any(change.breaking for change in found), found
    assert all(str(change) for change in found)


@pytest.mark.parametrize("name", FINE)
def test_what_does_not(name):
    found = changes(BASE, changed(*FINE[name]))

    assert not any(change.breaking for change in found), found
    assert (found == []) == (name in UNNAMED)


def test_the_place_is_named():
    [change] = changes(BASE, changed(*BREAKS["field bound"]))

    assert change.place == "PUT /notes/{id} body text"
    assert change.kind == "bound"
    assert str(change).startswith("BREAKS PUT /notes/{id} body text: minLength was 1")
