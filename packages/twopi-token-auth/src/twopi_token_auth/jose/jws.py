"""Compact JSON Web Signatures (RFC 7515), read strictly.

The parsing is our own, because it does not depend on the version of PyJWT and asks for
more: one spelling per token, no critical extensions, and only the algorithm of the
key. Whatever `decode` accepts, ``jwt.decode`` accepts too, with equal claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twopi_token_auth.errors import TokenError
from twopi_token_auth.jose.algorithms import JWT
from twopi_token_auth.jose.key import Key
from twopi_token_auth.jose.segments import (
    decode_segment,
    encode_segment,
    malformed,
    parse_object,
    read_object,
    write_object,
)

_MOST_TRIES = 5  # signatures checked for a token that does not name its key
_MOST_HEADERS = 16  # remembered by a decoder; each key of a ring writes one


def encode(claims: Mapping[str, Any], key: Key, *, token_type: str = JWT) -> str:
    """Return *claims* as a compact JWS of *token_type* signed with *key*.

    Raises:
        TypeError: A claim has no JSON form.
        ValueError: A claim is NaN or infinite, which has none either.
    """
    message = key.header_for(token_type) + b"." + write_object(claims)
    return (message + b"." + encode_segment(key.sign(message))).decode("ascii")


class Decoder:
    """Reads the tokens of one type that one of *keys* has signed.

    Dates and names are not looked at; `check_claims` does that. A token that names
    its key is tried with that one, any other with those of its algorithm.

    Args:
        keys: The keys to try in turn.
        max_length: The number of characters above which nothing is parsed.
        token_type: What the header must call the token (RFC 8725 section 3.11); a token
            without a name is a ``JWT``. None accepts every name.
    """

    __slots__ = ("_headers", "_keys", "_max_length", "_token_type")

    def __init__(
        self, keys: Sequence[Key], *, max_length: int, token_type: str | None = None
    ) -> None:
        self._keys = keys
        self._max_length = max_length
        self._token_type = token_type
        # The headers of tokens that were signed rightly, and the keys each calls for.
        self._headers: dict[bytes, Sequence[Key]] = {}

    def open(self, token: object) -> bytes:
        """Return the payload of *token*, which may be anything a stranger sends.

        Raises:
            TokenError: ``malformed``, ``algorithm``, ``type``, ``unknown_key`` or
                ``signature``.
        """
        if not isinstance(token, (str, bytes)) or len(token) > self._max_length:
            malformed("The token is not a string or bytes, or too long")
        whole = token.encode("utf-8", "replace") if isinstance(token, str) else token
        message, _, signature = whole.rpartition(b".")
        header, _, payload = message.partition(b".")
        if not (header and payload and signature) or b"." in payload:
            malformed("The token does not consist of three segments")
        known = self._headers.get(header)
        chosen = known or _choose_keys(
            read_object(header), self._keys, self._token_type
        )
        raw = decode_segment(signature)
        for key in chosen:
            if key.verify(message, raw):
                break
        else:
            raise TokenError("signature", "The signature is wrong")
        if known is None and len(self._headers) < _MOST_HEADERS:
            self._headers[header] = chosen
        return decode_segment(payload)


def decode(
    token: object,
    keys: Sequence[Key],
    *,
    max_length: int,
    token_type: str | None = None,
) -> dict[str, Any]:
    """Return the claims of *token*; see `Decoder`, which is for many of them.

    Raises:
        TokenError: See `Decoder.open`; or the payload is no JSON object.
    """
    decoder = Decoder(keys, max_length=max_length, token_type=token_type)
    return parse_object(decoder.open(token))


def read_unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of *token*, which anybody may have written.

    Raises:
        TokenError: ``malformed``.
    """
    segments = token.encode("utf-8", "replace").split(b".")
    if len(segments) != 3:
        malformed("The token does not consist of three segments")
    header, payload, signature = segments
    decode_segment(signature)
    return read_object(header), read_object(payload)


def _choose_keys(
    header: dict[str, Any], keys: Sequence[Key], token_type: str | None
) -> Sequence[Key]:
    if "crit" in header or "b64" in header:
        malformed("The token uses an extension that is not understood")
    kid = header.get("kid", "")
    if not isinstance(kid, str):
        malformed("The key identifier of the token is no text")
    if token_type is not None and not _names_type(header.get("typ", JWT), token_type):
        raise TokenError("type", f"The token is not of the type {token_type}")
    if "kid" in header:
        # Secrets have no names, and tokens signed with them may claim any.
        keys = [key for key in keys if key.kid == kid] or [
            key for key in keys if key.kid is None
        ]
    if not keys:
        raise TokenError("unknown_key", "The token is signed with an unknown key")
    chosen = [key for key in keys if key.algorithm == header.get("alg")]
    if not chosen:
        raise TokenError("algorithm", "The token is signed with another algorithm")
    return chosen if any(key.kid is None for key in keys) else chosen[:_MOST_TRIES]


def _names_type(value: object, token_type: str) -> bool:
    if not isinstance(value, str):
        return False
    short = token_type.lower().removeprefix("application/")
    return value.lower().removeprefix("application/") == short
