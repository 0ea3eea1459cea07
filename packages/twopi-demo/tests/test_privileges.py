"""Who may do what: one table of all routes; a route that is not in it is a failure."""

import itertools

import pytest

from twopi_demo import seed
from twopi_testing import ApiClient, privilege_matrix

API = "/api/v1"
ONE = "<id:{}>"
ENTRY = {"project": 1, "started": "2025-03-03T09:30:00+01:00", "minutes": 61}


def row(nobody, bob, cyd, ada):
    """Return what nobody, the member bob, the member cyd and the manager ada get."""
    return {"nobody": nobody, "bob": bob, "cyd": cyd, "ada": ada}


ANYBODY = row(200, 200, 200, 200)
USERS = row(401, 200, 200, 200)
MANAGERS = row(401, 403, 403, 200)


@pytest.fixture
def log_in_again(app):
    """Return what logs somebody in and returns their tokens."""

    def log_in_again(username):
        body = {"username": username, "password": seed.PASSWORD}
        return app.test_client().post(f"{API}/login", json=body).json

    return log_in_again


def test_who_may_do_what(app, log_in_again):
    """Entries, projects and jobs are bob's, or the manager's, and new in every cell."""
    tokens = {name: log_in_again(name)["token"] for name in ("bob", "cyd", "ada")}
    bob, ada = (ApiClient.of(app).as_(tokens[name]) for name in ("bob", "ada"))
    numbers = itertools.count()

    def project():
        return {"name": f"Mill {next(numbers)}", "hourlyRate": "64.50"}

    def refresh_token():
        return {"refreshToken": log_in_again("bob")["refreshToken"]}

    report = {"project": 1, "month": "2025-03"}
    entries, projects, sessions = (
        f"{API}/{name}" for name in ("entries", "projects", "sessions")
    )
    entry = f"{entries}/{ONE.format('entry_id')}"
    one_project = f"{projects}/{ONE.format('project_id')}"
    privilege_matrix(
        app,
        {
            "GET /livez": ANYBODY,
            "GET /readyz": row(503, 503, 503, 503),  # there is no worker here
            "GET /healthz": row(503, 503, 503, 503),
            "GET /release": ANYBODY,
            f"GET {API}/token-auth.mjs": ANYBODY,
            f"GET {API}/.well-known/jwks.json": ANYBODY,
            f"POST {API}/login": ANYBODY,
            f"POST {API}/renew": ANYBODY,
            f"POST {API}/logout": ANYBODY,
            f"GET {API}/me": USERS,
            f"GET {sessions}": USERS,
            f"DELETE {sessions}": row(401, 400, 400, 400),  # it lacks ?others=1
            f"DELETE {sessions}/<session_id>": row(401, 200, 404, 404),
            f"GET {entries}": USERS,
            f"POST {entries}": row(401, 201, 201, 201),
            f"GET {entry}": row(401, 200, 404, 200),
            f"PUT {entry}": row(401, 200, 404, 403),
            f"DELETE {entry}": row(401, 204, 404, 403),
            f"GET {projects}": USERS,
            f"POST {projects}": row(401, 403, 403, 201),
            f"GET {one_project}": USERS,
            f"PUT {one_project}": MANAGERS,
            f"DELETE {one_project}": row(401, 403, 403, 204),
            f"POST {API}/reports": row(401, 403, 403, 202),
            f"GET {API}/jobs": MANAGERS,
            f"GET {API}/jobs/<uuid:job_id>": MANAGERS,
            f"GET {API}/reports/<uuid:job_id>.csv": MANAGERS,
        },
        roles={"nobody": None, **tokens},
        values={
            "entry_id": lambda: bob.post(entries, json=ENTRY).json["id"],
            "project_id": lambda: ada.post(projects, json=project()).json["id"],
            "job_id": lambda: ada.post(f"{API}/reports", json=report).json["id"],
            "session_id": lambda: session_of(app, log_in_again("bob")["token"]),
        },
        data={
            f"POST {API}/login": {"username": "bob", "password": seed.PASSWORD},
            f"POST {API}/renew": refresh_token,
            f"POST {API}/logout": refresh_token,
            f"POST {entries}": ENTRY,
            f"PUT {entry}": ENTRY,
            f"POST {projects}": project,
            f"PUT {one_project}": project,
            f"POST {API}/reports": report,
        },
    ).check()


def session_of(app, token):
    """Return the session that a token belongs to."""
    listed = ApiClient.of(app).as_(token).get(f"{API}/sessions").json["sessions"]
    return next(each["id"] for each in listed if each["current"])
