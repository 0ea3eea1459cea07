"""What both synchronous clients do, against a real server."""

import io
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import MozillaCookieJar

import httpx
import pytest
import requests
from flask import request

from twopi_token_auth.clients import (
    ClientError,
    LoginRefusedError,
    ServerUnavailableError,
    SessionOverError,
    Tokens,
)
from twopi_token_auth.clients.requests import SessionAuth as RequestsAuth


@pytest.fixture
def http(connect, server):
    http = connect(server)
    http.auth.log_in("ada", "right")
    return http


def me(http):
    return http.get(f"{http.origin}/me")


def test_a_request_carries_the_token(http, server):
    assert me(http).json()["user"] == "ada"
    assert server.renewals() == 0


def test_nobody_is_logged_in_at_first(connect, server):
    with pytest.raises(SessionOverError, match="log in"):
        me(connect(server))

    assert not server.seen


def test_a_wrong_password_is_told_apart(connect, server):
    http = connect(server)

    with pytest.raises(LoginRefusedError, match=r"^Wrong user name or password\.$"):
        http.auth.log_in("ada", "wrong")


def test_the_session_has_the_name_of_the_client(connect, server):
    http = connect(server)
    http.auth.log_in("ada", "right", "nightly job")

    (session,) = http.get(f"{server.url}/sessions").json()["sessions"]
    assert session["name"] == "nightly job"


def test_a_token_is_renewed_before_its_end(http, server, clock):
    clock.now += 29.9
    me(http)
    assert server.renewals() == 0

    clock.now += 0.2  # 30 s before the end
    assert me(http).status_code == 200
    assert server.renewals() == 1
    assert not [call for call in server.calls if call[2] == 401]


def test_a_short_token_is_not_renewed_all_the_time(connect, make_server_of, clock):
    http = connect(make_server_of(), margin=3600)
    http.auth.log_in("ada", "right")
    for _ in range(10):
        clock.now += 2.9
        me(http)

    http.get(f"{http.origin}/me")
    assert clock.now == pytest.approx(1029)


def test_a_refused_token_is_renewed_once(http, server):
    server.refuse_tokens()

    assert me(http).json()["user"] == "ada"
    assert server.renewals() == 1
    assert server.calls["GET", "/me", 401] == 1


def test_a_token_that_is_refused_again_is_the_answer(http, server):
    server.broken["/me"] = {
        "status": 401,
        "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    }

    assert me(http).status_code == 401
    assert server.calls["GET", "/me", 401] == 2
    assert server.renewals() == 1


def test_what_a_renewal_cannot_help_is_the_answer(http, server):
    answer = http.get(f"{server.origin}/step-up")

    assert answer.status_code == 401
    assert "insufficient_user_authentication" in answer.headers["WWW-Authenticate"]
    assert http.get(f"{server.origin}/open?status=403").status_code == 403
    assert server.renewals() == 0


@pytest.mark.parametrize("refuse", [True, False])
def test_of_many_threads_one_renews(http, server, clock, refuse):
    if refuse:
        server.refuse_tokens()
    else:
        clock.now += 3600
    barrier = threading.Barrier(16)

    def work(_):
        barrier.wait()
        return me(http).status_code

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [200] * 16

    assert server.renewals() == 1


def test_refused_answers_leave_a_connection_for_the_renewal(connect, server):
    http = connect(server)
    if isinstance(http, httpx.Client):
        limits = httpx.Limits(max_connections=2)
        http._transport = httpx.HTTPTransport(limits=limits)
    else:
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=2, pool_block=True)
        http.mount("http://", adapter)
    http.auth.log_in("ada", "right")
    server.refuse_tokens()

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(me, http) for _ in range(6)]
        assert {future.result(20).status_code for future in waiting} == {200}
    assert server.renewals() == 1


def test_a_session_that_ended_is_over(connect, server):
    saved = []
    http = connect(server, save=saved.append)
    http.auth.log_in("ada", "right")
    server.end_sessions()
    server.refuse_tokens()

    for _ in range(2):
        with pytest.raises(SessionOverError):
            me(http)

    assert server.renewals() == 1
    assert saved[1:] == [None]
    http.auth.log_in("ada", "right")
    assert me(http).status_code == 200


