"""A correct API of notes, whose source the mutation check breaks line by line."""

from itertools import count

from flask import Flask, abort, jsonify, request
from werkzeug.exceptions import HTTPException

TOKENS = {"r": "reader", "w": "writer"}


def create_app():  # noqa: C901  the views of a small API
    app = Flask(__name__)
    notes = {}
    ids = count(1)

    def require(*roles):
        token = getattr(request.authorization, "token", None)
        if token not in TOKENS:
            abort(401)
        if TOKENS[token] not in roles:
            abort(403)

    def find(key):
        if key not in notes:
            abort(404)
        return notes[key]

    @app.get("/notes")
    def index():
        require("reader", "writer")
        found = [*notes.values()]
        page = found[:20]
        return {"items": page, "totalItems": len(found)}

    @app.post("/notes")
    def create():
        require("writer")
        sent = request.get_json()
        if "text" not in sent:
            return {"type": "about:blank", "status": 422, "detail": "text"}, 422
        key = next(ids)
        note = {"id": key, "by": "w", "made": f"day {key}", **sent}
        notes[key] = note
        return note, 201

    @app.get("/notes/<int:key>")
    def show(key):
        require("reader", "writer")
        return find(key)

    @app.put("/notes/<int:key>")
    def replace(key):
        require("writer")
        note = find(key)
        note.update(request.get_json())
        return jsonify(note)

    @app.delete("/notes/<int:key>")
    def remove(key):
        require("writer")
        note = find(key)
        del notes[note["id"]]
        return "", 204

    @app.after_request
    def describe(response):
        if response.status_code == 422:
            response.content_type = "application/problem+json"
        return response

    @app.errorhandler(HTTPException)
    def refuse(error):
        return {"_errors": [error.description]}, error.code

    return app
