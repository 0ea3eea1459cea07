from itertools import count

import pytest
from flask import Flask, jsonify, request


class Things:
    """A correct API of things, until a fault is added to ``broken``."""

    def __init__(self, rows=(), *, envelope=False):
        self.envelope = envelope
        self.broken = set()
        self.ids = count(1)
        self.stored = {}
        for name in rows:
            self.add({"name": name})
        self.app = Flask(__name__)
        for rule, view in [
            ("GET /things", self.index),
            ("POST /things", self.create),
            ("GET /things/<int:key>", self.show),
            ("PUT /things/<int:key>", self.replace),
            ("DELETE /things/<int:key>", self.remove),
        ]:
            method, path = rule.split()
            self.app.add_url_rule(path, rule, view, methods=[method])

    def add(self, data):
        key = next(self.ids)
        self.stored[key] = {"serial": f"s{key}", **data, "id": key}
        return self.stored[key]

    def shown(self, row):
        if "renames" in self.broken:
            row = {**row, "name": "wrong"}
        return {field: row[field] for field in row if field not in self.broken}

    def index(self):
        items = [self.shown(row) for row in self.stored.values()]
        if "hides" in self.broken:
            items = []
        if "swaps" in self.broken and items:
            items[-1]["id"] = 999
        if self.envelope:
            return {"items": items, "totalItems": len(items)}
        return jsonify(items)

    def create(self):
        wrong = {
            "create 500": ("<h1>Oops</h1>" + "x" * 5000, 500),
            "create html": ("<h1>Created</h1>", 201),
            "create list": ([1], 201),
            "forgets": ({**request.json, "id": 77}, 201),
        }
        for fault in self.broken & wrong.keys():
            return wrong[fault]
        row = self.add(request.json)
        if "twice" in self.broken:
            self.add(request.json)
        return self.shown(row), 201

    def show(self, key):
        if key not in self.stored:
            return "", 404
        if "other" in self.broken:
            return {**self.stored[key], "id": key + 1}
        return self.shown(self.stored[key])

    def replace(self, key):
        row = self.stored[key]
        if "update 403" in self.broken:
            return {"_errors": ["read only"]}, 403
        if "ignores" not in self.broken:
            row |= request.json
        if "reissues" in self.broken:
            row["serial"] = "other"
        if "duplicates" in self.broken:
            self.add(request.json)
        return {"name": "echo"} if "echoes" in self.broken else ("", 204)

    def remove(self, key):
        if "keeps" not in self.broken:
            del self.stored[key]
        if "delete all" in self.broken:
            self.stored.clear()
        return "", 500 if "delete 500" in self.broken else 204


@pytest.fixture(name="things")
def class_of_things():
    return Things
