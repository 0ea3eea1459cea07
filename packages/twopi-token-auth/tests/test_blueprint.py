"""The ready-made views, used as a client of an application uses them."""

import json
import re
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twopi_token_auth import (
    Identity,
    KeyRing,
    MemoryStore,
    SessionToken,
    StoreUnavailableError,
    TokenAuth,
)

SECRET = "thirty-two bytes, enough for all of HS256"
ENDED = {"_errors": ["The session has ended. Please log in again."]}
INVALID = {"_errors": ["The provided token was invalid."]}
MISSING = {"_errors": ["A valid token is required to access this resource"]}


def authenticate(username, password):
    if password != "right":
        return None
    return (
        Identity(username, ["read"], {"tenant": 5}) if username == "ada" else username
    )


class Switchable(MemoryStore):
    """A store that can go down."""

    down = False

    def __getattribute__(self, name):
        if name in {"create", "get", "advance", "revoke", "list"} and self.down:
            raise StoreUnavailableError
        return super().__getattribute__(name)


@pytest.fixture
def store():
    return Switchable()


@pytest.fixture
def make_client(store):
    def make(authenticate=authenticate, **config):
        app = Flask("blueprint")
        app.config.update({"SECRET_KEY": SECRET, **config})
        auth = TokenAuth(app, SessionToken, store=store, authenticate=authenticate)
        app.register_blueprint(auth.blueprint(url_prefix="/auth"))
        client = app.test_client()
        client.auth = auth
        return client

    return make


@pytest.fixture
def client(make_client):
    return make_client()


