"""How the sessions of the Python clients end, and whose they are."""

import httpx
import pytest

from twopi_token_auth.clients import (
    LoginRefusedError,
    OtherSessionError,
    ServerUnavailableError,
    SessionOverError,
)


@pytest.fixture(params=["json", "cookie"])
def server(request, make_server_of):
    return make_server_of(TOKEN_AUTH_TRANSPORT=request.param)


@pytest.fixture
def http(connect, server):
    http = connect(server)
    http.auth.log_in("ada", "right")
    return http


def me(http, **options):
    return http.get(f"{http.origin}/me", **options)


def sessions_of(server, user="ada"):
    with server.app.app_context():
        return list(server.auth.sessions.list(user))


FAILURES = [
    {"status": 503},
    {"status": 403},
    {"status": 404},
    {"status": 200, "response": "<html>", "mimetype": "text/html"},
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: each["status"])
def test_a_failed_log_out_is_tried_again(http, server, failure):
    server.broken["/auth/logout"] = failure
    for _ in range(2):
        with pytest.raises(ServerUnavailableError):
            http.auth.log_out()
    with pytest.raises(SessionOverError):
        me(http)
    assert sessions_of(server)

    server.broken.clear()
    http.auth.log_out()

    assert not sessions_of(server)


def test_a_login_tries_a_failed_log_out_again(http, server):
    server.broken["/auth/logout"] = {"status": 503}
    with pytest.raises(ServerUnavailableError):
        http.auth.log_out()
    with pytest.raises(ServerUnavailableError):
        http.auth.log_in("bob", "right")
    assert not sessions_of(server, "bob")

    server.broken.clear()
    http.auth.log_in("bob", "right")

    assert not sessions_of(server)
    assert me(http).json()["user"] == "bob"


def test_with_a_cookie_the_server_is_always_asked(connect, make_server_of):
    server = make_server_of(TOKEN_AUTH_TRANSPORT="cookie")
    http = connect(server)
    http.auth.log_in("ada", "right")
    http.auth.log_out()
    server.seen.clear()

    http.auth.log_out()
    connect(server, cookie=True).auth.log_out()

    assert [path for path, *_ in server.seen] == ["/auth/logout"] * 2


def test_without_a_session_there_is_nothing_to_end(connect, server):
    connect(server).auth.log_out()

    assert not server.seen


def test_logging_in_again_ends_the_earlier_session(http, server):
    http.auth.log_in("ada", "right", "second")
    http.auth.log_in("ada", "right", "third")

    (session,) = sessions_of(server)
    assert session.name == "third"
    assert me(http).status_code == 200


def test_a_refused_login_leaves_no_session(http, server):
    with pytest.raises(LoginRefusedError):
        http.auth.log_in("ada", "wrong")

    assert not sessions_of(server)
    with pytest.raises(SessionOverError):
        me(http)


def test_two_users_of_one_cookie_jar(http, server, clock):
    ada, bob = http.auth, type(http.auth)(http, server.url, clock=clock)
    bob.log_in("bob", "right")
    assert me(http, auth=ada).json()["user"] == "ada"
    assert me(http, auth=bob).json()["user"] == "bob"

    clock.now += 3600
    if http.cookies:
        with pytest.raises(OtherSessionError, match="a client for each user"):
            me(http, auth=ada)
        with pytest.raises(SessionOverError):
            me(http, auth=ada)
    else:
        assert me(http, auth=ada).json()["user"] == "ada"
    assert me(http, auth=bob).json()["user"] == "bob"


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_a_request_is_not_sent_again_for_another_user(http, server, user):
    server.refuse_tokens()
    send = http.auth._send

    def interrupted(*call):
        http.auth._send = send
        http.auth.log_in(user, "right")
        return send(*call)

    http.auth._send = interrupted
    if user == "ada":
        assert http.post(f"{http.origin}/me", data={"a": "b"}).json()["user"] == "ada"
    else:
        with pytest.raises(OtherSessionError, match="Another user"):
            http.post(f"{http.origin}/me", data={"a": "b"})
    assert me(http).json()["user"] == user


def test_a_cookie_that_is_not_kept_is_told_apart(connect, make_server_of, clock):
    server = make_server_of(
        TOKEN_AUTH_TRANSPORT="cookie", TOKEN_AUTH_COOKIE_DOMAIN="shop.example"
    )
    http = connect(server)
    http.auth.log_in("ada", "right")
    clock.now += 3600

    with pytest.raises(SessionOverError, match="no cookie arrived"):
        me(http)


def test_the_token_alone(http, connect, server, clock):
    token = http.auth.token()
    header = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.origin}/me", headers=header).json()["user"] == "ada"
    assert server.renewals() == 0

    clock.now += 3600
    http.auth.token()
    assert server.renewals() == 1
    with pytest.raises(SessionOverError):
        connect(server).auth.token()
