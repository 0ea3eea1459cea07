"""For the tests of applications: tokens without a login, a clock, rules for stores.

.. code-block:: python

    from datetime import timedelta

    from flask import Flask
    from twopi_token_auth import (
        MemoryStore,
        SessionToken,
        TokenAuth,
        current_token,
        parse_auth_header,
    )
    from twopi_token_auth.testing import FrozenClock, StoreContract, session_headers

    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a random text of 32 bytes or more"
    auth = TokenAuth(app, SessionToken, store=MemoryStore())


    @app.get("/me")
    @parse_auth_header(SessionToken, required=True)
    def me():
        return {"user": current_token.user_id}


    def test_a_token_lasts_a_quarter_of_an_hour():
        with FrozenClock() as clock:
            headers = session_headers(app, "ada")
            assert app.test_client().get("/me", headers=headers).json == {"user": "ada"}
            clock.tick(timedelta(minutes=15))
            assert app.test_client().get("/me", headers=headers).status_code == 401


    class TestMyStore(StoreContract):  # pytest runs all the rules against it
        def make_store(self):
            return MemoryStore()  # here: yours; it need not be empty


    test_a_token_lasts_a_quarter_of_an_hour()
"""

from twopi_token_auth.testing.clock import FrozenClock
from twopi_token_auth.testing.stores import StoreContract
from twopi_token_auth.testing.tokens import session_headers, token_headers
from twopi_token_auth.web.protection import open_routes

__all__ = [
    "FrozenClock",
    "StoreContract",
    "open_routes",
    "session_headers",
    "token_headers",
]
