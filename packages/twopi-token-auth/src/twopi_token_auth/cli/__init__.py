"""The commands ``flask token-auth``: keys, tokens and sessions."""

from flask.cli import AppGroup

from twopi_token_auth.cli.sessions import purge, sessions
from twopi_token_auth.cli.tokens import inspect_token, jwks, keygen, mint

token_auth = AppGroup(
    "token-auth", help="Keys, tokens and sessions of this application."
)
for command in (keygen, jwks, inspect_token, mint, sessions, purge):
    token_auth.add_command(command)

__all__ = ["token_auth"]
