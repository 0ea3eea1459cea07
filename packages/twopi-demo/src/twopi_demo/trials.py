"""What Punchcard has to do, tried over HTTP by clients that know nothing else of it."""

from __future__ import annotations

import csv
import sqlite3
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from twopi_demo.client import API, Answer, Client

MONTH = "2025-03"
DAYS = {"from": "2025-03-01", "to": "2025-03-31"}
ENTRY = {"project": 1, "started": "2025-03-03T09:30:00+01:00", "minutes": 61}
PATIENCE = 60.0
"""Seconds that something may take to become true."""


class TrialError(Exception):
    """Punchcard did something else."""


def demand(fact: object, what: object) -> None:
    """Fail, saying *what* is wrong, unless *fact* is true."""
    if not fact:
        raise TrialError(str(what))


def expect(answer: Answer, code: int, **facts: Any) -> Any:
    """Return the body of *answer*, which has to have that status and those facts."""
    demand(answer.status == code, f"expected {code}: {answer}")
    body = answer.json if answer.text else {}
    for name, value in facts.items():
        demand(body.get(name) == value, f"expected {name} {value!r}: {answer}")
    return body


def refuse(answer: Answer, status: int) -> None:
    """Demand an error in the one shape that errors have."""
    errors = (expect(answer, status) or {}).get("_errors")
    demand(isinstance(errors, list) and errors, f"expected _errors: {answer}")


def invalid(answer: Answer, location: str, *names: str) -> None:
    """Demand 422, with messages for each of *names* and for nothing else."""
    fields = expect(answer, 422).get(location, {})
    demand(sorted(fields) == sorted(names), f"expected {names} alone: {answer}")


@dataclass
class Stage:
    """Nobody, two members and a manager; and the database, to know the truth."""

    nobody: Client
    bob: Client
    cyd: Client
    ada: Client
    database: sqlite3.Connection

    def rows(self, sql: str) -> list[Any]:
        """Return what the database says."""
        return self.database.execute(sql).fetchall()


def health(on: Stage) -> None:
    """Health and release."""
    checks = {"broker": "ok", "database": "ok", "workers": "ok"}
    expect(become(on, "/livez"), 200, status="ok")
    for path in ("/readyz", "/healthz"):
        expect(become(on, path), 200, status="ok", checks=checks)
    expect(on.nobody.send("GET", "/release"), 200, release="check")


def become(on: Stage, path: str) -> Answer:
    """Return the answer of *path* as soon as it is 200.

    A check has less than a second, which can be too little on a busy machine.
    """
    deadline = time.monotonic() + PATIENCE
    while (answer := on.nobody.send("GET", path)).status != 200:
        demand(time.monotonic() < deadline, f"not healthy: {answer}")
        time.sleep(0.1)
    return answer


def login(on: Stage) -> None:
    """Log in: wrong password and unknown user alike."""
    answers = []
    for name in ("ada", "nobody"):
        credentials = {"username": name, "password": "wrong"}
        answers.append(on.nobody.send("POST", f"{API}/login", credentials))
        refuse(answers[-1], 401)
    demand(answers[0].text == answers[1].text, f"these differ: {answers}")
    for body in ({}, {"username": "ada"}, "{"):
        refuse(on.nobody.send("POST", f"{API}/login", body), 400)


def identity(on: Stage) -> None:
    """Tokens: who I am, and nobody without one."""
    expect(on.bob.send("GET", f"{API}/me"), 200, username="bob", scopes=["entries"])
    expect(on.ada.send("GET", f"{API}/me"), 200, username="ada", role="manager")
    forger = Client(on.nobody.port)
    forger.token = f"{on.bob.token}x"
    for client in (on.nobody, forger):
        for path in ("me", "sessions", "entries", "projects", "jobs"):
            answer = client.exchange("GET", f"{API}/{path}")
            refuse(answer, 401)
            demand("WWW-Authenticate" in answer.headers, f"no challenge: {answer}")


def projects(on: Stage) -> None:
    """Projects: managers write, members read, money to the cent."""
    project = {"name": "Tide mill", "hourlyRate": "64.5"}
    refuse(on.bob.send("POST", f"{API}/projects", project), 403)
    created = on.ada.send("POST", f"{API}/projects", project)
    expect(created, 201, hourlyRate="64.50")
    refuse(on.ada.send("POST", f"{API}/projects", project), 409)
    bad = {"name": "", "hourlyRate": "64.505"}
    invalid(on.ada.send("POST", f"{API}/projects", bad), "json", "name", "hourlyRate")

    place = created.headers["Location"]
    expect(on.bob.send("GET", place), 200, name="Tide mill")
    project["hourlyRate"] = "70.10"
    refuse(on.bob.send("PUT", place, project), 403)
    expect(on.ada.send("PUT", place, project), 200, hourlyRate="70.10")
    total = len(on.rows("SELECT id FROM projects"))
    expect(on.bob.send("GET", f"{API}/projects"), 200, totalItems=total)
    refuse(on.bob.send("DELETE", place), 403)
    expect(on.ada.send("DELETE", place), 204)
    refuse(on.ada.send("GET", place), 404)


