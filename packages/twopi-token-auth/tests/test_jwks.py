"""Keys that are published, and keys fetched from where others publish theirs."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from twopi_token_auth import (
    ConfigurationError,
    KeyRing,
    KeysUnavailableError,
    RemoteKeys,
    TokenError,
    auth_required,
    init_app,
    jwks_view,
    parse_auth_header,
)
from twopi_token_auth.jose.jwk import generate, private_jwk, public_jwk


class Issuer:
    """Somebody else who signs tokens and publishes keys, on a real socket."""

    def __init__(self):
        self.requests = Counter()
        self.status, self.headers, self.body = 200, {}, None
        self.gate = None
        self.asked = threading.Semaphore(0)
        self.keys = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests[self.path] += 1
                issuer.asked.release()
                if issuer.gate:
                    issuer.gate.wait(10)
                body = issuer.body if issuer.body is not None else issuer.jwks()
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # somebody hung up
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.01])
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def jwks(self):
        keys = [
            public_jwk(key.public_key(), "ES256", kid) for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    def add(self, kid):
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def token(self, kid, **claims):
        return jwt.encode(claims, self.keys[kid], "ES256", {"kid": kid})

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def issuer():
    issuer = Issuer()
    issuer.add("1")
    yield issuer
    issuer.close()


@pytest.fixture
def remote(issuer, clock):
    return RemoteKeys(issuer.url, clock=clock)


def code_of(token_class, token, keys):
    with pytest.raises(TokenError) as caught:
        token_class.verify(token, keys)
    return caught.value.code


# Publishing


@pytest.fixture
def publisher(secret):
    app = Flask("publisher")
    app.config["SECRET_KEY"] = secret
    app.add_url_rule("/.well-known/jwks.json", view_func=jwks_view)
    return app


def test_a_secret_is_not_published(publisher):
    assert publisher.test_client().get("/.well-known/jwks.json").json == {"keys": []}


def test_public_keys_are_published(publisher):
    key = private_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", "mine")
    publisher.config["TOKEN_AUTH_KEYS"] = {"keys": [key]}
    client = publisher.test_client()

    answer = client.get("/.well-known/jwks.json")

    assert answer.status_code == 200
    assert answer.content_type == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    del key["d"]
    assert answer.json == {"keys": [key]}
    again = client.get(
        "/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


# Fetching


def test_tokens_of_another_issuer(issuer, remote, token_class):
    assert issuer.requests.total() == 0

    for _ in range(5):
        assert token_class.verify(issuer.token("1", uid="ada"), remote).user_id == "ada"

    assert issuer.requests == {"/jwks.json": 1}
    own = KeyRing("a secret of at least thirty-two bytes")
    assert token_class.load(token_class("ada").dump(own), remote) is None
    with pytest.raises(ConfigurationError, match="no key to sign"):
        token_class("ada").dump(remote)


def test_what_we_publish_we_can_fetch(issuer, remote, publisher, token_class):
    ring = KeyRing().add(
        private_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", None)
    )
    publisher.config["TOKEN_AUTH_KEYS"] = ring
    issuer.body = publisher.test_client().get("/.well-known/jwks.json").data

    assert token_class.verify(token_class("ada").dump(ring), remote).user_id == "ada"


def test_a_new_key_is_fetched_when_a_token_names_it(issuer, remote, token_class, clock):
    assert token_class.load(issuer.token("1", uid="a"), remote) is not None
    issuer.add("2")

    assert code_of(token_class, issuer.token("2"), remote) == "unknown_key"  # too soon
    clock.now += 10
    assert token_class.verify(issuer.token("2", uid="ada"), remote).user_id == "ada"
    assert issuer.requests.total() == 2


def test_unknown_keys_do_not_make_it_fetch_all_the_time(
    issuer, remote, token_class, clock
):
    stranger = Issuer()
    stranger.close()
    for number in range(20):
        stranger.add(str(number + 5))
    token_class.load(issuer.token("1", uid="a"), remote)

    for _ in range(3):
        clock.now += 10
        for kid in stranger.keys:
            assert code_of(token_class, stranger.token(kid), remote) == "unknown_key"

    assert issuer.requests.total() == 4


def test_a_key_that_is_no_longer_published_is_no_longer_accepted(
    issuer, remote, token_class, clock
):
    token = issuer.token("1", uid="a")
    assert token_class.load(token, remote) is not None
    del issuer.keys["1"]
    issuer.add("2")

    clock.now += 299
    assert token_class.load(token, remote) is not None
    clock.now += 1
    assert code_of(token_class, token, remote) == "unknown_key"


def test_keys_outlive_the_issuer_for_a_day(issuer, remote, token_class, clock):
    token = issuer.token("1", uid="a")
    assert token_class.load(token, remote) is not None
    issuer.status = 503

    clock.now += 86400 + 299
    assert token_class.load(token, remote) is not None
    clock.now += 1
    with pytest.raises(KeysUnavailableError):
        token_class.load(token, remote)

    issuer.status = 200
    clock.now += 10
    assert token_class.load(token, remote) is not None


def test_without_any_keys_the_answer_is_503(issuer, remote, token_class, app):
    @app.get("/foreign")
    @parse_auth_header(token_class, secret=remote)
    @auth_required()
    def foreign():
        return {}

    issuer.status = 500
    client = app.test_client()
    header = {"Authorization": f"Bearer {issuer.token('1', uid='ada')}"}

    answers = [client.get("/foreign", headers=header) for _ in range(3)]

    for answer in answers:
        assert answer.status_code == 503
        assert answer.json == {"_errors": ["Please try again in a moment."]}
        assert answer.headers["Retry-After"] == "1"
    assert issuer.requests.total() == 1
    assert client.get("/foreign").status_code == 401


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (404, {}, b"{}"),
        (500, {}, b""),
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"[]"),
        (200, {}, b"null"),
        (200, {}, b'{"keys": {}}'),
        (200, {}, b"\xff\xfe"),
        (200, {}, b"[" * 100_000),
        (200, {}, b" " * 300_000 + b'{"keys": []}'),
        (200, {"Content-Length": "5"}, b"{}"),
    ],
)
def test_bad_answers_are_none(
    issuer, remote, token_class, clock, status, headers, body
):
    token = issuer.token("1", uid="a")
    issuer.status, issuer.headers, issuer.body = status, headers, body
    with pytest.raises(KeysUnavailableError):
        token_class.load(token, remote)

    issuer.status, issuer.headers, issuer.body = 200, {}, None
    clock.now += 10
    assert token_class.load(token, remote) is not None

    issuer.status, issuer.headers, issuer.body = status, headers, body
    clock.now += 300
    assert token_class.load(token, remote) is not None


def test_a_redirection_is_not_followed(issuer, remote, token_class):
    issuer.status = 302
    issuer.headers = {"Location": issuer.url.replace("jwks", "elsewhere")}

    with pytest.raises(KeysUnavailableError):
        token_class.load(issuer.token("1"), remote)
    assert issuer.requests == {"/jwks.json": 1}


def test_keys_that_are_not_understood_are_ignored(issuer, remote, token_class):
    good = public_jwk(issuer.keys["1"].public_key(), "ES256", "1")
    oct_key = {"kty": "oct", "kid": "2", "k": "QUFB" * 16}
    private = private_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", "3")
    others = [{}, None, 5, "x", [], {"kty": "new"}, {"kty": ["EC"]}, {"kty": "EC"}]
    others += [oct_key, private, {**good, "kid": "4", "use": "enc"}, good]
    issuer.body = json.dumps({"keys": [*others, good]}).encode()

    assert token_class.load(issuer.token("1", uid="a"), remote) is not None
    forged = jwt.encode({}, b"AAA" * 16, "HS256", {"kid": "2"})
    assert code_of(token_class, forged, remote) == "unknown_key"
    assert [key.kid for key in remote.accepted()] == ["1"]


USELESS = [
    {"keys": []},
    {"keys": [{"kty": "oct", "k": "AAAA"}]},
    {"keys": [{"kty": "NEW"}]},
    {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
    {"keys": [None, 5]},
    {"keys": [{"kty": "oct"}] * 1001},
    {},
    [],
]


@pytest.mark.parametrize("body", USELESS, ids=lambda body: str(body)[:20])
def test_a_set_without_usable_keys_is_no_answer(
    issuer, remote, token_class, clock, body
):
    good, useless = issuer.jwks(), json.dumps(body).encode()
    issuer.body = useless
    with pytest.raises(KeysUnavailableError):
        token_class.load(issuer.token("1", uid="ada"), remote)

    issuer.body = good
    clock.now += 10
    assert token_class.load(issuer.token("1", uid="ada"), remote)
    issuer.body = useless
    for seconds in (301, 86399 - 1):  # an hour, or a day: the last keys stay
        clock.now += seconds
        assert token_class.load(issuer.token("1", uid="ada"), remote)
    clock.now += 1
    with pytest.raises(KeysUnavailableError):
        token_class.load(issuer.token("1", uid="ada"), remote)


def test_keys_of_two_kinds_may_have_one_name(issuer, token_class):
    rings = [
        KeyRing().add(private_jwk(generate(algorithm), algorithm, "k"))
        for algorithm in ("ES256", "EdDSA", "ES384")
    ]
    published = [key for ring in rings for key in ring.public_jwks()["keys"]]
    issuer.body = json.dumps({"keys": published}).encode()
    remote = RemoteKeys(issuer.url)

    class Token(token_class):
        algorithm = None

    for ring in rings:
        assert Token.load(Token("ada").dump(ring), remote).user_id == "ada"
    assert remote.public_jwks()["keys"] == published


@pytest.mark.parametrize("algorithms", [["RS256", "PS256"], ["PS256", "RS256"], []])
def test_a_key_without_an_algorithm_serves_each_allowed_one(
    issuer, token_class, algorithms
):
    key = private_jwk(generate("RS256"), "RS256", "k")
    del key["alg"]
    rings = {
        name: KeyRing().add(key, algorithm=name) for name in ("RS256", "PS256", "RS512")
    }
    [public] = rings["RS256"].public_jwks()["keys"]
    del public["alg"]
    issuer.body = json.dumps({"keys": [public, public]}).encode()
    remote = RemoteKeys(issuer.url, algorithms=algorithms)

    class Token(token_class):
        algorithm = None

    for name, ring in rings.items():
        token = Token.load(Token("ada").dump(ring), remote)
        assert (token is not None) is (name in (algorithms or rings))
    assert len(remote.public_jwks()["keys"]) == 1


def test_no_start_waits_for_another_issuer(issuer, secret):
    app = Flask("consumer")
    app.config["SECRET_KEY"] = secret
    app.config["TOKEN_AUTH_KEYS"] = RemoteKeys(issuer.url)

    init_app(app)

    assert issuer.requests == {}


def test_an_answer_has_to_come_in_time(issuer, token_class):
    issuer.gate = threading.Event()
    remote = RemoteKeys(issuer.url, timeout=0.05)

    with pytest.raises(KeysUnavailableError):
        token_class.load(issuer.token("1"), remote)
    issuer.gate.set()


def test_threads_share_one_fetch(issuer, remote, token_class):
    issuer.gate = threading.Event()
    token = issuer.token("1", uid="ada")

    with ThreadPoolExecutor(8) as pool:
        loading = [pool.submit(token_class.load, token, remote) for _ in range(8)]
        issuer.gate.set()
        assert all(each.result() is not None for each in loading)

    assert issuer.requests.total() == 1


def test_nobody_waits_for_keys_that_are_merely_old(issuer, remote, token_class, clock):
    token = issuer.token("1", uid="ada")
    assert token_class.load(token, remote) is not None
    clock.now += 300
    issuer.gate = threading.Event()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(token_class.load, token, remote)
        assert issuer.asked.acquire(timeout=10)
        assert issuer.asked.acquire(timeout=10)
        assert token_class.load(token, remote) is not None
        assert not first.done()
        issuer.gate.set()
        assert first.result() is not None

    assert issuer.requests.total() == 2


def test_the_issuer_of_foreign_tokens(issuer, clock, app, context, token_class):
    app.config["TOKEN_AUTH_ISSUER"] = "us"
    keys = RemoteKeys(issuer.url, issuer="them", clock=clock)

    assert token_class.load(issuer.token("1", uid="a", iss="them"), keys) is not None
    assert code_of(token_class, issuer.token("1", uid="a", iss="us"), keys) == "issuer"
    assert code_of(token_class, issuer.token("1", uid="a"), keys) == "issuer"
    token = issuer.token("1", uid="a", iss="us")
    assert token_class.verify(token, keys, issuer="us").user_id == "a"
    own = token_class("ada").dump()
    assert token_class.verify(own).issuer == "us"


def test_an_application_that_signs_nothing(issuer, remote, app, context, token_class):
    app.config["TOKEN_AUTH_KEYS"] = remote

    header = {"Authorization": f"Bearer {issuer.token('1', uid='ada')}"}

    assert app.test_client().get("/closed", headers=header).json == {"user": "ada"}
    with pytest.raises(ConfigurationError, match="no key to sign"):
        token_class("ada").dump()


def test_no_url_of_a_token_is_fetched(issuer, remote, token_class):
    elsewhere = issuer.url.replace("jwks", "elsewhere")
    names = dict.fromkeys(("jku", "x5u", "kid"), elsewhere)
    token = jwt.encode({}, issuer.keys["1"], "ES256", names)

    assert code_of(token_class, token, remote) == "unknown_key"
    assert set(issuer.requests) == {"/jwks.json"}


@pytest.mark.parametrize(
    "url",
    [
        *["http://login.example/jwks", "ftp://login.example/", "file:///etc/passwd"],
        *["login.example", "", "https://", "https:///jwks", None, 5, b"https://a/"],
        *["http://127.0.0.1.example/", "http://localhost.example/", "http://10.0.0.1/"],
        *["https://user:secret@login.example/", "http://[::1", "ftp://127.0.0.1/"],
    ],
)
def test_urls_that_are_not_safe(url):
    with pytest.raises(ConfigurationError) as caught:
        RemoteKeys(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/k",
        "http://localhost:1/",
        "http://127.9.9.9/",
        "http://[::1]/",
    ],
)
def test_urls_that_are_safe(url):
    assert RemoteKeys(url).url == url


@pytest.mark.parametrize("algorithms", [["HS256"], ["none"], ["ES256", "HS512"]])
def test_only_asymmetric_algorithms_are_accepted(algorithms):
    with pytest.raises(ConfigurationError, match="asymmetric"):
        RemoteKeys("https://login.example/", algorithms=algorithms)
