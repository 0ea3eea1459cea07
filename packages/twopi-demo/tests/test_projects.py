import pytest

from twopi_testing import check_crud

API = "/api/v1"
PROJECT = {"name": "Tide mill", "hourlyRate": "64.50"}


def test_a_project_from_its_creation_to_its_end(ada):
    check_crud(
        ada,
        f"{API}/projects",
        PROJECT,
        {"name": "Wind mill", "hourlyRate": "0.01"},
        check_keys=["name", "hourlyRate"],
        keys_from_prev=["id"],
        initial_count=4,
    )


def test_a_name_that_is_taken_is_a_conflict(ada):
    place = ada.post(f"{API}/projects", json=PROJECT).headers["Location"]
    taken = {**PROJECT, "name": "Night train"}

    assert ada.post(f"{API}/projects", json=taken).status_code == 409
    assert ada.put(place, json=taken).status_code == 409


def test_a_project_with_entries_stays_until_the_last_one_is_gone(ada, bob):
    place = ada.post(f"{API}/projects", json=PROJECT).headers["Location"]
    entry = {
        "project": int(place.rpartition("/")[2]),
        "started": "2025-01-01T00:00:00Z",
        "minutes": 1,
    }
    worked = bob.post(f"{API}/entries", json=entry).headers["Location"]

    assert ada.delete(place).status_code == 409
    assert bob.delete(worked).status_code == 204
    assert ada.delete(place).status_code == 204


@pytest.mark.parametrize(
    "rate",
    ["1.234", "-1", "NaN", "Infinity", "1e999999999", "1e-999999", "x", None, []],
)
def test_a_rate_that_is_no_money_is_422(ada, rate):
    answer = ada.post(f"{API}/projects", json={**PROJECT, "hourlyRate": rate})

    assert answer.status_code == 422
    assert answer.json["json"].keys() == {"hourlyRate"}


@pytest.mark.parametrize(
    ("sent", "kept"), [("64.5", "64.50"), (7, "7.00"), ("1E+2", "100.00")]
)
def test_a_rate_comes_back_in_cents(ada, sent, kept):
    place = ada.post(f"{API}/projects", json={**PROJECT, "hourlyRate": sent}).headers[
        "Location"
    ]

    assert ada.get(place).json["hourlyRate"] == kept


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "?limit=x&offset=0", None),
        ("PATCH", "", None),
        ("POST", "", b"{"),
        ("POST", "", b"[]"),
        ("GET", "/x", None),
    ],
)
@pytest.mark.parametrize("testing", [True, False])
def test_resources_and_plain_views_answer_alike(make_app, method, rest, body, testing):
    client = make_app(TESTING=testing).test_client()
    credentials = {"username": "ada", "password": "punchcard"}
    token = client.post(f"{API}/login", json=credentials).json["token"]
    answers = [
        client.open(
            f"{API}/{group}{rest}",
            method=method,
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        for group in ("entries", "projects")
    ]

    assert answers[0].status_code == answers[1].status_code >= 400
    assert answers[0].data == answers[1].data
    assert {*answers[0].headers.keys()} == {*answers[1].headers.keys()}
