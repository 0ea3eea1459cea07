"""What strangers try on tokens, sent to applications as anybody could send it.

Each attack makes tokens that would get in if one check were missing: the signature is
right wherever the attack is about something else.
"""

import base64
import hashlib
import hmac
import json
import socket

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from flask import Flask
from jwt.algorithms import get_default_algorithms

from twopi_token_auth import (
    KeyRing,
    SessionToken,
    auth_required,
    parse_auth_header,
)

SECRET = "thirty-two bytes, enough for all of HS256"
INVALID = {"_errors": ["The provided token was invalid."]}
MISSING = {"_errors": ["A valid token is required to access this resource"]}
ALGORITHMS = get_default_algorithms()
CLAIMS = {"sid": "0", "sub": "root"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def generate(algorithm):
    if algorithm == "HS256":
        return SECRET.encode()
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def segment(part):
    return base64url(part if isinstance(part, bytes) else json.dumps(part).encode())


def hmac_token(header, secret, digest="sha256"):
    message = f"{segment(header)}.{segment(CLAIMS)}"
    return f"{message}.{base64url(hmac.digest(secret, message.encode(), digest))}"


def pem(key, half):
    if half == "private":
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, *form)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


class Victim:
    """An application, and the key that nobody but it has."""

    def __init__(self, algorithm, cache_size):
        self.algorithm = algorithm
        self.key, self.stranger = generate(algorithm), generate(algorithm)
        self.retired = generate(algorithm)
        self.header = {"alg": algorithm, "typ": SessionToken.token_type}
        app = Flask("victim")
        app.config.update(SECRET_KEY=SECRET, TOKEN_AUTH_CACHE_SIZE=cache_size)
        if algorithm == "HS256":
            self.stranger = b"a secret that the stranger made up for himself"
        else:
            ring = KeyRing().add(pem(self.key, "private"), algorithm=algorithm)
            ring.add(pem(self.retired, "public"), "retired", algorithm)
            app.config["TOKEN_AUTH_KEYS"] = ring
            self.header["kid"] = ring.current.kid

        @app.get("/closed")
        @parse_auth_header(SessionToken, cookie="access")
        @auth_required()
        def closed():
            return "in"

        self.app = app
        self.client = app.test_client()

    def sign(self, header, payload=CLAIMS, key=None, algorithm=None):
        """Return a token that is signed with the right key, or with another one."""
        message = f"{segment(header)}.{segment(payload)}"
        implementation = ALGORITHMS[algorithm or self.algorithm]
        prepared = implementation.prepare_key(key or self.key)
        return f"{message}.{base64url(implementation.sign(message.encode(), prepared))}"

    def lets_in(self, token):
        answers = [self.client.get("/closed", query_string={"token": token})]
        if token.isascii() and token.isprintable() and token == token.strip():
            header = {"Authorization": f"Bearer {token}"}
            answers.append(self.client.get("/closed", headers=header))
        for answer in answers:
            assert answer.status_code in {200, 401}, answer.text
            if answer.status_code == 401:
                assert answer.json in (INVALID, MISSING)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                assert answer.headers["Cache-Control"] == "no-store"
        return any(answer.status_code == 200 for answer in answers)