def test_all_threads_hear_that_the_session_is_over(http, server, clock):
    server.end_sessions()
    clock.now += 3600
    barrier = threading.Barrier(8)

    def work(_):
        barrier.wait()
        with pytest.raises(SessionOverError):
            me(http)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert server.renewals() == 1


def test_a_server_that_is_down_does_not_end_the_session(http, server, clock):
    clock.now += 3600
    server.broken["/auth/renew"] = {"status": 503, "headers": {"Retry-After": "7"}}

    with pytest.raises(ServerUnavailableError) as caught:
        me(http)

    assert caught.value.retry_after == 7
    assert isinstance(caught.value, ClientError)
    server.broken.clear()
    assert me(http).status_code == 200


def test_a_token_is_used_to_its_end_while_the_server_is_down(http, server, clock):
    clock.now += 45
    server.broken["/auth/renew"] = {"status": 503, "headers": {"Retry-After": "7"}}
    for _ in range(3):
        assert me(http).status_code == 200
    assert server.renewals() == 1

    clock.now += 7
    me(http)
    assert server.renewals() == 2
    clock.now += 8
    with pytest.raises(ServerUnavailableError):
        me(http)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 500, "response": "<h1>"},
        {"status": 429, "headers": {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}},
        {"status": 429, "headers": {"Retry-After": "9" * 5000}},
        {"status": 307, "headers": {"Location": "/open"}},
        {"status": 200, "response": "no JSON"},
        {"status": 200, "response": "[]"},
        {"status": 200, "response": '{"token": 5}'},
        {"status": 200, "response": "[" * 100_000},
    ],
)
def test_an_odd_answer_says_nothing_about_the_session(http, server, clock, answer):
    clock.now += 3600
    server.broken["/auth/renew"] = answer

    with pytest.raises(ServerUnavailableError, match=f"with {answer['status']}"):
        me(http)

    server.broken.clear()
    assert me(http).status_code == 200


def test_an_odd_lifetime_means_until_it_is_refused(connect, server, clock):
    body = {"token": "x", "refreshToken": "y", "expiresIn": "soon"}
    server.broken["/auth/login"] = {"status": 200, "response": json.dumps(body)}
    http = connect(server)
    http.auth.log_in("ada", "right")
    clock.now += 1e9

    assert http.get(f"{http.origin}/open").json() == {"authorization": "Bearer x"}
    assert server.renewals() == 0


def test_a_token_that_ends_at_once_is_used_once(connect, make_server_of):
    server = make_server_of()

    @server.app.after_request
    def end_at_once(answer):
        if request.path.startswith("/auth/"):
            answer.set_data(json.dumps({**answer.get_json(), "expiresIn": 0}))
        return answer

    http = connect(server)
    http.auth.log_in("ada", "right")

    answer = http.get(f"{http.origin}/open")

    assert answer.json()["authorization"].startswith("Bearer ")
    assert server.renewals() == 1


def test_nobody_listens(connect, server, clock):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    http = connect(server)
    http.auth.__init__(http, f"http://127.0.0.1:{port}", clock=clock)

    with pytest.raises(ServerUnavailableError, match="cannot be reached"):
        http.auth.log_in("ada", "right")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_redirect_does_not_take_the_token_elsewhere(
    http, server, stranger, method, status
):
    url = f"{server.origin}/away?status={status}&to={stranger.origin}/open"

    answer = getattr(http, method)(url)

    assert answer.json() == {"authorization": None}
    assert [path for path, *_ in stranger.seen] == ["/open"]


def test_a_redirect_within_the_origin_keeps_the_token(http, server):
    answer = http.get(f"{server.origin}/away?to=/open")

    assert answer.json()["authorization"].startswith("Bearer ")


def test_a_redirect_is_followed_again_only_from_where_it_was_refused(http, server):
    server.refuse_tokens()

    answer = http.post(f"{server.origin}/away?status=303&to=/me", data={"a": "b"})

    assert answer.json()["user"] == "ada"
    assert server.calls["POST", "/away", 303] == 1
    assert server.calls["GET", "/me", 401] == server.calls["GET", "/me", 200] == 1


