import base64
import hashlib
import hmac
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from twopi_token_auth import ConfigurationError, TokenError
from twopi_token_auth.jose.jws import decode, encode
from twopi_token_auth.jose.key import Key, prepare_key

HEADER = {"alg": "HS256", "typ": "JWT"}
RFC_7515_KEY = (
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9"
    "CAow"
)
RFC_7515_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
RFC_7520_KEY = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"
RFC_7520_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9"
    ".SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IH"
    "N0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlz"
    "IG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
    ".s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
)


def base64url(text):
    return base64.urlsafe_b64decode(text + "==")


@pytest.fixture
def key(secret):
    return prepare_key(secret, "HS256")


@pytest.fixture
def refusal(key):
    """Return the code with which a token is refused."""

    def refusal(token, max_length=16384):
        with pytest.raises(TokenError) as caught:
            decode(token, [key], max_length=max_length)
        return caught.value.code

    return refusal


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 129, 500])
def test_an_hmac_is_that_of_the_standard_library(algorithm, length):
    secret = bytes(range(1, 256)) * 2
    key = Key(secret[:length], algorithm)

    for message in (b"", b"a.b", b"x" * 1000):
        signature = hmac.digest(secret[:length], message, f"sha{algorithm[2:]}")
        assert key.sign(message) == key.sign(message) == signature
        assert key.verify(message, signature)
        assert not key.verify(message + b"x", signature)
        assert not key.verify(message, signature[:-1])


def test_threads_sign_with_one_key(key):
    messages = [b"x" * length for length in range(0, 5000, 5)]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(key.sign, messages))

    assert signatures == [hmac.digest(key.public, m, "sha256") for m in messages]


def test_rfc_7515_appendix_a_1():
    key = Key(base64url(RFC_7515_KEY), "HS256")

    assert decode(RFC_7515_TOKEN, [key], max_length=1000) == {
        "iss": "joe",
        "exp": 1300819380,
        "http://example.com/is_root": True,
    }


def test_rfc_7520_section_4_4_has_the_right_signature_and_holds_no_json():
    key = Key(base64url(RFC_7520_KEY), "HS256")
    message, _, signature = RFC_7520_TOKEN.rpartition(".")

    assert key.sign(message.encode()) == base64url(signature)
    assert key.verify(message.encode(), base64url(signature))
    with pytest.raises(TokenError) as caught:
        decode(RFC_7520_TOKEN, [key], max_length=1000)
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_what_is_encoded_is_what_pyjwt_would_write(algorithm):
    secret = "x" * 64
    claims = {"uid": "Zoë", "scopes": ["a"], "exp": 2**31, "nested": {"a": None}}

    token = encode(claims, prepare_key(secret, algorithm))

    assert token == jwt.encode(claims, secret, algorithm)
    assert decode(token, [prepare_key(secret, algorithm)], max_length=999) == claims


def test_encode_refuses_what_json_has_not():
    key = prepare_key("x" * 32, "HS256")

    with pytest.raises(ValueError, match="JSON"):
        encode({"a": float("nan")}, key)
    with pytest.raises(TypeError):
        encode({"a": object()}, key)


@pytest.mark.parametrize(
    "token",
    [
        None,
        b"a.b.c",
        5,
        1.5,
        True,
        [],
        {},
        object(),
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c.d",
        "....",
        "\ud800.\ud800.\ud800",
        "é.é.é",
        "\x00",
        "a.b.c\n",
        "%s",
        "e30.e30.",
        "e30..e30",
        ".e30.e30",
        "[].[].[]",
        "x" * 5_000_000,
        "." * 16000,
        "e30." * 4000,
    ],
    ids=lambda token: repr(token)[:20],
)
def test_junk_is_malformed(refusal, token):
    assert refusal(token) == "malformed"


@pytest.mark.parametrize(
    "name",
    ["none", "None", "NONE", "nOnE", "none ", " none", "", "n\u006fne\u0000", "null"],
)
@pytest.mark.parametrize("tail", ["", ".", ".AA", ".e30"])
def test_unsigned_tokens(refusal, forge, name, tail):
    header, payload, signature = forge({"alg": name}, {"uid": "root"}).split(".")

    assert refusal(f"{header}.{payload}{tail}") in {"malformed", "algorithm"}
    assert refusal(f"{header}.{payload}.{signature}") == "algorithm"


@pytest.mark.parametrize(
    "algorithm",
    [
        *[
            "HS384",
            "HS512",
            "RS256",
            "ES256",
            "PS256",
            "EdDSA",
            "hs256",
            "HS256 ",
            "HS",
        ],
        *[
            None,
            0,
            1,
            True,
            [],
            ["HS256"],
            {},
            {"HS256": 1},
            "HS256\x00",
            "\uff28\uff33256",
        ],
    ],
)
def test_every_other_algorithm(refusal, forge, algorithm):
    assert refusal(forge({"alg": algorithm}, {})) == "algorithm"


