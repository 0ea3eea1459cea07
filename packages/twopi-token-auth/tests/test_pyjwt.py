"""What we accept, PyJWT accepts with equal claims; what it issues, we judge alike.

``TWOPI_TOKEN_AUTH_FUZZ=300000`` makes that many more hostile tokens, from the seed
``TWOPI_TOKEN_AUTH_SEED`` (0).
"""

import base64
import functools
import hashlib
import hmac
import json
import os
import random
from datetime import UTC, datetime, timedelta
from unittest import mock

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from twopi_token_auth import TokenError
from twopi_token_auth.jose.claims import IAT_LEEWAY, check_claims
from twopi_token_auth.jose.jws import decode, encode
from twopi_token_auth.jose.key import Key, prepare_key
from twopi_token_auth.jose.verified_tokens import VerifiedTokens
from twopi_token_auth.jose.verifier import Limits, Verifier

NOW = 1_800_000_000
CACHE = VerifiedTokens(100)
SECRETS = ["the first secret ".ljust(64, "1"), "the second secret ".ljust(64, "2")]
ALGORITHMS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
ASYMMETRIC = {
    **dict.fromkeys(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], "rsa"),
    "ES256": "p256",
    "ES384": "p384",
    "ES512": "p521",
    "EdDSA": "ed25519",
}
MANY = int(os.environ.get("TWOPI_TOKEN_AUTH_FUZZ", "10000"))
SEED = int(os.environ.get("TWOPI_TOKEN_AUTH_SEED", "0"))


@functools.cache
def private_keys():
    """Make two private keys of each kind."""
    return {
        "rsa": [rsa.generate_private_key(65537, 2048) for _ in SECRETS],
        "p256": [ec.generate_private_key(ec.SECP256R1()) for _ in SECRETS],
        "p384": [ec.generate_private_key(ec.SECP384R1()) for _ in SECRETS],
        "p521": [ec.generate_private_key(ec.SECP521R1()) for _ in SECRETS],
        "ed25519": [ed25519.Ed25519PrivateKey.generate() for _ in SECRETS],
    }


@functools.cache
def accepted_keys(algorithm):
    if algorithm in ALGORITHMS:
        return [prepare_key(secret, algorithm) for secret in SECRETS]
    return [Key(key, algorithm) for key in private_keys()[ASYMMETRIC[algorithm]]]


