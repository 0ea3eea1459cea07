"""How the module for browsers is shipped and served; what it does is tested beside."""

from importlib.resources import files

from flask import Flask

from twopi_token_auth import MemoryStore, TokenAuth

JS = files("twopi_token_auth") / "web" / "js"


def test_the_blueprint_serves_the_module():
    app = Flask("shop")
    app.config["SECRET_KEY"] = "thirty-two bytes, enough for all of HS256"
    auth = TokenAuth(app, store=MemoryStore())
    app.register_blueprint(auth.blueprint(url_prefix="/auth"))

    with app.test_client() as client:
        answer = client.get("/auth/token-auth.mjs")
        etag = answer.headers["ETag"]
        again = client.get("/auth/token-auth.mjs", headers={"If-None-Match": etag})

        assert answer.data == (JS / "token-auth.mjs").read_bytes()
        assert answer.content_type == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert again.status_code == 304
        answer.close()
        again.close()


def test_the_module_is_small_and_needs_nothing():
    source = (JS / "token-auth.mjs").read_text(encoding="utf-8")

    assert len(source) < 16_000
    assert "import " not in source
    assert (JS / "token-auth.d.mts").is_file()
