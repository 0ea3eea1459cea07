"""What a protected view costs, in calls, which unlike times are the same every time."""

import sys
from collections import Counter

import pytest
from flask import g
from werkzeug.test import EnvironBuilder, run_wsgi_app

from twopi_token_auth import parse_auth_header

# How many calls of Python functions, and of C functions, a request may cost more than
# the same request to a view without decorators.
BUDGET = {
    "no token": (15, 15),
    "bad signature": (50, 60),
    "two decorators": (45, 60),
    "one decorator": (40, 60),
    "from the cache": (30, 45),
}


@pytest.fixture
def calls(app):
    """Count the calls of one request to *path* with *token*."""

    @app.get("/bare")
    def bare():
        return {"user": "ada"}

    def calls(path, token):
        header = {"Authorization": f"Bearer {token}"} if token else {}
        environ = EnvironBuilder(path=path, headers=header).get_environ()
        for _ in range(3):
            run_wsgi_app(app.wsgi_app, environ.copy())
        counted = Counter()
        counting = environ.copy()
        sys.setprofile(lambda frame, event, argument: counted.update([event]))
        try:
            run_wsgi_app(app.wsgi_app, counting)
        finally:
            sys.setprofile(None)
        return counted["call"], counted["c_call"]

    return calls


@pytest.fixture
def token(context, token_class, clock):
    return token_class("ada", ["read", "write"], expiry=clock.date(900)).dump()


def test_a_protected_view_stays_in_its_budget(app, calls, token, token_class):
    @app.get("/merged")
    @parse_auth_header(token_class, required=True)
    def merged():
        return {"user": g.token.user_id}

    @app.get("/lenient")
    @parse_auth_header(token_class, invalid="anonymous")
    def lenient():
        return {"user": None}

    bare = calls("/bare", token)
    counted = {
        "no token": calls("/open", None),
        "bad signature": calls("/lenient", token[:-4] + "AAAA"),
        "two decorators": calls("/closed", token),
        "one decorator": calls("/merged", token),
    }
    app.config["TOKEN_AUTH_CACHE_SIZE"] = 2
    counted["from the cache"] = calls("/merged", token)

    for case, budget in BUDGET.items():
        added = [one - other for one, other in zip(counted[case], bare, strict=True)]
        assert all(map(int.__le__, added, budget)), (case, added)


def test_nothing_is_prepared_again_once_it_is_warm(
    app, token, token_class, monkeypatch
):
    """For a request, or a new token, no schema is built, no key and no setting read."""
    client = app.test_client()
    header = {"Authorization": f"Bearer {token}"}
    client.get("/closed", headers=header)
    done = []
    for name in (
        "marshmallow.Schema.__init__",
        "jwt.algorithms.HMACAlgorithm.prepare_key",
        "twopi_token_auth.app.state.read_settings",
    ):
        monkeypatch.setattr(name, lambda *_, name=name, **__: done.append(name))

    for _ in range(5):
        assert client.get("/closed", headers=header).status_code == 200
        assert client.get("/closed?token=x").status_code == 401
        token_class("ada").dump()

    assert done == []
    app.config["TOKEN_AUTH_LEEWAY"] = 5
    with pytest.raises(AttributeError):
        token_class("ada").dump()
    assert done == ["twopi_token_auth.app.state.read_settings"]