class StoppedDatetime(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(NOW, tz)


@pytest.fixture(autouse=True, scope="module")
def stopped_clock():
    """PyJWT's clock, standing still."""
    with mock.patch("jwt.api_jwt.datetime", StoppedDatetime):
        yield


NUMBERS = [
    *[NOW + offset for offset in (-301, -61, -60, -59, -1, 0, 1, 59, 60, 61, 301)],
    *[0, -1, 1, NOW * 1000, 253402300799, 253402300800, -62135596801],
    *[NOW - 0.5, NOW + 0.5, 0.0, -0.0, 1e30, -1e30, 1e308, 10**30],
]
ODD = [None, True, False, "", "a", str(NOW + 9), [], ["a"], {}, {"a": 1}, "\ud800", "é"]
NAMES = ["me", "you", "", "ME", ["me"], ["you", "them"], [], ["me", 5], None, 5, True]


def hostile_claims(rng, malice):
    claims = {}
    for name in ("exp", "nbf", "iat"):
        if rng.random() < 0.4:
            good = NOW + 99 if name == "exp" else NOW - 99
            odd = rng.choice(NUMBERS + ODD)
            claims[name] = odd if rng.random() < malice else good
    for name in ("iss", "aud", "sub", "jti"):
        if rng.random() < 0.3:
            claims[name] = rng.choice(NAMES) if rng.random() < malice else "me"
    for name in ("uid", "é", "", "\ud800", "__proto__"):
        if rng.random() < 0.15:
            claims[name] = rng.choice(ODD + NUMBERS)
    return claims


def hostile_header(rng, malice, algorithm):
    header = {"alg": algorithm, "typ": "JWT"}
    if rng.random() < malice * 0.3:
        wrong = ["none", "HS384", "hs256", None, ["HS256"], {}, 1, "RS256", ""]
        header["alg"] = rng.choice(wrong)
    if rng.random() < malice * 0.1:
        del header["alg"]
    for name, values in {
        "typ": [None, "at+jwt", 5, {}],
        "kid": ["1", "", None, 5, [], "../x", "\ud800"],
        "crit": [[], ["b64"], ["exp"], None, "b64"],
        "b64": [True, False, None, 0],
        "jwk": [{"kty": "oct", "k": "AAAA"}],
        "cty": ["JWT"],
        "zip": ["DEF"],
    }.items():
        if rng.random() < malice * 0.2:
            header[name] = rng.choice(values)
    return header


def hostile_json(rng, malice, value):
    text = json.dumps(value, ensure_ascii=rng.random() < 0.9)
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() > malice * 0.5:
        return raw
    return rng.choice(
        [
            raw.replace(b" ", b""),
            b" " + raw + b"\r\n",
            b"\xef\xbb\xbf" + raw,
            text.encode("utf-16", "surrogatepass"),
            text.encode("utf-16-le", "surrogatepass"),
            text.encode("utf-32", "surrogatepass"),
            raw[:-1] + b',"a":NaN}',
            raw[:-1] + b',"a":1e400}',
            raw[:-1] + b',"alg":"none"}',
            raw[:-1] + b',"exp":' + b"9" * rng.choice([30, 4299, 5000]) + b"}",
            raw[:-1] + b',"a":' + b"[" * 3000 + b"]" * 3000 + b"}",
            raw + raw,
            b"[" + raw + b"]",
            raw[:-1],
            raw.replace(b"}", b"\xff}"),
            b"\x00" + raw,
            b"",
            b"null",
        ]
    )


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def hostile_spelling(rng, token):
    place = rng.randrange(len(token) + 1)
    if rng.random() < 0.5:
        place = rng.choice([0, len(token), token.find(".") + 1, token.rfind(".") + 1])
    if rng.random() < 0.5:
        extra = rng.choice([*"=. \n\t\x00+/-_A\u00e9\ud800", "==", "%3D", "\u200b"])
        return token[:place] + extra + token[place:]
    place = max(place, 1)
    return token[: place - 1] + rng.choice(["", *ALPHABET]) + token[place:]


def hostile_token(rng, algorithm):
    """Make a token that is right, a little wrong, or wrong in many ways."""
    malice = rng.choice([0.02, 0.1, 0.4])
    header = hostile_json(rng, malice, hostile_header(rng, malice, algorithm))
    payload = hostile_json(rng, malice, hostile_claims(rng, malice))
    message = f"{base64url(header)}.{base64url(payload)}"
    signature = rng.choice(accepted_keys(algorithm)).sign(message.encode())
    if rng.random() < malice * 0.2:
        digest, secret = rng.choice([*ALGORITHMS.values()]), rng.choice(["", "x" * 64])
        signature = hmac.digest(secret.encode(), message.encode(), digest)
    if rng.random() < malice * 0.2:
        signature = rng.choice([b"", signature[:-1], signature + b"\0", bytes(32)])
    token = f"{message}.{base64url(signature)}"
    for _ in range(3):
        if rng.random() < malice * 0.6:
            token = hostile_spelling(rng, token)
    return token


def expectations(rng):
    return {
        "leeway": rng.choice([0, 0, 60]),
        "issuers": rng.choice([None, None, None, ("me",), ("me", "you")]),
        "audiences": rng.choice([None, None, None, ("me",), ("you", "me")]),
        "require": rng.choice([(), (), (), ("exp",), ("sub", "iat")]),
    }


def ours(token, algorithm, expected):
    """Return the claims; fail where one that remembers judges in another way."""
    verifiers = [
        verifier(algorithm, cached, **expected) for cached in (False, True, True)
    ]
    remembered = [judge(each.verify, token, NOW) for each in verifiers]
    judgement = judge(verify, token, algorithm, **expected)
    assert remembered == [judgement] * 3
    if isinstance(judgement, str):
        raise TokenError(judgement, "")
    return judgement


def judge(call, *arguments, **options):
    try:
        return call(*arguments, **options)
    except TokenError as error:
        return error.code


def verify(token, algorithm, **expected):
    claims = decode(token, accepted_keys(algorithm), max_length=16384)
    check_claims(claims, now=NOW, **expected)
    return claims


@functools.cache
def verifier(algorithm, cached, leeway, issuers, audiences, require):
    """Make a verifier for all tokens with the same expectations."""
    return Verifier(
        tuple(accepted_keys(algorithm)),
        None,
        issuers,
        audiences,
        limits=Limits(leeway=leeway, require=tuple(require)),
        cache=CACHE if cached else None,
    )


def theirs(token, algorithm, expected, **options):
    secrets = [key.public for key in accepted_keys(algorithm)]
    for secret in secrets:
        try:
            return jwt.decode(
                token,
                secret,
                [algorithm],
                options={"require": list(expected["require"]), **options},
                leeway=max(expected["leeway"], 0 if options else IAT_LEEWAY),
                issuer=expected["issuers"],
                audience=expected["audiences"],
            )
        except jwt.InvalidSignatureError:
            if secret is secrets[-1]:
                raise
    raise AssertionError


def compare(rng, algorithms=(*ALGORITHMS, "HS256")):
    """Tell whether we accept a hostile token; fail if PyJWT then does not."""
    algorithm, expected = rng.choice(algorithms), expectations(rng)
    token = hostile_token(rng, algorithm)
    try:
        claims = ours(token, algorithm, expected)
    except TokenError:
        return False
    assert theirs(token, algorithm, expected) == claims
    # The end is exact, and the beginning is not.
    theirs(token, algorithm, expected, verify_iat=False, verify_nbf=False)
    return True


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_what_we_accept_pyjwt_accepts(rng):
    compare(rng)


def test_what_we_accept_pyjwt_accepts_in_great_number():
    rng = random.Random(SEED)

    accepted = sum(compare(rng) for _ in range(MANY))

    assert MANY * 0.1 < accepted < MANY * 0.5


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_what_we_accept_pyjwt_accepts_with_every_kind_of_key(algorithm):
    rng = random.Random(SEED)
    many = MANY // 50

    accepted = sum(compare(rng, [algorithm]) for _ in range(many))

    assert many * 0.1 < accepted < many * 0.5


numbers = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12)
texts = st.text(max_size=9)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=6,
).filter(lambda value: "Infinity" not in json.dumps(value))
claims_of_pyjwt = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["exp", "nbf", "iat"], numbers),
        **dict.fromkeys(["iss", "sub", "jti"], texts),
        "aud": texts | st.lists(texts, max_size=3),
        "uid": anything,
        "é": anything,
    },
)
headers_of_pyjwt = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt", None, ""]),
        "kid": texts,
        "b64": st.just(True),
        "x": anything,
    },
)


