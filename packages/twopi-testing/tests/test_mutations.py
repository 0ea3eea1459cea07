"""Broken variants of an API: the checks have to find each, and to say what it is."""

import re
from pathlib import Path

import pytest
from werkzeug.exceptions import NotFound

from twopi_testing import (
    ApiClient,
    assert_json,
    assert_problem,
    assert_status,
    check_crud,
    check_privileges,
    privilege_matrix,
)

SOURCE = (Path(__file__).parent / "apps" / "notes_app.py").read_text(encoding="utf-8")
BOTH = {"nobody": 401, "reader": 200, "writer": 200}
PRIVILEGES = {
    "GET /notes": BOTH,
    "GET /notes/<int:key>": BOTH,
    "POST /notes": {"nobody": 401, "reader": 403, "writer": 201},
    "PUT /notes/<int:key>": {"nobody": 401, "reader": 403, "writer": 200},
    "DELETE /notes/<int:key>": {"nobody": 401, "reader": 403, "writer": 204},
}
NOTE = {"text": "a", "tags": ["x"]}


def crud_of_two(app):
    writer = ApiClient.of(app).as_("w")
    writer.post("/notes", json=NOTE)
    check_crud(writer, "/notes", NOTE, initial_count=1)


def crud(app):
    check_crud(
        ApiClient.of(app).as_("w"),
        "/notes",
        NOTE,
        {"text": "b", "tags": []},
        check_keys=["text", "tags"],
        keys_from_prev=["made", "by"],
    )


def matrix(app):
    writer = ApiClient.of(app).as_("w")

    privilege_matrix(
        app,
        PRIVILEGES,
        roles={"nobody": None, "reader": "r", "writer": "w"},
        values={"key": lambda: writer.post("/notes", json=NOTE).json["id"]},
        data={"POST /notes": NOTE, "PUT /notes/<int:key>": NOTE},
    ).check()


def reader(app):
    ApiClient.of(app).as_("w").post("/notes", json=NOTE)
    codes = {"plural-get": 200, "get": 200, "post": 403, "put": 403, "delete": 403}
    check_privileges(ApiClient.of(app).as_("r"), "/notes", NOTE, 1, codes)


def answers(app):
    writer = ApiClient.of(app).as_("w")
    created = writer.post("/notes", json=NOTE)
    assert_status(created, 201)
    assert_json(created, {"id": 1, **NOTE})
    assert_json(writer.get("/notes"), {"items": [NOTE], "totalItems": 1})
    assert_json(writer.get("/notes/9"), {"_errors": [NotFound.description]})
    assert_problem(writer.post("/notes", json={}), 422)


CHECKS = [crud, crud_of_two, matrix, reader, answers]

LIST = '"items": page, "totalItems": len(found)'
GUARD = {
    "GET /notes ": 'require("reader", "writer")\n        found',
    "GET /notes/<int:key>": 'require("reader", "writer")\n        return find',
    "POST": 'require("writer")\n        sent',
    "PUT": 'require("writer")\n        note = find(key)\n        note.update',
    "DELETE": 'require("writer")\n        note = find(key)\n        del',
}


def unguarded(line):
    return line, line.partition("\n        ")[2]


def guarded_for(line, roles):
    return line, line.replace(line.partition("\n")[0], f"require({roles})")