def log_in(client, username="ada", **more):
    answer = client.post(
        "/auth/login", json={"username": username, "password": "right", **more}
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def renew(client, pair):
    return client.post("/auth/renew", json={"refreshToken": pair["refreshToken"]})


def bearer(pair):
    return {"Authorization": f"Bearer {pair['token']}"}


def session_id(pair):
    return pair["refreshToken"].partition(".")[0]


def check(answer, status, body=None, challenge=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert answer.headers.get("WWW-Authenticate") == challenge
    if body is not None:
        assert answer.json == body
    elif status >= 400:
        assert list(answer.json) == ["_errors"]


NOT_VALID = 'Bearer error="invalid_token", error_description="The token is not valid"'
NOT_RENEWED = (
    'Bearer error="invalid_token", error_description="The refresh token is not valid"'
)


@pytest.mark.parametrize("how", ["json", "data"])
def test_log_in_renew_and_log_out_with_json_and_with_forms(client, how):
    credentials = {"username": "ada", "password": "right", "name": "Phone"}
    answer = client.post("/auth/login", **{how: credentials})
    check(answer, 200)
    assert sorted(answer.json) == ["expiresIn", "refreshToken", "session_id", "token"]
    assert answer.json["expiresIn"] == 900
    first = answer.json

    answer = client.post(
        "/auth/renew", **{how: {"refreshToken": first["refreshToken"]}}
    )
    check(answer, 200)
    assert sorted(answer.json) == ["expiresIn", "refreshToken", "session_id", "token"]
    assert answer.json["refreshToken"] != first["refreshToken"]
    second = {how: {"refreshToken": answer.json["refreshToken"]}}

    check(client.post("/auth/logout", **second), 200, {"status": "success"})
    check(client.post("/auth/logout", **second), 200, {"status": "success"})
    check(client.post("/auth/renew", **second), 401, ENDED, NOT_RENEWED)


def test_the_token_says_who_and_what(client):
    with client.application.app_context():
        token = SessionToken.load(log_in(client)["token"])

        assert (token.user_id, token.scopes) == ("ada", ["read"])
        session = client.auth.sessions.get(token.session_id)
        assert session.data == {"tenant": 5}
        other = SessionToken.load(log_in(client, "bob")["token"])
        assert (other.user_id, other.scopes) == ("bob", [])


def test_the_list_of_sessions_is_paged(client):
    pairs = [log_in(client, name=str(number)) for number in range(5)]
    header = bearer(pairs[0])

    whole = client.get("/auth/sessions", headers=header).json
    assert (whole["limit"], whole["offset"], whole["totalItems"]) == (100, 0, 5)
    pages = [
        client.get(f"/auth/sessions?limit=2&offset={offset}", headers=header).json
        for offset in (0, 2, 4, 6)
    ]
    assert [len(page["sessions"]) for page in pages] == [2, 2, 1, 0]
    assert [each for page in pages for each in page["sessions"]] == whole["sessions"]
    for query in ("limit=0", "limit=101", "limit=x", "offset=-1", "offset=9999999999"):
        check(client.get(f"/auth/sessions?{query}", headers=header), 400)


def test_answers_name_the_session(client):
    pair = log_in(client)
    other = log_in(client, "bob")

    assert pair["session_id"] == pair["refreshToken"].split(".")[0]
    assert other["session_id"] != pair["session_id"]
    for _ in range(2):
        assert renew(client, pair).json["session_id"] == pair["session_id"]


def test_logging_in_with_a_refresh_token_ends_its_session(client):
    first, kept = log_in(client), log_in(client)

    second = log_in(client, refreshToken=first["refreshToken"])

    check(renew(client, first), 401, ENDED, NOT_RENEWED)
    for pair in (second, kept):
        check(renew(client, pair), 200)
    log_in(client, refreshToken="junk")


def test_log_out_can_be_repeated(make_client):
    client = make_client(TOKEN_AUTH_CHECK_REVOCATION=True)
    pair = log_in(client)

    for _ in range(2):  # the first answer may have been lost
        answer = client.post("/auth/logout", headers=bearer(pair))
        check(answer, 200, {"status": "success"})
    body = {"refreshToken": pair["refreshToken"]}
    check(client.post("/auth/logout", json=body), 200, {"status": "success"})


def test_log_out_with_the_short_lived_token(client):
    pair = log_in(client)

    for _ in range(2):
        answer = client.post("/auth/logout", headers=bearer(pair))
        check(answer, 200, {"status": "success"})
    check(renew(client, pair), 401, ENDED, NOT_RENEWED)


def test_log_out_without_a_good_token(client):
    check(client.post("/auth/logout"), 401, MISSING, "Bearer")
    for request in (
        {"json": {"refreshToken": "junk"}},
        {"headers": {"Authorization": "Bearer junk"}},
    ):
        check(client.post("/auth/logout", **request), 401, INVALID, NOT_VALID)


def test_a_wrong_password(client):
    answer = client.post("/auth/login", json={"username": "ada", "password": "x"})

    check(answer, 401, {"_errors": ["Wrong user name or password."]}, "Bearer")


def test_the_realm_is_named(make_client):
    client = make_client(TOKEN_AUTH_REALM="api")
    answer = client.post("/auth/login", json={"username": "ada", "password": "x"})

    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


JUNK = [
    {},
    {"data": b"\xff\xfe", "content_type": "application/json"},
    {"data": b"{", "content_type": "application/json"},
    {"data": b"[" * 100_000, "content_type": "application/json"},
    {"json": []},
    {"json": None},
    {"json": "text"},
    {"json": {}},
    {"data": b"a=%ff", "content_type": "application/x-www-form-urlencoded"},
    {"data": b"x", "content_type": "text/plain"},
]


@pytest.mark.parametrize("request_", JUNK)
def test_a_body_that_cannot_be_read(client, request_):
    check(client.post("/auth/login", **request_), 400)
    check(client.post("/auth/renew", **request_), 400)
    check(client.post("/auth/logout", **request_), 401, MISSING, "Bearer")


@pytest.mark.parametrize("value", [None, 5, True, [], {}, "a\0b", "\ud800", "x" * 1025])
@pytest.mark.parametrize("field", ["username", "password"])
def test_credentials_that_would_break_something(client, field, value):
    body = {"username": "ada", "password": "right", field: value}

    check(client.post("/auth/login", json=body), 400)


@pytest.mark.parametrize("name", [None, 5, [], "\ud800", "x" * 9999, "a\0b"])
def test_any_name_of_a_device_is_fine(client, name):
    pair = log_in(client, name=name)

    [session] = client.get("/auth/sessions", headers=bearer(pair)).json["sessions"]
    assert session["name"] in {None, "x" * 255, "ab"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["refreshToken", "username", "password", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=5,
)


@given(body=JSON, path=st.sampled_from(["login", "renew", "logout"]))
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_a_stranger_sends_is_an_error_of_theirs(client, body, path):
    answer = client.post(f"/auth/{path}", json=body)

    assert answer.status_code in {400, 401}
    assert list(answer.json) == ["_errors"]


def test_every_reason_is_answered_alike(make_client):
    client = make_client(TOKEN_AUTH_REUSE_GRACE=0)
    reused, revoked = log_in(client), log_in(client)
    renew(client, reused)
    client.post("/auth/logout", headers=bearer(revoked))
    altered = {"refreshToken": revoked["refreshToken"][:-1]}

    answers = [renew(client, pair) for pair in (reused, revoked, altered)]

    for answer in answers:
        check(answer, 401, ENDED, NOT_RENEWED)
    assert len({answer.data for answer in answers}) == 1


def test_a_lost_answer_can_be_had_again(client):
    first = log_in(client)

    answers = [renew(client, first).json for _ in range(3)]

    assert len({answer["refreshToken"] for answer in answers}) == 1


def test_without_rotation_there_is_no_new_refresh_token(make_client):
    client = make_client(TOKEN_AUTH_ROTATE=False)
    pair = log_in(client)

    for _ in range(2):
        answer = renew(client, pair)
        check(answer, 200)
        assert sorted(answer.json) == ["expiresIn", "session_id", "token"]


def test_users_see_their_sessions_and_nobody_elses(client):
    log_in(client, "bob")
    first = log_in(client, name="Phone")
    client.environ_base["HTTP_USER_AGENT"] = "Browser/1"
    second = log_in(client)

    answer = client.get("/auth/sessions", headers=bearer(first))

    check(answer, 200)
    newest, oldest = answer.json["sessions"]
    assert (newest["id"], oldest["id"]) == (session_id(second), session_id(first))
    assert (newest["current"], oldest["current"]) == (False, True)
    assert (newest["name"], oldest["name"]) == (None, "Phone")
    assert (newest["userAgent"], newest["ip"]) == ("Browser/1", "127.0.0.1")
    assert newest["createdAt"] == newest["renewedAt"]
    ends = datetime.fromisoformat(newest["expiresAt"])
    assert ends - datetime.fromisoformat(newest["createdAt"]) == timedelta(days=14)
    assert not re.search(r"\.[\w-]{43}", answer.text)


def test_users_end_their_sessions_and_nobody_elses(client):
    bob = log_in(client, "bob")
    here, there, elsewhere = (log_in(client) for _ in range(3))
    header = {"headers": bearer(here)}

    path = f"/auth/sessions/{session_id(there)}"
    check(client.delete(path, **header), 200, {"status": "success"})
    gone = {"_errors": ["There is no such session."]}
    for other in (session_id(there), session_id(bob), "junk", "0" * 32):
        check(client.delete(f"/auth/sessions/{other}", **header), 404, gone)
    check(client.delete("/auth/sessions", **header), 400)
    check(
        client.delete("/auth/sessions?others=1", **header),
        200,
        {"status": "success", "revoked": 1},
    )

    assert renew(client, there).status_code == 401
    assert renew(client, elsewhere).status_code == 401
    assert renew(client, here).status_code == 200
    assert renew(client, bob).status_code == 200


def test_sessions_are_for_those_who_have_one(client):
    pair = log_in(client)
    client.post("/auth/logout", headers=bearer(pair))

    for method, path in (
        ("get", "/auth/sessions"),
        ("delete", "/auth/sessions?others=1"),
        ("delete", f"/auth/sessions/{session_id(pair)}"),
    ):
        call = getattr(client, method)
        check(call(path), 401, MISSING, "Bearer")
        check(call(f"{path}?token={pair['token']}"), 401, MISSING, "Bearer")
        junk = {"Authorization": "Bearer junk"}
        check(call(path, headers=junk), 401, INVALID, NOT_VALID)
        check(call(path, headers=bearer(pair)), 401, INVALID, NOT_VALID)


def test_a_store_that_is_down_lets_nobody_in(client, store):
    pair = log_in(client)
    store.down = True

    answers = [
        client.post("/auth/login", json={"username": "ada", "password": "right"}),
        renew(client, pair),
        client.post("/auth/logout", headers=bearer(pair)),
        client.get("/auth/sessions", headers=bearer(pair)),
        client.delete("/auth/sessions?others=1", headers=bearer(pair)),
    ]

    for answer in answers:
        check(answer, 503, {"_errors": ["Please try again in a moment."]})
        assert answer.headers["Retry-After"] == "1"
    store.down = False
    assert renew(client, pair).status_code == 200


def test_an_own_log_in_view_replaces_the_ready_made_one(make_client):
    client = make_client(authenticate=None)

    @client.application.post("/mine")
    def mine():
        return {"refreshToken": client.auth.sessions.start("ada").refresh_token}

    assert client.post("/auth/login").status_code == 404
    assert renew(client, client.post("/mine").json).status_code == 200


def test_authenticate_may_be_a_coroutine_and_return_a_number_or_false(make_client):
    async def authenticate(username, password):
        return password == "right" and 5

    client = make_client(authenticate)
    answer = client.post("/auth/login", json={"username": "ada", "password": "x"})
    check(answer, 401, challenge="Bearer")

    pair = log_in(client)
    with client.application.app_context():
        assert SessionToken.load(pair["token"]).user_id == "5"


def test_nothing_a_client_sent_is_in_an_answer(client):
    secret = "hunter2-\u00e4"
    for path in ("login", "renew", "logout"):
        body = {"username": secret, "password": secret, "refreshToken": secret}
        answer = client.post(f"/auth/{path}", json=body)
        assert secret not in json.dumps(answer.json, ensure_ascii=False)


def test_the_public_keys_lie_beside_the_views(make_client):
    key = ec.generate_private_key(ec.SECP256R1())
    client = make_client(TOKEN_AUTH_KEYS=KeyRing().add(pem(key)))

    answer = client.get("/auth/.well-known/jwks.json")

    assert answer.content_type == "application/jwk-set+json"
    assert answer.cache_control.max_age == 300
    assert not answer.cache_control.no_store
    grant = client.post("/auth/login", json={"username": "ada", "password": "right"})
    ring = KeyRing.from_jwks(answer.json)
    assert SessionToken.verify(grant.json["token"], ring).user_id == "ada"
    assert make_client().get("/auth/.well-known/jwks.json").json == {"keys": []}


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
