import re

import pytest
from sqlalchemy import event

from twopi_demo.database import engine_of, session
from twopi_testing import check_crud

API = "/api/v1"
ENTRY = {"project": 1, "started": "2025-03-03T09:30:00+01:00", "minutes": 61}


def parse_link(header):
    """Return the URLs of a Link header by their relation."""
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


def test_an_entry_from_its_creation_to_its_end(bob):
    before = bob.get(f"{API}/entries?offset=0").json["totalItems"]
    other = {"project": 2, "started": "2026-01-01T00:00:00+00:00", "minutes": 1}

    check_crud(
        bob,
        f"{API}/entries",
        {**ENTRY, "started": "2026-01-01T00:00:00+00:00", "note": "a"},
        {**other, "note": "b"},
        check_keys=["project", "started", "minutes", "note"],
        keys_from_prev=["id", "user"],
        initial_count=before,
    )


def test_times_come_back_in_utc(bob):
    created = bob.post(f"{API}/entries", json=ENTRY)

    assert created.json["started"] == "2025-03-03T08:30:00+00:00"
    assert bob.get(created.headers["Location"]).json == created.json


def test_members_see_their_own_entries_and_managers_all(ada, bob):
    mine = bob.get(f"{API}/entries?limit=100&offset=0").json
    everybodys = ada.get(f"{API}/entries?offset=0").json

    assert {entry["user"] for entry in mine["items"]} == {2}
    assert everybodys["totalItems"] == 300
    assert 0 < mine["totalItems"] < 300


def test_both_days_of_a_filter_are_inside_it_in_utc(bob):
    for started in (
        "2030-05-01T23:59:59+00:00",
        "2030-05-02T00:00:00+00:00",
        "2030-05-03T23:59:59.999999+00:00",
        "2030-05-04T01:30:00+02:00",
        "2030-05-04T00:00:00+00:00",
    ):
        sent = bob.post(f"{API}/entries", json={**ENTRY, "started": started})
        assert sent.status_code == 201

    page = bob.get(f"{API}/entries?from=2030-05-02&to=2030-05-03").json

    assert [entry["started"] for entry in page["items"]] == [
        "2030-05-03T23:59:59.999999+00:00",
        "2030-05-03T23:30:00+00:00",
        "2030-05-02T00:00:00+00:00",
    ]


def test_pages_by_cursor_hold_every_entry_once_in_order(ada):
    place, seen = f"{API}/entries?limit=37", []
    while place:
        answer = ada.get(place)
        seen += answer.json["items"]
        place = parse_link(answer.headers["Link"]).get("next")

    keys = [(entry["started"], entry["id"]) for entry in seen]
    assert len(set(keys)) == 300
    assert keys == sorted(keys, reverse=True)


def test_pages_by_cursor_cost_one_statement(app, ada):
    statements = []
    with app.app_context():
        engine = engine_of(session)
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    ada.get(f"{API}/entries?limit=37")

    assert len(statements) == 1


@pytest.mark.parametrize("order", ["minutes", "-minutes", "started"])
def test_entries_in_another_order(ada, order):
    items = ada.get(f"{API}/entries?limit=100&sort={order}").json["items"]

    values = [entry[order.lstrip("-")] for entry in items]
    assert values == sorted(values, reverse=order.startswith("-"))


def test_pages_by_offset_hold_every_entry_once_in_order(ada):
    seen = []
    while items := ada.get(f"{API}/entries?limit=37&offset={len(seen)}").json["items"]:
        seen += items

    keys = [(entry["started"], entry["id"]) for entry in seen]
    assert len(set(keys)) == 300
    assert keys == sorted(keys, reverse=True)


def test_one_answer_names_every_bad_field(bob):
    bad = {"started": "2025-03-03T09:30:00", "minutes": 0, "more": 1}

    answer = bob.post(f"{API}/entries", json=bad)

    assert answer.status_code == 422
    assert answer.json["json"].keys() == {"project", "started", "minutes", "more"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", 2**63 - 1),
        ("project", 2**63),
        ("project", 1.5),
        ("project", -1),
        ("project", None),
        ("minutes", 1441),
        ("minutes", 10**400),
        ("minutes", "1e9"),
        ("started", "9999-12-31T23:59:59-14:00"),
        ("started", "0001-01-01T00:00:00+14:00"),
        ("started", "2025-03-03"),
        ("started", 0),
        ("note", "a\0b"),
        ("note", "x" * 501),
        ("note", []),
    ],
)
def test_a_value_no_database_could_take_is_422(bob, field, value):
    answer = bob.post(f"{API}/entries", json={**ENTRY, field: value})

    assert answer.status_code == 422
    assert answer.json["json"].keys() == {field}


@pytest.mark.parametrize(
    "query",
    [
        "from=9999-12-31",
        "to=9999-12-31",
        "from=x",
        "project=0",
        "project=9223372036854775808",
        "limit=-1",
        "offset=9223372036854775808",
        "offset=%D9%A1",
    ],
)
def test_a_bad_query_is_422(bob, query):
    assert bob.get(f"{API}/entries?{query}").status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("group", ["entries", "projects"])
@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**100, "x", -1, "1%00"])
def test_what_is_not_there_is_404_by_any_method(ada, group, number, method):
    bodies = {"entries": ENTRY, "projects": {"name": "Quay", "hourlyRate": "1"}}

    answer = ada.open(f"{API}/{group}/{number}", method=method, json=bodies[group])

    assert answer.status_code == 404
    assert answer.json.keys() == {"_errors"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_number_that_no_row_can_have_is_404_without_a_token_too(app, method):
    place = f"{API}/entries/{2**63}"

    assert app.test_client().open(place, method=method).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"[" * 100_000, b"\xff", rb'"\ud800"']
)
def test_a_body_that_is_no_object_is_refused(bob, body):
    answer = bob.post(f"{API}/entries", data=body, content_type="application/json")

    assert answer.status_code in {400, 422}
    assert answer.is_json


def test_a_project_that_goes_meanwhile_is_422_in_a_change_too(ada, bob):
    project = {"name": "Short", "hourlyRate": "1"}
    gone = ada.post(f"{API}/projects", json=project).json["id"]
    place = bob.post(f"{API}/entries", json=ENTRY).headers["Location"]
    assert ada.delete(f"{API}/projects/{gone}").status_code == 204

    answer = bob.put(place, json={**ENTRY, "project": gone})

    assert answer.status_code == 422
    assert answer.json == {"json": {"project": ["No such project."]}}
    assert bob.get(place).json["project"] == ENTRY["project"]
