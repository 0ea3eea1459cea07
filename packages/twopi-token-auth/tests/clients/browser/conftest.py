"""A page that uses the module, and a way for tests in JavaScript to order things."""

import os
import shutil

import pytest
from flask import request

PAGE = """<!doctype html><title>Test</title><link rel="icon" href="data:,">
<script>
const now = performance.now.bind(performance);
window.skew = 0;
performance.now = () => now() + 1000 * skew;
if (location.search === "?nolocks") {
  Object.defineProperty(navigator, "locks", { value: undefined });
}
</script>
<script type="module">
import { TokenAuth } from "/auth/token-auth.mjs";
window.TokenAuth = TokenAuth;
window.auth = new TokenAuth({ timeout: 60 });
window.events = [];
for (const name of ["signedin", "renewed", "signedout"]) {
  auth.addEventListener(name, () => events.push(name));
}
</script>
"""


@pytest.fixture
def make_page_server(make_server_of):
    """Start a server with the page, whose short-lived tokens are good for a minute."""

    def make(transport="json"):
        server = make_server_of(
            TOKEN_AUTH_TRANSPORT=transport, TOKEN_AUTH_COOKIE_SECURE=True
        )
        server.app.get("/page", endpoint="page")(lambda: PAGE)
        server.app.post("/order", endpoint="order")(lambda: obey(server))
        return server

    return make


def obey(server):
    """Do what a test in JavaScript wants the server to do, and say how it went."""
    order = request.get_json()
    if "call" in order:
        getattr(server, order["call"])()
    if "held" in order:
        (server.gate.clear if order["held"] else server.gate.set)()
    server.broken = order.get("broken", server.broken)
    seen = [[path, headers.get("Authorization")] for path, headers, _ in server.seen]
    return {"renewals": server.renewals(), "seen": seen}


@pytest.fixture(scope="session")
def find():
    """Return the paths of programs; skip or fail where one is missing."""

    def find(*names):
        programs = [shutil.which(name) for name in names]
        if None not in programs:
            return programs
        message = f"{names[programs.index(None)]} is missing"
        if os.environ.get("TWOPI_ALLOW_NO_BROWSER") == "1":
            pytest.skip(message)
        return pytest.fail(f"{message}; TWOPI_ALLOW_NO_BROWSER=1 does without")

    return find
