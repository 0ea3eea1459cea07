"""The segments of a compact JWS: JSON objects in base64url, one spelling each.

Stricter than what most parsers read: no padding, no unused bits (RFC 4648 section
3.5), UTF-8 without a byte order mark, no NaN, and objects only.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from twopi_token_auth.errors import TokenError

# What is base64 but not base64url becomes something that is neither.
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
# The last characters that leave no bit unused, by the length of the segment modulo 4:
# every other one would be a second spelling of the same token.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048", 1: b""}
_PADDING = (b"", b"===", b"==", b"=")


def encode_segment(raw: bytes) -> bytes:
    """Return *raw* in base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_BASE64URL)


def decode_segment(segment: bytes) -> bytes:
    """Return what *segment* stands for.

    Raises:
        TokenError: ``malformed``; it is not in base64url, or something else has the
            same meaning.
    """
    surplus = len(segment) % 4
    if surplus and segment[-1] not in _LAST[surplus]:
        malformed("The token is not in canonical base64url")
    padded = segment.translate(_TO_BASE64) + _PADDING[surplus]
    try:
        return a2b_base64(padded, strict_mode=True)
    except ValueError:
        malformed("The token is not in base64url")


def write_object(value: Mapping[str, Any]) -> bytes:
    """Return the segment of a JSON object.

    Raises:
        TypeError: A value has no JSON form.
        ValueError: A value is NaN or infinite, which has none either.
    """
    try:
        text = "".join(_write(value, 0))
    except RecursionError:
        raise ValueError(
            "The claims are nested too deeply, or contain themselves"
        ) from None
    return encode_segment(text.encode("ascii"))


def read_object(segment: bytes) -> dict[str, Any]:
    """Return the JSON object in *segment*.

    Raises:
        TokenError: ``malformed``; there is none.
    """
    return parse_object(decode_segment(segment))


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that *raw* is in UTF-8.

    Raises:
        TokenError: ``malformed``; it is none.
    """
    try:
        text = str(raw, "utf-8")
        value, end = _scan(text, 0) if text.startswith("{") else (None, -1)
        if end != len(text):  # there are blanks around it, or it is no object
            value = _parse(text)
    except (ValueError, RecursionError, StopIteration):
        malformed("The token holds something other than JSON")
    if not isinstance(value, dict):
        malformed("The token holds something other than a JSON object")
    return value


def malformed(message: str) -> NoReturn:
    """Raise the error of a token that is none."""
    raise TokenError("malformed", message) from None


def _make_writer() -> Callable[[Any, int], Iterable[str]]:
    """Return what writes JSON, made once: `json.dumps` makes it anew for each call.

    It is private to `json`, so that another form of it is not used.
    """
    encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
    example = {"a": [1, 1.5, "é", None, True, {}], "b": ""}
    try:
        write: Any = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
            None,
            encoder.default,
            json.encoder.encode_basestring_ascii,
            None,
            ":",
            ",",
            False,
            False,
            False,
        )
        if "".join(write(example, 0)) == encoder.encode(example):
            return write  # type: ignore[no-any-return]
    except (AttributeError, TypeError):
        pass
    return lambda value, _: encoder.iterencode(value)


_write = _make_writer()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON (RFC 8259 section 6)


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
_parse, _scan = _decoder.decode, _decoder.scan_once  # type: ignore[attr-defined]