@pytest.mark.parametrize("digest", [hashlib.sha384, hashlib.sha512])
def test_the_right_secret_in_another_algorithm(refusal, forge, digest):
    name = f"HS{digest().digest_size * 8}"

    assert refusal(forge({"alg": name}, {}, digest=digest)) == "algorithm"
    assert refusal(forge(HEADER, {}, digest=digest)) == "signature"


def test_no_algorithm(refusal, forge):
    assert refusal(forge({"typ": "JWT"}, {})) == "algorithm"


@pytest.mark.parametrize(
    "signature",
    [bytes(32), bytes(64), b"\xff" * 32, b"\x30\x06\x02\x01\x00\x02\x01\x00", b"0"],
)
def test_made_up_signatures(refusal, forge, signature):
    message = forge(HEADER, {}).rpartition(".")[0]
    text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    assert refusal(f"{message}.{text}") == "signature"


def test_a_part_of_the_signature(refusal, forge):
    token = forge(HEADER, {})

    assert refusal(token[:-3]) == "signature"
    assert refusal(token + "AAAA") == "signature"


@pytest.mark.parametrize(
    "name", ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "cty", "zip", "typ"]
)
def test_keys_that_the_token_brings_along_are_ignored(
    forge, key, refusal, monkeypatch, name
):
    def forbid(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.socket.connect", forbid)
    stranger = "a secret that the stranger made up for himself"
    own = {"kty": "oct", "k": base64.urlsafe_b64encode(stranger.encode()).decode()}
    value = {"jwk": own, "x5c": ["MII="]}.get(name, "http://127.0.0.1:1/keys")
    header = {**HEADER, name: value}

    assert refusal(forge(header, {}, stranger)) == "signature"
    assert decode(forge(header, {"a": 1}), [key], max_length=999) == {"a": 1}


@pytest.mark.parametrize(
    "kid",
    [
        *["../../../../dev/null", "/dev/null", "C:\\nul", "' UNION SELECT 'x' -- "],
        *[
            "; sleep 9",
            "$(id)",
            "`id`",
            "|id",
            "\x00",
            "",
            "x" * 5000,
            "{{7*7}}",
            "%00",
        ],
        *["http://127.0.0.1:1/", "file:///dev/null", "\u202e", "__proto__", "\ud800"],
    ],
)
@pytest.mark.parametrize("stranger", ["", "x", "\n", "null"])
def test_key_identifiers_choose_nothing(forge, refusal, key, kid, stranger):
    header = {**HEADER, "kid": kid}

    assert refusal(forge(header, {}, stranger)) == "signature"
    assert decode(forge(header, {}), [key], max_length=16384) == {}


@pytest.mark.parametrize("kid", [None, 1, True, [], {}, ["a"]])
def test_a_key_identifier_is_a_text(forge, refusal, kid):
    assert refusal(forge({**HEADER, "kid": kid}, {})) == "malformed"


@pytest.mark.parametrize(
    "extension",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": None},
        {"crit": "b64"},
        {"b64": True},
        {"b64": False},
        {"b64": None},
    ],
)
def test_extensions_are_not_understood(forge, refusal, extension):
    assert refusal(forge({**HEADER, **extension}, {})) == "malformed"


def test_detached_payload(forge, refusal):
    header, _, signature = forge({**HEADER, "b64": False, "crit": ["b64"]}, {}).split(
        "."
    )

    assert refusal(f"{header}..{signature}") == "malformed"


@pytest.mark.parametrize(
    "payload",
    [
        *[b"", b" ", b"[]", b'"text"', b"1", b"null", b"true", b"{", b"{}{}", b"\xff"],
        *[b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}'],
        *[b'{"a":' + b"1" * 5000 + b"}", b'{"a":"\x01"}', b'{"a":1,}', b"{}\x00"],
        b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        b'{"a":"\xed\xa0\x80"}',
    ],
    ids=lambda payload: repr(payload)[:24],
)
def test_a_part_that_is_no_json_object(forge, refusal, payload):
    assert refusal(forge(HEADER, payload), max_length=100_000) == "malformed"
    assert refusal(forge(payload, {}), max_length=100_000) == "malformed"


def test_json_nested_50_000_deep(forge, refusal):
    token = forge(HEADER, b'{"a":' * 50_000 + b"1" + b"}" * 50_000)

    assert refusal(token) == "malformed"
    assert refusal(token, max_length=sys.maxsize) == "malformed"


def test_of_equal_keys_the_last_one_counts_as_in_pyjwt(forge, key, secret):
    token = forge(b'{"alg":"none","alg":"HS256"}', b'{"sub":"a","sub":"b"}')

    assert decode(token, [key], max_length=999) == {"sub": "b"}
    assert jwt.decode(token, secret, ["HS256"]) == {"sub": "b"}


