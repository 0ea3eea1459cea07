"""What a protected view costs, in calls, which unlike times are the same every time."""

import sys
from collections import Counter

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

# How many calls, of Python and C functions together, a request may cost more than the
# same request to a view without decorators. Measured with the oldest and the newest
# dependencies on Python 3.11, 3.12 and 3.13: 26, 79-89 and 124-130.
BUDGET = {"no token": 30, "bad signature": 90, "good token": 140}


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
        return counted["call"] + counted["c_call"]

    return calls


@pytest.fixture
def token(context, token_class, clock):
    return token_class("ada", ["read", "write"], expiry=clock.date(900)).dump()


def test_a_protected_view_stays_in_its_budget(calls, token):
    bare = calls("/bare", token)
    added = {
        "no token": calls("/open", None) - bare,
        "bad signature": calls("/open", token[:-4] + "AAAA") - bare,
        "good token": calls("/closed", token) - bare,
    }

    assert all(0 < added[case] <= BUDGET[case] for case in BUDGET), added


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
        "twopi_token_auth.extension.read_settings",
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
    assert done == ["twopi_token_auth.extension.read_settings"]