@pytest.fixture(
    scope="module",
    params=[
        *[("HS256", 0), ("RS256", 0), ("PS256", 0), ("ES256", 0), ("EdDSA", 0)],
        *[("HS256", 50), ("ES256", 50)],
    ],
    ids=lambda param: param[0] + (" cached" if param[1] else ""),
)
def victim(request):
    return Victim(*request.param)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Nothing in a token makes the application ask anybody."""

    def forbid(*_, **__):
        raise AssertionError("the network was used")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, forbid)
    monkeypatch.setattr(socket, "getaddrinfo", forbid)


def unsigned(victim):
    spellings = ["none", "None", "NONE", "nOnE", "none ", " none", "", "none\0", "null"]
    for name in spellings:
        message = f"{segment({**victim.header, 'alg': name})}.{segment(CLAIMS)}"
        for tail in ("", ".", ".AA", f".{segment({})}"):
            yield message + tail
        yield victim.sign({**victim.header, "alg": name})


def unsigned_with_the_right_header(victim):
    message = victim.sign(victim.header).rpartition(".")[0]
    yield from (message, f"{message}.", f"{message}..", f"{message}.AA")
    yield f"{message}.{victim.sign({**victim.header, 'x': 1}).rpartition('.')[2]}"


def another_algorithm(victim):
    names = {"HS256", "HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384"}
    names |= {"EdDSA", "ES256K", victim.algorithm.lower(), f"{victim.algorithm} "}
    names |= {f"{victim.algorithm}\0", victim.algorithm[:-1], "dir", "\uff28\uff33256"}
    for name in sorted(names - {victim.algorithm}):
        yield victim.sign({**victim.header, "alg": name})


def an_algorithm_of_another_type(victim):
    name = victim.algorithm
    for wrong in (None, 0, 1, 1.5, True, [], [name], {}, {name: 1}, [[name]]):
        yield victim.sign({**victim.header, "alg": wrong})
    yield victim.sign({k: v for k, v in victim.header.items() if k != "alg"})


def the_right_key_in_another_scheme(victim):
    """The header is right, and so is the key, but the signature is of another kind."""
    others = {
        "HS256": ["HS384", "HS512"],
        "RS256": ["PS256", "RS384", "RS512"],
        "PS256": ["RS256", "PS384", "PS512"],
    }
    for other in others.get(victim.algorithm, ()):
        yield victim.sign(victim.header, algorithm=other)


def the_public_key_as_a_secret(victim):
    if victim.algorithm == "HS256":
        return
    text = pem(victim.key, "public")
    der = base64.b64decode(b"".join(text.splitlines()[1:-1]))
    jwk = json.dumps(victim.app.config["TOKEN_AUTH_KEYS"].public_jwks()["keys"][0])
    forms = [text, text.replace(b"\n", b"\r\n"), text.strip(), text.replace(b"\n", b"")]
    forms += [der, jwk.encode(), victim.header["kid"].encode(), SECRET.encode()]
    for form in forms:
        for name in ("HS256", "HS384", "HS512"):
            digest = f"sha{name[2:]}"
            yield hmac_token({**victim.header, "alg": name}, form, digest)
            yield hmac_token({"alg": name}, form, digest)
            yield hmac_token(victim.header, form, digest)


def the_key_of_a_stranger(victim):
    for header in (victim.header, {"alg": victim.algorithm}):
        yield victim.sign(header, key=victim.stranger)
    for secret in (b"", b"secret", b"\0" * 32, b"None", SECRET.upper().encode()):
        yield hmac_token(victim.header, secret)


def keys_that_come_along(victim):
    url = "http://127.0.0.1:1/keys"
    certificate = base64.b64encode(b"certificate").decode()
    if victim.algorithm == "HS256":
        jwk = {"kty": "oct", "k": base64url(victim.stranger)}
    else:
        public = victim.stranger.public_key()
        jwk = ALGORITHMS[victim.algorithm].to_jwk(public, as_dict=True)
    for extra in (
        {"jwk": jwk},
        {"jwk": {**jwk, "kid": "mine"}, "kid": "mine"},
        {"jku": url},
        {"x5u": url},
        {"x5c": [certificate]},
        {"jku": url, "kid": "mine", "x5u": url, "x5t": "AA", "x5t#S256": "AA"},
        {"jku": "file:///dev/null", "x5u": "ftp://localhost.example/"},
    ):
        yield victim.sign({**victim.header, **extra}, key=victim.stranger)


def keys_that_a_name_would_choose(victim):
    names = ["../../../../dev/null", "/dev/null", "C:\\nul", "' UNION SELECT 'x' -- "]
    names += ["; sleep 9", "$(id)", "`id`", "|id", "\0", "", "x" * 5000, "{{7*7}}"]
    names += ["%00", "http://127.0.0.1:1/", "file:///dev/null", "\u202e", "__proto__"]
    for name in [*names, "\ud800", "SECRET_KEY"]:
        header = {**victim.header, "kid": name}
        yield victim.sign(header, key=victim.stranger)
        for secret in (b"", b"x", b"\n", b"null"):
            yield hmac_token(header, secret)
            yield hmac_token({**header, "alg": "HS256"}, secret)


def the_name_of_another_key(victim):
    if victim.algorithm == "HS256":
        return  # secrets have no names
    for name in ("retired", "unknown", victim.header["kid"].upper(), "retired\0"):
        yield victim.sign({**victim.header, "kid": name})
    yield victim.sign(victim.header, key=victim.retired)


def names_of_keys_that_are_no_text(victim):
    for name in (None, 0, True, [], {}, [victim.header.get("kid")]):
        yield victim.sign({**victim.header, "kid": name})


def made_up_signatures(victim):
    token = victim.sign(victim.header)
    message, _, signature = token.rpartition(".")
    length = len(base64.urlsafe_b64decode(signature + "=="))
    zero_der = utils.encode_dss_signature(0, 0)
    for forged in (
        bytes(length),
        b"\xff" * length,
        bytes(length - 1) + b"\1",
        zero_der,
        utils.encode_dss_signature(1, 1),
        bytes(64),
        P256_ORDER.to_bytes(32) * 2,
        b"\0",
    ):
        yield f"{message}.{base64url(forged)}"


def right_signatures_in_other_forms(victim):
    token = victim.sign(victim.header)
    message, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    forms = [raw[:-1], raw[1:], raw + b"\0", b"\0" + raw, raw + raw, raw[::-1]]
    forms += [raw.hex().encode(), base64.b64encode(raw), raw[: len(raw) // 2]]
    if victim.algorithm == "ES256":
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        forms += [utils.encode_dss_signature(r, s), raw[32:] + raw[:32]]
        forms += [b"\0" + raw[:32] + b"\0" + raw[32:]]
        forms += [raw[:32] + ((s + P256_ORDER) % 2**256).to_bytes(32)]
    elif victim.algorithm == "EdDSA":
        s = int.from_bytes(raw[32:], "little") + ED25519_ORDER
        forms += [raw[:32] + s.to_bytes(32, "little")]
    for form in forms:
        yield f"{message}.{base64url(form)}"


def rsa_signatures_that_are_nearly_right(victim):
    """What a lenient reader of paddings takes for right (RFC 8017 section 8)."""
    if victim.algorithm not in {"RS256", "PS256"}:
        return
    message, _, signature = victim.sign(victim.header).rpartition(".")
    private = victim.key.private_numbers()
    modulus = private.public_numbers.n

    def token(number, length=256):
        return f"{message}.{base64url(number.to_bytes(length))}"

    def padded(info, start=b"\0\1", fill=b"\xff", end=b"\0", rest=b""):
        length = 256 - len(start + end + info + rest)
        block = (start + fill * length)[: 256 - len(end + info + rest)]
        return token(pow(int.from_bytes(block + end + info + rest), private.d, modulus))

    right = int.from_bytes(base64.urlsafe_b64decode(signature + "=="))
    yield from (token(right + modulus, 257), token(modulus - right), token(1))

    digest = hashlib.sha256(message.encode()).digest()
    name = bytes.fromhex("0609608648016503040201")  # id-sha256
    info = b"\x30\x31\x30\x0d" + name + b"\5\0\4\x20" + digest
    assert victim.algorithm == "PS256" or padded(info) == token(right)
    yield from (padded(info, start) for start in (b"\0\0", b"\0\2", b"\1\1"))
    yield from (padded(info, fill=fill) for fill in (b"\0", b"\1", b"\xff\xfe"))
    yield from (padded(info, end=end) for end in (b"", b"\0\0", b"\xfe\0"))
    yield padded(info, rest=b"\0")
    yield padded(info, b"\0\1" + b"\xff" * 8, b"", rest=bytes(194))  # what is over
    for other in (
        digest,
        b"\4\x20" + digest,
        b"\x30\x2f\x30\x0b" + name + info[17:],  # without parameters
        b"\x30\x33\x30\x0f" + name + b"\5\2\0\0" + info[17:],  # with long ones
        b"\x30\x81" + info[1:],  # the length in another form
        b"\x30\x80" + info[2:] + b"\0\0",
        info.replace(name, name[:-1] + b"\3"),  # id-sha512
    ):
        yield padded(other)

    for salt, mask in ((0, "SHA256"), (20, "SHA256"), (32, "SHA1"), (32, "SHA512")):
        scheme = padding.PSS(padding.MGF1(getattr(hashes, mask)()), salt)
        signature = victim.key.sign(message.encode(), scheme, hashes.SHA256())
        yield f"{message}.{base64url(signature)}"


def extensions(victim):
    for extra in (
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"crit": ["http://127.0.0.1/"], "http://127.0.0.1/": 1},
        *[{"crit": value} for value in ([], None, "b64", {}, [1])],
        *[{"b64": value} for value in (True, False, None, "false")],
    ):
        yield victim.sign({**victim.header, **extra})
    header, _, signature = victim.sign(victim.header).split(".")
    yield f"{header}..{signature}"  # a detached payload (RFC 7515 appendix F)
    signed = f"{segment({**victim.header, 'b64': False, 'crit': ['b64']})}."
    yield f"{signed}{json.dumps(CLAIMS)}.{signature}"  # RFC 7797


def members_that_are_there_twice(victim):
    """The last one counts, everywhere: nobody reads what was not checked."""
    right = json.dumps(victim.header).encode()
    payload = json.dumps(CLAIMS).encode()
    yield victim.sign(right[:-1] + b',"alg":"none"}')
    yield victim.sign(right[:-1] + b',"kid":5}')
    twice = segment(b'{"alg":"none",' + right[1:])
    yield f"{twice}.{segment(CLAIMS)}."
    yield victim.sign(victim.header, payload[:-1] + b',"exp":1}')
    future = b'{"exp":99999999999,' + payload[1:]
    yield victim.sign(victim.header, future[:-1] + b',"exp":1}')


NO_OBJECTS = [
    *[b"", b" ", b"[]", b'"text"', b"1", b"null", b"true", b"{", b"{}{}", b"\xff"],
    *[b"[{}]", b"{'sid': '0'}", b'{"sid":"0",}', b"{}\0", b"\0{}", b"// {}\n{}"],
    *[b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-16-le")],
    *["{}".encode("utf-32"), b'{"a":"\xed\xa0\x80"}', b'{"a":"\x01"}', b"{\xa0}"],
]


def something_else_than_an_object(victim):
    right, claims = (json.dumps(each).encode() for each in (victim.header, CLAIMS))
    for wrong in NO_OBJECTS:
        yield victim.sign(victim.header, wrong)
        yield victim.sign(wrong)
    for wrap in (b"[%s]", b"\xef\xbb\xbf%s", b"%s%s", b"%s\0", b"%s,", b"(%s)"):
        yield victim.sign(wrap.replace(b"%s", right))
        yield victim.sign(right, wrap.replace(b"%s", claims))
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield victim.sign(victim.header, json.dumps(CLAIMS).encode(encoding))
        yield victim.sign(json.dumps(victim.header).encode(encoding))


def other_spellings_of_a_good_token(victim):
    token = victim.sign(victim.header, {**CLAIMS, "x": "?>~\u00ff"})
    header, payload, signature = token.split(".")
    yield from (f"{token}{end}" for end in ("=", "==", "A", ".", "\n", "\0", "%3D"))
    yield from (f"{start}{token}" for start in (".", "\n", "\ufeff", '"', "Bearer "))
    for place in range(3):
        parts = [header, payload, signature]
        for altered in (f"{parts[place]}=", f"{parts[place]}==", f"={parts[place]}"):
            yield ".".join([*parts[:place], altered, *parts[place + 1 :]])
        for junk in (
            " ",
            "\n",
            "\t",
            "\r\n",
            "\u200b",
            "-\b",
            "!!!!",
            "\n\n\n\n",
            "====",
        ):
            altered = f"{parts[place][:4]}{junk}{parts[place][4:]}"
            yield ".".join([*parts[:place], altered, *parts[place + 1 :]])
        # The last character has bits that mean nothing, but only one spelling is right.
        if len(parts[place]) % 4:
            neighbour = ALPHABET[ALPHABET.index(parts[place][-1]) ^ 1]
            altered = f"{parts[place][:-1]}{neighbour}"
            yield ".".join([*parts[:place], altered, *parts[place + 1 :]])
    if {"-", "_"} & set(token):
        yield token.replace("-", "+").replace("_", "/")
    yield f"{token}.{signature}"
    yield f"{header}.{token}"
    yield json.dumps({"payload": payload, "protected": header, "signature": signature})
    yield token.encode().hex()


def numbers_that_are_none(victim):
    claims = json.dumps(CLAIMS).encode()[:-1]
    for text in (b"NaN", b"Infinity", b"-Infinity", b"9" * 5000, b"-" + b"9" * 5000):
        for name in (b"exp", b"nbf", b"else"):
            yield victim.sign(victim.header, claims + b',"%s":%s}' % (name, text))
        yield victim.sign(json.dumps(victim.header).encode()[:-1] + b',"x":%s}' % text)
    for name in (b"exp", b"nbf", b"iat"):
        for text in (b"1e400", b"-1e400", b"1e-400e", b"0x7fffffff", b"+1", b"01"):
            yield victim.sign(victim.header, claims + b',"%s":%s}' % (name, text))


def dates_that_are_none(victim):
    odd = [None, "", "1", "99999999999", True, False, [], {}, [99999999999]]
    for name in ("exp", "nbf", "iat"):
        for value in odd:
            yield victim.sign(victim.header, {**CLAIMS, name: value})
    for value in (0, -1, -(10**30), -1e300, 1.5, 1e30, 10**30, 253402300800):
        yield victim.sign(victim.header, {**CLAIMS, "exp": value})
    for name in ("nbf", "iat"):
        for value in (1e30, 10**30, 253402300799, 9e18):
            yield victim.sign(victim.header, {**CLAIMS, name: value})


def claims_of_another_type(victim):
    for name in ("sid", "sub", "iss", "jti"):
        for value in (5, True, [], ["root"], {}, {"root": 1}):
            yield victim.sign(victim.header, {**CLAIMS, name: value})
    for value in ("admin", {"admin": 1}, [1], [["admin"]], 5, True):
        yield victim.sign(victim.header, {**CLAIMS, "scopes": value})
    for value in ("us", ["us"], 5, {"us": 1}):  # a token for somebody else
        yield victim.sign(victim.header, {**CLAIMS, "aud": value})
    yield victim.sign(victim.header, {})


def brackets_in_brackets(victim):
    for depth in (900, 2_000, 50_000):
        objects = b'{"a":' * depth + b"1" + b"}" * depth
        for deep in (objects, b"[" * depth + b"]" * depth, b'{"a":' * depth):
            yield victim.sign(victim.header, deep)
            yield victim.sign(deep)


def more_than_anybody_needs(victim):
    yield victim.sign(victim.header, {**CLAIMS, "x": "x" * 1_000_000})
    yield victim.sign({**victim.header, "x": "x" * 20_000})
    yield f"{segment(victim.header)}." * 500
    yield "." * 20_000


def what_the_secret_signs_elsewhere(victim):
    """Session cookies of Flask are three segments, of which the first one is ours."""
    with victim.app.test_request_context():
        make = victim.app.session_interface.get_signing_serializer
        serializer = make(victim.app)
    for session in (victim.header, CLAIMS, {**victim.header, **CLAIMS}):
        cookie = serializer.dumps(session)
        yield cookie
        signature = cookie.rpartition(".")[2]
        yield f"{segment(victim.header)}.{segment(CLAIMS)}.{signature}"


ATTACKS = [
    unsigned,
    unsigned_with_the_right_header,
    another_algorithm,
    an_algorithm_of_another_type,
    the_right_key_in_another_scheme,
    the_public_key_as_a_secret,
    the_key_of_a_stranger,
    keys_that_come_along,
    keys_that_a_name_would_choose,
    the_name_of_another_key,
    names_of_keys_that_are_no_text,
    made_up_signatures,
    right_signatures_in_other_forms,
    rsa_signatures_that_are_nearly_right,
    extensions,
    members_that_are_there_twice,
    something_else_than_an_object,
    other_spellings_of_a_good_token,
    numbers_that_are_none,
    dates_that_are_none,
    claims_of_another_type,
    brackets_in_brackets,
    more_than_anybody_needs,
    what_the_secret_signs_elsewhere,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_nobody_gets_in(victim, attack):
    good = victim.sign(victim.header)
    assert victim.lets_in(good)

    let_in = [token[:99] for token in attack(victim) if victim.lets_in(token)]

    assert let_in == []
    assert victim.lets_in(good)


def test_without_a_limit_they_do_not_get_in_either(victim, monkeypatch):
    monkeypatch.setitem(victim.app.config, "TOKEN_AUTH_MAX_LENGTH", 10**9)
    assert victim.lets_in(victim.sign(victim.header, {**CLAIMS, "x": "x" * 20_000}))

    assert not any(map(victim.lets_in, brackets_in_brackets(victim)))