def test_every_token_has_one_spelling(forge, key, refusal):
    """No other text than the token itself is accepted with its signature."""
    token = forge(HEADER, {"a": "bc"})
    assert decode(token, [key], max_length=999) == {"a": "bc"}

    spellings = [token + end for end in ("=", "==", " ", "\n", ".", "\x00", "A")]
    spellings += [begin + token for begin in (" ", "\n", "\ufeff", "Bearer ")]
    spellings.append(token.replace(".", "=.", 1))
    spellings.append(token.replace("-", "+").replace("_", "/") + "+")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for end in (token.index("."), token.rindex("."), len(token)):
        for last in alphabet.replace(token[end - 1], ""):
            spellings.append(token[: end - 1] + last + token[end:])
    for spelling in spellings:
        assert refusal(spelling) in {"malformed", "signature", "algorithm"}


def test_length_is_looked_at_before_anything_else(forge, key, refusal):
    token = forge(HEADER, {})

    assert decode(token, [key], max_length=len(token)) == {}
    assert refusal(token, max_length=len(token) - 1) == "malformed"


def test_several_keys_are_tried_only_for_a_wrong_signature(forge, monkeypatch):
    keys = [
        prepare_key(f"secret number {n} of thirty-two bytes", "HS256") for n in (1, 2)
    ]
    tried = []
    verify = Key.verify
    monkeypatch.setattr(
        Key, "verify", lambda self, *rest: tried.append(self) or verify(self, *rest)
    )
    second = forge(HEADER, {"n": 2}, "secret number 2 of thirty-two bytes")

    assert decode(second, keys, max_length=999) == {"n": 2}
    assert tried == keys

    tried.clear()
    with pytest.raises(TokenError):
        decode(forge({"alg": "HS512"}, {}), keys, max_length=999)
    with pytest.raises(TokenError):
        decode(
            forge(HEADER, b"[]", "secret number 1 of thirty-two bytes"),
            keys,
            max_length=999,
        )
    assert tried == keys[:1]


PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"


@pytest.mark.parametrize(
    "secret",
    [
        *["", b"", None, 5, [], ["a"], {}, object(), bytearray(b"a" * 32), "\ud800"],
        *[PEM, PEM.replace("\n", "\r\n"), PEM.replace("\n", ""), PEM.encode()],
        *[PEM.rstrip(), PEM[:30], "\n" + PEM, "x" + PEM],
        *["ssh-rsa AAAAB3Nza", "ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 AAAA"],
        '{"kty": "RSA", "n": "AQAB", "e": "AQAB"}',
        '{"kty": "oct", "k": "AQAB"}',
        '{"a":' * 50_000,
    ],
    ids=lambda secret: repr(secret)[:24],
)
def test_what_can_be_no_secret(secret):
    with pytest.raises(ConfigurationError, match=r"^The name ") as caught:
        prepare_key(secret, "HS256", name="The name")

    assert "MIIB" not in str(caught.value)
    assert "AQAB" not in str(caught.value)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize("algorithm", ["none", "RS256", "hs256", "", None])
def test_algorithms_that_are_not_offered(algorithm):
    with pytest.raises(ConfigurationError, match="HS256, HS384, HS512"):
        prepare_key("x" * 64, algorithm)


def test_a_secret_is_prepared_once(monkeypatch):
    prepared = []
    monkeypatch.setattr(
        "jwt.algorithms.HMACAlgorithm.prepare_key",
        lambda _, secret: prepared.append(secret) or secret,
    )

    keys = {
        id(prepare_key("a secret nobody else uses here", "HS256")) for _ in range(9)
    }

    assert len(keys) == 1
    assert prepared == [b"a secret nobody else uses here"]


@pytest.mark.parametrize(
    ("algorithm", "length"), [("HS256", 32), ("HS384", 48), ("HS512", 64)]
)
def test_weak_is_what_is_shorter_than_the_hash(algorithm, length):
    assert prepare_key("x" * length, algorithm).weakness is None
    assert f"{length - 1} bytes" in prepare_key("x" * (length - 1), algorithm).weakness


def test_a_session_cookie_is_no_token(app, refusal):
    serializer = app.session_interface.get_signing_serializer(app)

    assert refusal(serializer.dumps({"alg": "HS512"})) == "algorithm"
    assert refusal(serializer.dumps({"alg": "HS256"})) == "signature"


def test_a_key_shows_nothing_of_the_secret(key, secret):
    assert secret not in repr(key)


def test_hmac_is_the_one_of_the_standard_library(key, secret):
    assert key.sign(b"m") == hmac.digest(secret.encode(), b"m", "sha256")
    assert json.loads(base64url(key.header.decode())) == HEADER