STORES = "notes[key] = note\n"
MUTANTS = {
    # what is broken: (source, replacement, what a check has to say)
    "the list is short by one": (
        "[*notes.values()]",
        "[*notes.values()][1:]",
        "expected 1 objects in the list, found 0",
    ),
    "the list is always empty": ("found[:20]", "[]", "the list lacks|0 items"),
    "the list has a stranger first": (
        "[*notes.values()]",
        '[{"id": 0}, *notes.values()]',
        "expected 0 objects in the list, found 1",
    ),
    "the list has everything twice": (
        "[*notes.values()]",
        "[*notes.values()] * 2",
        "expected 1 objects in the list, found 2",
    ),
    "the list has other ids": (
        "found[:20]",
        '[each | {"id": 99} for each in found]',
        "the list lacks the object with id 1",
    ),
    "the total is one too many": (
        '"totalItems": len(found)',
        '"totalItems": len(found) + 1',
        "expected 0 objects in the list, found 1",
    ),
    "the total is a text": (
        '"totalItems": len(found)',
        '"totalItems": str(len(found))',
        "\"totalItems\" is '0'",
    ),
    "the total is less than what is listed": (
        '"totalItems": len(found)',
        '"totalItems": 0',
        '"totalItems" is 0, but 1 are listed',
    ),
    "the list is under another name": (
        '"items": page',
        '"notes": page',
        'a list in "items"',
    ),
    "the list is a text": ("return {" + LIST + "}", 'return "[", 200', "a JSON body"),
    "creating stores nothing": (
        STORES,
        "pass\n",
        "expected status 200\nGET /notes/1 answered 404",
    ),
    "creating stores twice": (
        STORES,
        STORES + "        notes[-key] = note\n",
        "expected 1 objects in the list, found 2",
    ),
    "creating stores something else": (
        STORES,
        STORES.replace("= note", '= {**note, "text": "z"}'),
        "the list lacks an object with the fields that were sent\nGET /notes",
    ),
    "creating loses a field": (
        "**sent}",
        '"text": sent["text"]}',
        "'tags' is missing, expected",
    ),
    "creating changes a list": (
        "**sent}",
        '**sent, "tags": "x"}',
        r"'tags' is 'x', expected \['x'\]\nPOST /notes",
    ),
    "creating answers 200 where 201 is meant": (
        "return note, 201",
        "return note, 200",
        "POST /notes .* writer .* 201 .* answered 200|expected status 201",
    ),
    "creating answers 202": (
        "return note, 201",
        "return note, 202",
        "expected status 200 or 201\nPOST /notes answered 202",
    ),
    "creating answers without the id": (
        "return note, 201",
        'return {"text": "a"}, 201',
        "the answer has no 'id'\nPOST /notes",
    ),
    "creating answers with another id": (
        "return note, 201",
        'return note | {"id": 7}, 201',
        "the list lacks the object with id 7",
    ),
    "creating answers with a list": (
        "return note, 201",
        "return [note], 201",
        "expected a JSON object\nPOST /notes",
    ),
    "creating answers nothing": (
        "return note, 201",
        'return "", 201',
        r"expected a JSON body\nPOST /notes answered 201 CREATED: \(empty body\)",
    ),
    "ids are used again": (
        "key = next(ids)",
        "key = 1",
        "expected 2 objects in the list, found 1",
    ),
    "reading shows the last one": (
        "        return find(key)",
        '        return find(key) | {"id": key + 1}',
        "expected the object with id 1\nGET /notes/1",
    ),
    "reading hides a field": (
        "        return find(key)",
        '        return {k: v for k, v in find(key).items() if k != "made"}',
        "'made' is missing\nGET /notes/1",
    ),
    "reading changes a field": (
        "        return find(key)",
        '        return find(key) | {"text": "A"}',
        "'text' is 'A', expected 'a'\nGET /notes/1",
    ),
    "reading what is gone answers 200": (
        "        return find(key)",
        "        return notes.get(key, {})",
        "expected status 404 or 410\nGET /notes/1 answered 200",
    ),
    "reading crashes": (
        "        return find(key)",
        "        return 1 / 0",
        "GET /notes/1 answered 500",
    ),
    "updating changes nothing": (
        "note.update(request.get_json())",
        "request.get_json()",
        "'text' is 'a', expected 'b'\nPUT /notes/1",
    ),
    "updating answers right and stores nothing": (
        "note.update(request.get_json())",
        "note = {**note, **request.get_json()}",
        "'text' is 'a', expected 'b'\nGET /notes/1",
    ),
    "updating forgets what was not sent": (
        "note.update(request.get_json())",
        "note.clear(), note.update(id=key, **request.get_json())",
        "'by' is missing, expected 'w'\nPUT /notes/1",
    ),
    "updating changes the author": (
        "note.update(request.get_json())",
        'note.update(request.get_json(), by="x")',
        "'by' is 'x', expected 'w'\nPUT /notes/1",
    ),
    "updating updates a part": (
        "note.update(request.get_json())",
        'note.update(text=request.get_json()["text"])',
        r"'tags' is \['x'\], expected \[\]\nPUT",
    ),
    "updating makes a new one": (
        "note.update(request.get_json())",
        "notes[next(ids)] = {**note, **request.get_json()}",
        "expected 'b'\nPUT /notes/1",
    ),
    "updating also makes a new one": (
        "note.update(request.get_json())",
        "note.update(request.get_json()); notes[-key] = note",
        "expected 1 objects in the list, found 2",
    ),
    "updating moves it": (
        "note.update(request.get_json())",
        "note.update(request.get_json()); notes[key + 1] = notes.pop(key)",
        "expected status 200\nGET /notes/1 answered 404",
    ),
    "updating is refused": (
        "return jsonify(note)",
        "abort(409)",
        "expected status 200 or 204\nPUT /notes/1 answered 409",
    ),
    "deleting deletes nothing": (
        'del notes[note["id"]]',
        "pass",
        "expected status 404 or 410\nGET /notes/1 answered 200",
    ),
    "deleting hides, and the list shows it": (
        'del notes[note["id"]]',
        'notes[-key] = notes.pop(note["id"])',
        "expected 0 objects in the list, found 1|the deleted object",
    ),
    "deleting answers 500": (
        'return "", 204',
        'return "", 500',
        "expected status 200 or 202 or 204\nDELETE /notes/1 answered 500",
    ),
    "nobody may list": (
        *unguarded(GUARD["GET /notes "]),
        "GET /notes  nobody  401       /notes answered 200",
    ),
    "nobody may read": (
        *unguarded(GUARD["GET /notes/<int:key>"]),
        r"GET /notes/<int:key>  nobody  401       /notes/\d+ answered 200",
    ),
    "nobody may create": (
        *unguarded(GUARD["POST"]),
        "POST /notes  nobody  401       /notes answered 201",
    ),
    "nobody may update": (
        *unguarded(GUARD["PUT"]),
        r"PUT /notes/<int:key>  nobody  401       /notes/\d+ answered 200",
    ),
    "nobody may delete": (
        *unguarded(GUARD["DELETE"]),
        r"DELETE /notes/<int:key>  nobody  401       /notes/\d+ answered 204",
    ),
    "a reader may create": (
        *guarded_for(GUARD["POST"], "*TOKENS.values()"),
        "POST /notes  reader  403       /notes answered 201",
    ),
    "a reader may update": (
        *guarded_for(GUARD["PUT"], "*TOKENS.values()"),
        r"PUT /notes/<int:key>  reader  403       /notes/\d+ answered 200",
    ),
    "a reader may delete": (
        *guarded_for(GUARD["DELETE"], "*TOKENS.values()"),
        r"DELETE /notes/<int:key>  reader  403       /notes/\d+ answered 204",
    ),
    "a reader may not list": (
        *guarded_for(GUARD["GET /notes "], '"writer"'),
        "GET /notes  reader  200       /notes answered 403",
    ),
    "a writer may not delete": (
        *guarded_for(GUARD["DELETE"], '"reader"'),
        "expected status 200 or 202 or 204\nDELETE /notes/1 answered 403",
    ),
    "no token is the same as a wrong role": (
        "abort(401)",
        "abort(403)",
        "GET /notes +nobody  401       /notes answered 403",
    ),
    "a view that nobody thought of": (
        "    return app\n",
        '    app.add_url_rule("/export", "export", lambda: notes)\n    return app\n',
        "GET /export  -     -         nobody listed it",
    ),
    "a method that nobody thought of": (
        '@app.delete("/notes/<int:key>")',
        '@app.route("/notes/<int:key>", methods=["DELETE", "PATCH"])',
        "PATCH /notes/<int:key>  -     -         nobody listed it",
    ),
    "errors have another shape": (
        '"_errors": [error.description]',
        '"_errors": error.description',
        r"\$\._errors",
    ),
    "a problem without its content type": (
        '"application/problem+json"',
        '"application/json"',
        "expected application/problem\\+json, not 'application/json'",
    ),
    "a problem with another status": (
        '"status": 422',
        '"status": 400',
        r"\$\.status is 400, expected 422",
    ),
    "a problem whose detail is no text": (
        '"detail": "text"',
        '"detail": ["text"]',
        r"\$\.detail is \['text'\], expected str",
    ),
    "bad input is stored": (
        'if "text" not in sent:',
        "if False:",
        "expected status 422\nPOST /notes answered 201",
    ),
}


def failures(source):
    """Return what each check says of the app that *source* makes."""
    code = compile(source, "notes_app.py", "exec")
    found = []
    for check in CHECKS:
        namespace = {"__name__": "notes_app"}
        exec(code, namespace)
        try:
            check(namespace["create_app"]())
        except AssertionError as error:
            found.append(str(error))
    return found


def test_the_app_as_it_is_passes_all_checks():
    assert failures(SOURCE) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_caught_and_its_fault_is_named(name, caplog):
    old, new, message = MUTANTS[name]
    assert SOURCE.count(old) == 1

    found = failures(SOURCE.replace(old, new))

    assert any(re.search(message, each) for each in found), "\n\n".join(found)