def entries(on: Stage) -> None:
    """Entries: one's own to change, a manager's to see, nobody else's."""
    created = on.bob.send("POST", f"{API}/entries", ENTRY)
    expect(created, 201, started="2025-03-03T08:30:00+00:00", note="")
    refuse(on.ada.send("DELETE", f"{API}/projects/{ENTRY['project']}"), 409)
    place = created.headers["Location"]
    expect(on.bob.send("GET", place), 200, minutes=61)
    expect(on.bob.send("PUT", place, ENTRY | {"minutes": 62}), 200, minutes=62)
    expect(on.ada.send("GET", place), 200, minutes=62)
    for method, body in (("GET", None), ("PUT", ENTRY), ("DELETE", None)):
        refuse(on.cyd.send(method, place, body), 404)
    for method, body in (("PUT", ENTRY), ("DELETE", None)):
        refuse(on.ada.send(method, place, body), 403)
    expect(on.bob.send("DELETE", place), 204)
    refuse(on.bob.send("GET", place), 404)


def bad_input(on: Stage) -> None:
    """Bad input: every field at fault is named, nothing is a 500."""
    bad = {"project": "x", "started": "2025-03-03T09:30:00", "minutes": 0, "note": "\0"}
    answer = on.bob.send("POST", f"{API}/entries", bad)
    invalid(answer, "json", "project", "started", "minutes", "note")
    unknown = ENTRY | {"project": 2**63 - 1}
    invalid(on.bob.send("POST", f"{API}/entries", unknown), "json", "project")
    answer = on.bob.send("GET", f"{API}/entries", project=0, to="9999-12-31")
    invalid(answer, "query", "project", "to")
    demand(on.bob.send("GET", f"{API}/entries", limit=-1).status == 422, "limit=-1")
    expect(on.bob.send("POST", f"{API}/entries", "[" * 100_000), 400)
    refuse(on.bob.send("GET", f"{API}/entries/{10**30}"), 404)


def both_styles(on: Stage) -> None:
    """Plain views and flask-restful resources answer alike."""
    for method, rest, body in (
        ("GET", "?limit=x&offset=0", None),
        ("PATCH", "", None),
        ("POST", "", "{"),
        ("POST", "", "[]"),
    ):
        plain = on.ada.send(method, f"{API}/entries{rest}", body)
        resource = on.ada.send(method, f"{API}/projects{rest}", body)
        alike = plain.status == resource.status and plain.text == resource.text
        demand(alike and plain.status >= 400, f"these differ: {plain}, {resource}")


def pages(on: Stage) -> None:
    """Pages: all of a filter's entries, none twice, in order, by cursor and offset."""
    for client, whose in ((on.ada, "user_id > 0"), (on.bob, "user_id = 2")):
        truth = on.rows(
            f"SELECT id FROM entries WHERE {whose} AND project_id = 1"  # noqa: S608
            " AND strftime('%Y-%m', started) = '2025-03' ORDER BY started DESC, id DESC"
        )
        rows = [row[0] for row in truth]
        query = {"project": 1, **DAYS, "limit": 75}
        seen: list[int] = []
        page = {"items": [None]}
        while page["items"]:
            at = len(seen)
            answer = client.send("GET", f"{API}/entries", **query, offset=at)
            page = expect(answer, 200, totalItems=len(rows), offset=at)
            seen += [entry["id"] for entry in page["items"]]
        demand(seen == rows, f"the pages hold {seen}, the database {rows}")

        answer = client.send("GET", f"{API}/entries", **query)
        seen = [entry["id"] for entry in expect(answer, 200)["items"]]
        while link := answer.links.get("next"):
            answer = client.send("GET", link["url"])
            seen += [entry["id"] for entry in expect(answer, 200)["items"]]
        demand(seen == rows, f"the pages hold {seen}, the database {rows}")
    forged = on.bob.send("GET", f"{API}/entries", cursor="AAAA")
    invalid(forged, "query", "cursor")
    invalid(on.bob.send("GET", f"{API}/entries", sort="note"), "query", "sort")
    longest = on.ada.send("GET", f"{API}/entries", sort="-minutes", limit=1)
    [top] = on.rows("SELECT MAX(minutes) FROM entries")
    demand(expect(longest, 200)["items"][0]["minutes"] == top[0], longest)