def test_a_stranger_gets_no_token_and_causes_no_renewal(http, server, stranger):
    for url in (
        f"{stranger.origin}/open?status=401",
        f"{server.origin}/away?to={stranger.origin}/me",
        f"{server.origin.replace('127.0.0.1', 'localhost')}/open",
        f"{server.origin.replace('http://', 'http://ada:x@')}/away?to={stranger.origin}/",
    ):
        http.get(url)

    headers = [str(headers) for _, headers, _ in stranger.seen]
    assert headers
    assert not any("Bearer" in each for each in headers)
    assert not any(
        "Bearer" in str(headers) and "localhost" in headers["Host"]
        for _, headers, _ in server.seen
    )
    assert server.renewals() == 0


def test_a_renewal_follows_no_redirect(http, server, stranger, clock):
    clock.now += 3600
    server.broken["/auth/renew"] = {
        "status": 307,
        "headers": {"Location": f"{stranger.url}/renew"},
    }

    with pytest.raises(ServerUnavailableError):
        me(http)

    assert not stranger.seen


def test_further_origins_can_be_trusted(connect, server, make_server_of):
    other = make_server_of()
    http = connect(server, origins=[other.origin])
    http.auth.log_in("ada", "right")

    assert me(http).status_code == 200
    assert http.get(f"{other.origin}/me").json()["user"] == "ada"


@pytest.mark.parametrize(
    "url",
    ["/auth", "shop.example", "ftp://shop.example", "https://", "https://a:b@shop", ""],
)
def test_a_url_has_to_be_whole(connect, server, url):
    http = connect(server)

    with pytest.raises(ValueError, match="absolute"):
        type(http.auth)(http, url)
    with pytest.raises(ValueError, match="absolute"):
        type(http.auth)(http, server.url, origins=[url])


def test_a_body_is_sent_again(http, server):
    server.refuse_tokens()

    answer = http.post(f"{server.origin}/me", data={"text": "x" * 50})

    assert answer.json()["body"] == "text=" + "x" * 50
    assert server.calls["POST", "/me", 401] == server.calls["POST", "/me", 200] == 1


def stream(kind):
    pieces = [b"a", b"b", b"c"]
    return io.BytesIO(b"abc") if kind == "file" else (piece for piece in pieces)


