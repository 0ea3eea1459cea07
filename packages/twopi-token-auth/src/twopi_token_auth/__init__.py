"""Short-lived tokens for Flask APIs: one class, two decorators, strict checks."""

from twopi_token_auth.auth import TokenAuth
from twopi_token_auth.context import current_token
from twopi_token_auth.decorators import (
    auth_required,
    parse_auth_header,
    scopes_required,
)
from twopi_token_auth.errors import (
    ConfigurationError,
    KeysUnavailableError,
    SessionError,
    StoreUnavailableError,
    TokenAuthError,
    TokenError,
    WeakSecretWarning,
)
from twopi_token_auth.extension import init_app
from twopi_token_auth.fields import Audience, UnixTimestamp
from twopi_token_auth.grants import Grant
from twopi_token_auth.identity import Identity
from twopi_token_auth.jwks import jwks_view
from twopi_token_auth.key_ring import KeyRing
from twopi_token_auth.openapi import security_schemes
from twopi_token_auth.remote_keys import RemoteKeys
from twopi_token_auth.revocation import SessionToken, SessionTokenMixin
from twopi_token_auth.sessions import SessionManager
from twopi_token_auth.settings import SessionSettings
from twopi_token_auth.stores import MemoryStore, RefreshSession, SessionStore
from twopi_token_auth.tokens import ShortlivedTokenMixin

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
    "WeakSecretWarning",
    "auth_required",
    "current_token",
    "init_app",
    "jwks_view",
    "parse_auth_header",
    "scopes_required",
    "security_schemes",
]
