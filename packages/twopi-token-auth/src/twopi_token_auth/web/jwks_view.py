"""The JWK Set that lets others verify the tokens of this application."""

from __future__ import annotations

from flask import Response, jsonify, request

from twopi_token_auth.app.state import current_state


def jwks_view() -> Response:
    """Answer with the public keys of the application (RFC 7517 section 5).

    Asymmetric keys of ``TOKEN_AUTH_KEYS`` only, without their private halves. An
    application that signs with a secret has none to tell.

    >>> from flask import Flask
    >>> from twopi_token_auth import jwks_view
    >>> app = Flask(__name__)
    >>> app.config["SECRET_KEY"] = "a random text of 32 bytes or more"
    >>> app.add_url_rule("/.well-known/jwks.json", view_func=jwks_view)
    >>> app.test_client().get("/.well-known/jwks.json").json
    {'keys': []}

    Returns:
        The answer, which may be kept for five minutes: announce a new key (behind the
        one that signs) for at least so long before it signs.
    """
    ring = current_state().ring(None)
    response = jsonify({"keys": []} if ring is None else ring.public_jwks())
    response.content_type = "application/jwk-set+json"
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.add_etag()
    response.make_conditional(request)
    return response