def test_a_form_with_files_is_sent_again(http, server, tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes(b"x" * 5000)
    with path.open("rb") as file:
        for content in (b"x" * 5000, io.BytesIO(b"x" * 5000), file):
            server.refuse_tokens()
            form = {"files": {"report": content}, "data": {"a": "b"}}
            answer = http.post(f"{server.origin}/me", **form)
            assert answer.status_code == 200
            assert "x" * 5000 in answer.json()["body"]


class Pipe(io.BytesIO):
    """Can be read once."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


def test_a_form_with_a_pipe_is_not_sent_again(http, server):
    if isinstance(http, requests.Session):
        pytest.skip("Requests reads all files before it sends them")
    server.refuse_tokens()

    answer = http.post(f"{server.origin}/me", files={"report": Pipe(b"x" * 5000)})

    assert answer.status_code == 401
    assert server.calls["POST", "/me", 401] == 1


def test_saving_must_not_be_asynchronous(connect, server):
    async def save(tokens):
        raise AssertionError

    with pytest.raises(TypeError, match="AsyncSessionAuth"):
        connect(server, save=save)

    def begin_to_save(tokens):
        return save(tokens)

    http = connect(server, save=begin_to_save)
    with pytest.raises(TypeError, match="AsyncSessionAuth"):
        http.auth.log_in("ada", "right")


@pytest.mark.parametrize("kind", ["file", "generator"])
def test_a_stream_is_not_sent_again(http, server, kind):
    keyword = "content" if isinstance(http, httpx.Client) else "data"
    server.refuse_tokens()

    answer = http.post(f"{server.origin}/me", **{keyword: stream(kind)})
    assert answer.status_code == 401
    assert server.calls["POST", "/me", 401] == 1

    answer = http.post(f"{server.origin}/me", **{keyword: stream(kind)})
    assert answer.status_code == 200
    assert server.renewals() == 1


def test_tokens_are_saved_for_the_next_process(connect, server, clock):
    saved = []
    http = connect(server, save=saved.append)
    http.auth.log_in("ada", "right")
    clock.now += 3600
    me(http)

    assert [type(tokens) for tokens in saved] == [Tokens, Tokens]
    assert saved[0].refresh_token != saved[1].refresh_token
    assert saved[1].expires_in == 60
    assert saved[1].token not in repr(saved)
    assert saved[1].refresh_token not in repr(saved)

    later = connect(server, refresh_token=saved[1].refresh_token, save=saved.append)
    assert me(later).status_code == 200
    assert len(saved) == 3
    assert me(connect(server, token=saved[2].token)).status_code == 200


def test_a_refresh_token_that_is_not_replaced_is_kept(connect, make_server_of, clock):
    saved = []
    http = connect(make_server_of(TOKEN_AUTH_ROTATE=False), save=saved.append)
    http.auth.log_in("ada", "right")
    for _ in range(2):
        clock.now += 3600
        assert me(http).status_code == 200

    assert len({tokens.refresh_token for tokens in saved}) == 1
    assert saved[0].refresh_token


def test_a_failure_to_save_loses_no_session(connect, server, clock):
    def fail(tokens):
        raise OSError("disk full")

    saved = []
    http = connect(server, save=saved.append)
    http.auth.log_in("ada", "right")
    http.auth._session._save = fail
    clock.now += 3600

    with pytest.raises(OSError, match="disk full"):
        me(http)

    assert me(http).status_code == 200
    assert server.renewals() == 1


def test_log_out(connect, server):
    saved = []
    http = connect(server, save=saved.append)
    http.auth.log_in("ada", "right")
    http.auth.log_out()

    assert server.calls["POST", "/auth/logout", 200] == 1
    assert saved[1:] == [None]
    with pytest.raises(SessionOverError):
        me(http)
    late = connect(server, refresh_token=saved[0].refresh_token)
    with pytest.raises(SessionOverError):
        me(late)
    http.auth.log_out()
    assert server.calls["POST", "/auth/logout", 200] == 1


def test_log_out_forgets_even_if_the_server_is_down(http, server):
    server.broken["/auth/logout"] = {"status": 503}

    with pytest.raises(ServerUnavailableError):
        http.auth.log_out()
    with pytest.raises(SessionOverError):
        me(http)


def test_a_renewal_under_way_does_not_undo_a_log_out(http, server, clock):
    clock.now += 3600
    server.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(me, http)
        assert server.renewing.wait(5)
        http.auth.log_out()
        server.gate.set()
        with pytest.raises(SessionOverError):
            waiting.result()

    with pytest.raises(SessionOverError):
        me(http)


def test_the_cookie_keeps_the_refresh_token(connect, make_server_of, clock):
    server = make_server_of(TOKEN_AUTH_TRANSPORT="cookie")
    saved = []
    http = connect(server, save=saved.append)
    http.auth.log_in("ada", "right")
    clock.now += 3600

    assert me(http).status_code == 200
    assert server.renewals() == 1
    assert [tokens.refresh_token for tokens in saved] == [None, None]

    later = connect(server, cookie=True)
    later.cookies.update(http.cookies)
    assert me(later).status_code == 200

    later.auth.log_out()
    assert not list(later.cookies)
    clock.now += 3600
    with pytest.raises(SessionOverError):
        me(http)
    with pytest.raises(SessionOverError):
        me(connect(server, cookie=True))


def test_hooks_that_raise_do_not_get_in_the_way(http, server, clock):
    raising = {"response": [lambda response, **_: response.raise_for_status()]}
    if isinstance(http, httpx.Client):
        http.event_hooks = raising
    else:
        http.hooks = raising
    clock.now += 3600
    server.end_sessions()

    with pytest.raises(SessionOverError):
        me(http)


def test_a_cookie_jar_on_disk_works_too(tmp_path, make_server_of):
    server = make_server_of(TOKEN_AUTH_TRANSPORT="cookie")
    http = requests.Session()
    http.cookies = MozillaCookieJar(tmp_path / "cookies")
    http.auth = RequestsAuth(http, server.url)
    http.auth.log_in("ada", "right")
    http.cookies.save()

    again = requests.Session()
    again.cookies = MozillaCookieJar(tmp_path / "cookies")
    again.cookies.load()
    again.auth = RequestsAuth(again, server.url, cookie=True)
    assert again.get(f"{server.origin}/me").status_code == 200
    http.close()
    again.close()