def reports(on: Stage) -> None:
    """Reports: computed by the worker, right to the cent, as JSON and as CSV."""
    order = {"project": 1, "month": MONTH}
    refuse(on.bob.send("POST", f"{API}/reports", order), 403)
    unknown = order | {"project": 2**63 - 1}
    invalid(on.ada.send("POST", f"{API}/reports", unknown), "json", "project")
    bad = {"project": 1, "month": "March"}
    invalid(on.ada.send("POST", f"{API}/reports", bad), "json", "month")

    sent = on.ada.send("POST", f"{API}/reports", order)
    number = expect(sent, 202, state="queued")["id"]
    place = sent.headers["Location"]
    deadline = time.monotonic() + PATIENCE
    while (job := expect(on.ada.send("GET", place), 200))["state"] != "done":
        late = job["state"] == "failed" or time.monotonic() > deadline
        demand(not late, f"the job did not get done: {job}")
        time.sleep(0.05)
    count, total = job["progress"]["count"], job["progress"]["total"]
    [(rows, minutes, cents)] = on.rows(BILL)
    demand(count == total == rows, f"{rows} rows: {job}")
    truth = {"minutes": minutes, "total": str(Decimal(cents).scaleb(-2))}
    demand(truth.items() <= job["result"].items(), f"expected {truth}: {job}")

    answer = on.ada.send("GET", f"{API}/reports/{number}.csv")
    demand(answer.headers["Content-Type"].startswith("text/csv"), answer)
    *lines, last = csv.DictReader(answer.text.splitlines())
    amounts = [Decimal(line["amount"]) for line in lines]
    demand(Decimal(last["amount"]) == sum(amounts) == Decimal(truth["total"]), answer)
    jobs = expect(on.ada.send("GET", f"{API}/jobs"), 200)
    demand([each["id"] for each in jobs["items"]] == [number], jobs)
    refuse(on.bob.send("GET", place), 403)
    refuse(on.ada.send("GET", f"{place[:-1]}{'1' if place[-1] == '0' else '0'}"), 404)


BILL = """
    SELECT COALESCE(SUM(rows), 0), COALESCE(SUM(minutes), 0), COALESCE(SUM(cents), 0)
    FROM (
        SELECT COUNT(*) AS rows, SUM(minutes) AS minutes,
            (SUM(minutes) * hourly_rate + 30) / 60 AS cents
        FROM entries JOIN projects ON projects.id = project_id
        WHERE project_id = 1 AND strftime('%Y-%m', started) = '2025-03'
        GROUP BY user_id
    )
"""


def expiry(on: Stage) -> None:
    """Expiry: an old access token is worth nothing, a renewed one works."""
    deadline = time.monotonic() + PATIENCE
    while (answer := on.cyd.exchange("GET", f"{API}/me")).status == 200:
        demand(time.monotonic() < deadline, "the access token does not expire")
        time.sleep(0.1)
    refuse(answer, 401)
    demand("expired" in answer.headers["WWW-Authenticate"], answer.headers)
    expect(on.cyd.renew(), 200)
    expect(on.cyd.send("GET", f"{API}/me"), 200, username="cyd")


def browsers(on: Stage) -> None:
    """Browsers: the client they need is there, and the keys, which are none."""
    keys = on.nobody.send("GET", f"{API}/.well-known/jwks.json")
    expect(keys, 200, keys=[])
    script = on.nobody.send("GET", f"{API}/token-auth.mjs")
    demand(script.status == 200, script)
    demand(script.headers["Content-Type"].startswith("text/javascript"), script.headers)


def sessions(on: Stage) -> None:
    """Sessions: seen, and ended from elsewhere, by nobody but their user."""
    phone, tablet = on.bob.elsewhere(), on.bob.elsewhere()
    place = f"{API}/sessions"
    listed = expect(phone.send("GET", place), 200)["sessions"]
    [current] = [each["id"] for each in listed if each["current"]]
    demand(len(listed) == 3, f"expected three: {listed}")
    refuse(on.cyd.send("DELETE", f"{place}/{current}"), 404)
    expect(on.bob.send("DELETE", f"{place}/{current}"), 200)
    refuse(phone.renew(), 401)
    expect(on.bob.send("DELETE", place, others=1), 200, revoked=1)
    refuse(tablet.renew(), 401)
    expect(on.bob.renew(), 200)


def theft(on: Stage) -> None:
    """Theft: an old refresh token ends its session, for thief and user alike."""
    user = on.bob.elsewhere()
    thief = Client(user.port)
    thief.refresh_token = user.refresh_token
    for _ in range(2):
        expect(user.renew(), 200)
    refuse(thief.renew(), 401)
    refuse(user.renew(), 401)


def logout(on: Stage) -> None:
    """Log out: the session is over, other sessions are not."""
    expect(on.cyd.send("POST", f"{API}/logout"), 200)
    refuse(on.cyd.renew(), 401)
    expect(on.bob.renew(), 200)


TRIALS = (
    health,
    login,
    identity,
    projects,
    entries,
    bad_input,
    both_styles,
    pages,
    reports,
    expiry,
    browsers,
    sessions,
    theft,
    logout,
)
