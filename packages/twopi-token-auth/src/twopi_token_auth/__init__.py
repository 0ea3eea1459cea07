"""Short-lived tokens for Flask APIs: one class, two decorators, strict checks."""

from twopi_token_auth.app.request import current_token
from twopi_token_auth.app.state import init_app
from twopi_token_auth.auth import TokenAuth
from twopi_token_auth.errors import (
    ConfigurationError,
    KeysUnavailableError,
    SessionError,
    StoreUnavailableError,
    TokenAuthError,
    TokenError,
    UnstorableError,
    WeakSecretWarning,
)
from twopi_token_auth.jose.key_ring import KeyRing
from twopi_token_auth.jose.remote_keys import RemoteKeys
from twopi_token_auth.sessions.grant import Grant
from twopi_token_auth.sessions.identity import Identity
from twopi_token_auth.sessions.manager import SessionManager
from twopi_token_auth.sessions.settings import SessionSettings
from twopi_token_auth.stores import MemoryStore, RefreshSession, SessionStore
from twopi_token_auth.tokens.claim_fields import Audience, UnixTimestamp
from twopi_token_auth.tokens.session_token import SessionToken, SessionTokenMixin
from twopi_token_auth.tokens.shortlived import ShortlivedTokenMixin
from twopi_token_auth.web.decorators import (
    auth_required,
    parse_auth_header,
    scopes_required,
)
from twopi_token_auth.web.jwks_view import jwks_view
from twopi_token_auth.web.openapi import security_schemes
from twopi_token_auth.web.protection import public

__all__ = [
    "Audience",
    "ConfigurationError",
    "Grant",
    "Identity",
    "KeyRing",
    "KeysUnavailableError",
    "MemoryStore",
    "RefreshSession",
    "RemoteKeys",
    "SessionError",
    "SessionManager",
    "SessionSettings",
    "SessionStore",
    "SessionToken",
    "SessionTokenMixin",
    "ShortlivedTokenMixin",
    "StoreUnavailableError",
    "TokenAuth",
    "TokenAuthError",
    "TokenError",
    "UnixTimestamp",
    "UnstorableError",
    "WeakSecretWarning",
    "auth_required",
    "current_token",
    "init_app",
    "jwks_view",
    "parse_auth_header",
    "public",
    "scopes_required",
    "security_schemes",
]
