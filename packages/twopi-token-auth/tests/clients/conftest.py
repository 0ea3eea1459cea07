"""A real server on loopback that the clients log in to."""

import json
import threading
from collections import Counter
from datetime import timedelta

import httpx
import jwt
import pytest
import requests
from flask import Flask, Response, g, redirect, request
from werkzeug.serving import make_server

from twopi_token_auth import (
    KeyRing,
    MemoryStore,
    SessionToken,
    TokenAuth,
    auth_required,
    parse_auth_header,
)
from twopi_token_auth.clients.httpx import SessionAuth as HttpxAuth
from twopi_token_auth.clients.requests import SessionAuth as RequestsAuth

MINUTE = timedelta(minutes=1)


class Clock:
    """Stands still until it is told to move."""

    now = 1000.0

    def __call__(self):
        return self.now


class Server:
    """An application with the package's own views, served by threads."""

    def __init__(self, **config):
        self.app = Flask("server")
        self.app.config.update(
            SECRET_KEY="thirty-two bytes, enough for all of HS256",
            SHORT_LIVED_TOKEN_EXPIRY=MINUTE,
            TOKEN_AUTH_COOKIE_SECURE=False,
        )
        self.app.config.update(config)
        self.auth = TokenAuth(
            self.app,
            store=MemoryStore(),
            authenticate=lambda user, password: user if password == "right" else None,
        )
        self.app.register_blueprint(self.auth.blueprint(url_prefix="/auth"))
        self.app.after_request(self.record)
        self.app.after_request(self.name_session)
        self.app.before_request(self.break_down)
        self.calls = Counter()
        self.seen = []
        self.broken = {}
        self.renewing = threading.Event()
        self.renewals_begun = 0
        self.gate = threading.Event()
        self.gate.set()
        self.add_views()

    def add_views(self):
        guard = parse_auth_header(SessionToken)
        protect = auth_required()

        @self.app.route("/me", methods=["GET", "POST"])
        @guard
        @protect
        def me():
            return {"user": g.token.user_id, "body": request.get_data(as_text=True)}

        @self.app.get("/step-up")
        @guard
        @auth_required(fresh=1e-6)  # no login is
        def step_up():
            return "in"

        @self.app.route("/away", methods=["GET", "POST"])
        def away():
            return redirect(request.args["to"], int(request.args.get("status", 302)))

        @self.app.route("/open", methods=["GET", "POST"])
        def everybody():
            status = int(request.args.get("status", 200))
            return {"authorization": request.headers.get("Authorization")}, status

    def break_down(self):
        if request.path == "/auth/renew":
            self.renewals_begun += 1
            self.renewing.set()
            self.gate.wait(60)
        answer = self.broken.get(request.path)
        return answer and Response(**answer)

    def name_session(self, response):
        """Say which session an answer is of, as newer servers do."""
        body = response.get_json(silent=True)
        if isinstance(body, dict) and "token" in body and "session_id" not in body:
            payload = jwt.decode(body["token"], options={"verify_signature": False})
            response.set_data(json.dumps({**body, "session_id": payload["sid"]}))
        return response

    def record(self, response):
        self.calls[request.method, request.path, response.status_code] += 1
        self.seen.append((request.path, dict(request.headers), request.get_data()))
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "*, Authorization"
        return response

    def renewals(self):
        renew = "POST", "/auth/renew"
        return sum(count for call, count in self.calls.items() if call[:2] == renew)

    def refuse_tokens(self):
        """Replace the signing key at once: no short-lived token is good any more."""
        self.app.config["TOKEN_AUTH_KEYS"] = KeyRing(f"{len(self.seen):064}")

    def end_sessions(self):
        with self.app.app_context():
            self.auth.sessions.revoke_all("ada")

    def forget_users(self):
        """End the sessions of all who may have logged in."""
        with self.app.app_context():
            for user in ("ada", "bob"):
                self.auth.sessions.revoke_all(user)

    def __enter__(self):
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.origin = f"http://127.0.0.1:{self.server.port}"
        self.url = f"{self.origin}/auth"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_server_of(request):
    """Start a server with a configuration; it stops with the test."""

    def make(**config):
        server = Server(**config).__enter__()
        request.addfinalizer(server.__exit__)
        return server

    return make


@pytest.fixture
def server(make_server_of):
    return make_server_of()


@pytest.fixture
def stranger(make_server_of):
    """A server of somebody else, who would like to have the tokens."""
    return make_server_of()


@pytest.fixture(params=["httpx", "requests"])
def connect(request, clock):
    """Make a client of either kind, whose `auth` has nobody logged in."""
    opened = []

    def connect(server, **options):
        if request.param == "httpx":
            http = httpx.Client(follow_redirects=True, timeout=60)
            auth = HttpxAuth
        else:
            http = requests.Session()
            http.trust_env = False
            auth = RequestsAuth
        opened.append(http)
        http.auth = auth(http, server.url, **{"clock": clock, **options})
        http.origin = server.origin
        return http

    yield connect
    for http in opened:
        http.close()
