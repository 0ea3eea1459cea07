"""Who a user is, and what they may do, is asked again at each renewal."""

from dataclasses import replace

import pytest

from twopi_token_auth import (
    Identity,
    MemoryStore,
    SessionError,
    SessionToken,
    TokenAuth,
    parse_auth_header,
    scopes_required,
)
from twopi_token_auth.signals import logged_out, refresh_rejected, renewed

ADA = {"username": "ada", "password": "right"}


class Accounts:
    """The users of an application, some of whom change."""

    def __init__(self):
        self.scopes = {"ada": ["admin"], "bob": []}
        self.asked = []
        self.down = False

    def authenticate(self, name, password):
        return self.identify_name(name)

    def identify(self, session):
        self.asked.append(session.user_id)
        if self.down:
            raise ConnectionError
        return self.identify_name(session.user_id)

    def identify_name(self, name):
        if name not in self.scopes:
            return None
        return Identity(name, self.scopes[name], {"scopes": len(self.scopes[name])})


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def auth(app, accounts):
    auth = TokenAuth(
        app,
        store=MemoryStore(),
        authenticate=accounts.authenticate,
        identify=accounts.identify,
    )
    app.register_blueprint(auth.blueprint())

    @app.get("/admin")
    @parse_auth_header(SessionToken)
    @scopes_required("admin")
    def admin():
        return "in"

    return auth


def enter(client, pair):
    header = {"Authorization": f"Bearer {pair['token']}"}
    return client.get("/admin", headers=header).status_code


def test_a_renewed_token_has_the_scopes_of_today(app, auth, accounts):
    client = app.test_client()
    pair = client.post("/login", json=ADA).json
    assert enter(client, pair) == 200

    accounts.scopes["ada"] = []
    assert enter(client, pair) == 200  # until the token expires; nothing is asked
    assert accounts.asked == []
    pair = client.post("/renew", json=pair).json
    assert enter(client, pair) == 403
    accounts.scopes["ada"] = ["admin"]
    assert enter(client, client.post("/renew", json=pair).json) == 200
    assert accounts.asked == ["ada", "ada"]


def test_the_session_of_a_deleted_user_ends(app, auth, accounts):
    client = app.test_client()
    pair = client.post("/login", json=ADA).json
    ended, refused = [], []

    def note_end(sender, session_ids):
        ended.extend(session_ids)

    def note_refusal(sender, code, session_id, user_id):
        refused.append((code, user_id))

    del accounts.scopes["ada"]
    with logged_out.connected_to(note_end), refresh_rejected.connected_to(note_refusal):
        for _ in range(2):
            answer = client.post("/renew", json=pair)
            assert answer.status_code == 401
            assert answer.json["_errors"]

    assert len(ended) == 1
    assert refused == [("user", "ada"), ("revoked", "ada")]
    accounts.scopes["ada"] = []
    assert client.post("/renew", json=pair).status_code == 401


@pytest.mark.parametrize("later", [31, 3600])
def test_a_renewal_that_could_not_ask_can_be_repeated(
    auth, context, accounts, clock, later
):
    """An outage of the user database uses no refresh token up."""
    grant = auth.sessions.start("ada")
    accounts.down = True
    with pytest.raises(ConnectionError):
        auth.sessions.renew(grant.refresh_token)

    accounts.down = False
    clock.now += later
    assert auth.sessions.renew(grant.refresh_token).session.scopes == ("admin",)


def test_the_answer_is_the_same_within_the_grace_period(auth, context, accounts):
    grant = auth.sessions.start("ada")
    seen = []

    def note(sender, session, repeated):
        seen.append((session.scopes, session.data, repeated))

    with renewed.connected_to(note):
        one = auth.sessions.renew(grant.refresh_token)
        accounts.scopes["ada"] = ["read"]
        two = auth.sessions.renew(grant.refresh_token)

    assert one.refresh_token == two.refresh_token
    assert seen == [
        (("admin",), {"scopes": 1}, False),
        (("read",), {"scopes": 1}, True),
    ]


@pytest.mark.parametrize(
    ("found", "scopes"),
    [("ada", ()), (True, ("admin",)), (Identity("ada", ["x"]), ("x",))],
)
def test_what_identify_may_return(app, context, found, scopes):
    auth = TokenAuth(app, store=MemoryStore(), identify=lambda session: found)
    grant = auth.sessions.start("ada", ["admin"])

    assert auth.sessions.renew(grant.refresh_token).session.scopes == scopes


@pytest.mark.parametrize("found", [None, False])
def test_what_ends_a_session(app, context, found):
    auth = TokenAuth(app, store=MemoryStore(), identify=lambda session: found)
    grant = auth.sessions.start("ada")

    with pytest.raises(SessionError, match="user"):
        auth.sessions.renew(grant.refresh_token)
    assert auth.sessions.get(grant.session.id) is None


def test_identify_cannot_turn_a_session_into_that_of_another_user(app, context):
    auth = TokenAuth(app, store=MemoryStore(), identify=lambda session: "bob")
    grant = auth.sessions.start("ada")

    with pytest.raises(ValueError, match="another user"):
        auth.sessions.renew(grant.refresh_token)


def test_identify_may_be_a_coroutine(app, context):
    async def identify(session):
        return Identity(session.user_id, ["async"])

    auth = TokenAuth(app, store=MemoryStore(), identify=identify)
    grant = auth.sessions.start("ada")

    assert auth.sessions.renew(grant.refresh_token).session.scopes == ("async",)


def test_nobody_is_asked_for_a_token_that_is_not_genuine(app, context, auth, accounts):
    grant = auth.sessions.start("ada")
    forged = grant.refresh_token[:-1] + ("A" if grant.refresh_token[-1] != "A" else "B")

    for bad in (forged, "x", ""):
        with pytest.raises(SessionError):
            auth.sessions.renew(bad)
    auth.sessions.store.revoke(grant.session.id, grant.session.created_at)
    with pytest.raises(SessionError, match="revoked"):
        auth.sessions.renew(grant.refresh_token)
    assert accounts.asked == []
    assert auth.sessions.start("ada").session == replace(
        auth.sessions.list("ada")[0], scopes=()
    )
