"""What the notes have to do, tried as a client does."""

import pytest
from notes import create_app

from twopi_testing import ApiClient, assert_json, assert_status


@pytest.fixture
def api(tmp_path, monkeypatch):
    """A client of an application with an empty database."""
    monkeypatch.setenv("SECRET_KEY", "only for tests, and long enough for them")
    return ApiClient.of(create_app(f"sqlite:///{tmp_path}/notes.sqlite"))


@pytest.fixture
def log_in(api):
    """Log somebody in, and return a client that speaks as them."""

    def log_in(username, password):
        answer = api.post("/login", json={"username": username, "password": password})
        assert_status(answer, 200)
        return api.as_(answer.json["token"])

    return log_in


def test_nobody_reads_without_a_token(api):
    assert_status(api.get("/notes"), 401)


def test_a_wrong_password(api):
    answer = api.post("/login", json={"username": "ada", "password": "ross"})

    assert_status(answer, 401)
    assert_json(answer, {"_errors": ["Wrong user name or password."]})


def test_a_note_is_checked(log_in):
    answer = log_in("ada", "lace").post("/notes", json={"text": ""})

    assert_status(answer, 422)
    assert_json(answer, {"json": {"text": ["Length must be between 1 and 200."]}})


def test_one_s_own_notes_page_by_page(log_in):
    ada, bob = log_in("ada", "lace"), log_in("bob", "ross")
    assert_status(bob.post("/notes", json={"text": "secret"}), 201)
    for number in range(5):
        assert_status(ada.post("/notes", json={"text": f"note {number}"}), 201)

    first = ada.get("/notes?limit=3")
    rest = ada.get(f"/notes?limit=3&cursor={first.json['next']}")

    assert_json(first, {"items": [{"text": f"note {number}"} for number in (4, 3, 2)]})
    assert_json(rest, {"items": [{"text": "note 1"}, {"text": "note 0"}], "next": None})
