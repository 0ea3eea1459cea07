"""The document and its page over HTTP, and the command line."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from flask import Flask, abort
from flask.cli import FlaskGroup
from marshmallow import Schema, fields
from werkzeug.middleware.proxy_fix import ProxyFix

from twopi_openapi import blueprint as module
from twopi_openapi import describes, document, openapi_blueprint, returns


class NoteSchema(Schema):
    text = fields.String(metadata={"description": "<script>alert(1)</script>"})


def make(**options):
    app = Flask("notes")
    app.register_blueprint(openapi_blueprint(**options))

    @app.get("/notes/<int:number>")
    @returns(NoteSchema)
    @describes(summary="A <b>note</b>")
    def show(number):
        """Show."""
        return {"text": ""}

    return app


def counting(made):
    """Return `document`, which notes that it was called."""
    return lambda app, **options: made.append(1) or document(app, **options)


def test_the_document_is_served_and_kept(monkeypatch):
    made = []
    monkeypatch.setattr(
        module,
        "document",
        lambda app, **given: made.append(1) or document(app, **given),
    )
    client = make(title="Notes").test_client()

    first = client.get("/docs/openapi.json")
    etag = {"If-None-Match": first.headers["ETag"]}
    again = client.get("/docs/openapi.json", headers=etag)

    assert first.json["info"]["title"] == "Notes"
    assert list(first.json["paths"]) == ["/notes/{number}"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304
    assert made == [1]


def test_threads_make_one_document(monkeypatch):
    made = []
    monkeypatch.setattr(
        module,
        "document",
        lambda app, **given: made.append(1) or document(app, **given),
    )
    app = make()

    def get(_):
        return app.test_client().get("/docs/openapi.json").status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(get, range(16))) == {200}
    assert made == [1]


def test_behind_a_prefix_the_server_is_there():
    app = make()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)

    client = app.test_client()
    said = client.get("/docs/openapi.json", headers={"X-Forwarded-Prefix": "/shop"})
    page = client.get("/docs/", headers={"X-Forwarded-Prefix": "/shop"}).text

    assert said.json["servers"] == [{"url": "/shop"}]
    assert 'data-server="/shop"' in page
    assert 'href="/shop/docs/assets/docs.css"' in page


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append((tag, found))
        self.links += [found[name] for name in ("href", "src") if name in found]
        self.ids += [found["id"]] if "id" in found else []


def test_the_page_needs_no_other_host_and_no_script():
    answer = make().test_client().get("/docs/")
    page = Page(answer.text)

    assert answer.status_code == 200
    assert all(link.startswith(("/docs/", "#")) for link in page.links)
    assert "show" in page.ids
    assert not [found for tag, found in page.tags if {"style", "onclick"} & set(found)]
    scripts = [found for tag, found in page.tags if tag == "script"]
    assert [found["src"] for found in scripts] == ["/docs/assets/docs.js"]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_text_is_never_markup():
    text = make().test_client().get("/docs/").text

    assert "<b>" not in text
    assert "alert(1)</script>" not in text


@pytest.mark.parametrize("file", ["docs.css", "docs.js", "icon.svg"])
def test_its_files_are_there(file):
    with make().test_client().get(f"/docs/assets/{file}") as answer:
        assert answer.status_code == 200


def test_it_can_be_locked_moved_and_have_no_page():
    def locked(view):
        def wrapper(**_):
            abort(401)

        wrapper.__name__ = view.__name__
        return wrapper

    client = make(url_prefix="/api-docs", decorators=[locked]).test_client()
    assert client.get("/api-docs/openapi.json").status_code == 401
    assert client.get("/api-docs/").status_code == 401
    assert make(page=False).test_client().get("/docs/").status_code == 404


def command(app):
    """Return a function that runs ``flask`` for *app*."""
    group = FlaskGroup(create_app=lambda: app)

    def run(*arguments):
        return CliRunner().invoke(group, ["openapi", *arguments])

    return run


def test_export_check_and_diff(tmp_path):
    run = command(make())
    file = str(tmp_path / "api.json")

    assert run("export", "-o", file).exit_code == 0
    text = (tmp_path / "api.json").read_text()
    assert json.loads(text) == document(make())
    assert run("export").output == text
    old = run("export", "--openapi", "3.0")
    assert json.loads(old.output)["openapi"] == "3.0.4"

    assert run("check", file).exit_code == 0
    assert run("diff", file).exit_code == 0

    other = tmp_path / "other.json"
    other.write_text(text.replace("/notes/{number}", "/gone/{number}"))
    stale = run("check", str(other))
    assert stale.exit_code == 1
    assert "is not up to date" in stale.output
    broken = run("diff", str(other))
    assert broken.exit_code == 1
    assert "BREAKS GET /gone/{number}: is gone" in broken.output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"paths"'])
def test_a_file_that_is_not_a_document(tmp_path, text):
    file = tmp_path / "api.json"
    file.write_text(text)

    done = command(make())("diff", str(file))

    assert done.exit_code == 1
    assert re.match(r"Error: .*api.json is not an OpenAPI document", done.output)


def test_check_names_views_that_do_not_say_what_they_answer():
    app = make()
    app.get("/silent")(lambda: "")

    done = command(app)("check")

    assert done.exit_code == 1
    assert "GET /silent does not say what it answers; use @returns" in done.output