@given(
    claims=claims_of_pyjwt,
    headers=headers_of_pyjwt,
    algorithm=st.sampled_from([*ALGORITHMS, "ES256", "EdDSA", "PS256"]),
    expected=st.randoms(use_true_random=False).map(expectations),
    number=st.integers(0, 1),
)
@settings(max_examples=400, deadline=None)
def test_what_pyjwt_issues_we_judge_alike(claims, headers, algorithm, expected, number):
    secret = accepted_keys(algorithm)[number].private
    token = jwt.encode(claims, secret, algorithm, headers)

    try:
        accepted = theirs(token, algorithm, expected)
    except jwt.InvalidTokenError:
        accepted = None

    try:
        assert ours(token, algorithm, expected) == accepted == claims
    except TokenError:
        assert accepted is None


@given(claims=claims_of_pyjwt, algorithm=st.sampled_from([*ALGORITHMS]))
@settings(max_examples=200, deadline=None)
def test_what_we_issue_is_what_pyjwt_issues(claims, algorithm):
    key = prepare_key(SECRETS[0], algorithm)

    assert encode(claims, key) == jwt.encode(claims, SECRETS[0], algorithm)


@given(data=st.text() | st.binary() | st.integers() | anything)
@settings(max_examples=300, deadline=None)
def test_anything_else_is_refused_and_never_an_error(data, token_class):
    assert token_class.load(data, SECRETS[0]) is None


@given(
    offset=st.integers(1, 10**9),
    start=st.integers(0, 10**9),
    user_id=texts,
    scopes=st.lists(texts, max_size=4),
    subject=st.none() | texts,
)
@settings(max_examples=200, deadline=None)
def test_every_token_comes_back_as_it_was(
    token_class, offset, start, user_id, scopes, subject
):
    now = datetime.now(UTC).replace(microsecond=0)
    token = token_class(
        user_id,
        scopes,
        expiry=now + timedelta(seconds=offset + 60),
        not_before=now - timedelta(seconds=start),
        subject=subject,
    )

    loaded = token_class.load(token.dump(SECRETS[0]), SECRETS[0])

    assert {**vars(loaded), "issued_at": None} == {**vars(token), "issued_at": None}
