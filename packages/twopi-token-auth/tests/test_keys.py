"""The key ring: what goes in, what signs, what is accepted, and what is published."""

import base64
import json
import logging
import subprocess
import sys
from datetime import datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from flask import Flask

from twopi_token_auth import ConfigurationError, KeyRing, TokenError, init_app
from twopi_token_auth.app.settings import read_settings
from twopi_token_auth.app.state import configured_keys
from twopi_token_auth.jose.jwk import private_jwk, public_jwk
from twopi_token_auth.jose.jws import decode, encode

RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
ASYMMETRIC = [*RSA_ALGORITHMS, "ES256", "ES384", "ES512", "EdDSA"]
OCT = base64.urlsafe_b64encode(bytes(range(64))).rstrip(b"=").decode()


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        .decode()
    )


@pytest.fixture(scope="module")
def owned():
    """A private key for every asymmetric algorithm."""
    big = rsa.generate_private_key(65537, 2048)
    return {
        **dict.fromkeys(RSA_ALGORITHMS, big),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "ES512": ec.generate_private_key(ec.SECP521R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }


def claims_of(token, ring, **options):
    return decode(token, ring.accepted(), max_length=16384, **options)


def refusal(token, ring, **options):
    with pytest.raises(TokenError) as caught:
        claims_of(token, ring, **options)
    return caught.value.code


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_private_key_signs_what_its_public_half_and_pyjwt_accept(owned, algorithm):
    ring = KeyRing().add(private_pem(owned[algorithm]), algorithm=algorithm)
    public = KeyRing.from_pem(public_pem(owned[algorithm]), algorithms=[algorithm])
    published = KeyRing.from_jwks(ring.public_jwks())

    token = encode({"uid": "ada"}, ring.current)

    assert claims_of(token, ring) == {"uid": "ada"}
    assert claims_of(token, public) == {"uid": "ada"}
    assert claims_of(token, published) == {"uid": "ada"}
    assert jwt.decode(token, public_pem(owned[algorithm]), [algorithm]) == {
        "uid": "ada"
    }
    header = jwt.get_unverified_header(token)
    assert header == {"alg": algorithm, "typ": "JWT", "kid": ring.current.kid}
    theirs = jwt.encode({"uid": "ada"}, owned[algorithm], algorithm)
    assert claims_of(theirs, ring) == {"uid": "ada"}


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_nobody_else_can_sign(owned, algorithm):
    ring = KeyRing().add(public_pem(owned[algorithm]), algorithm=algorithm)
    stranger = {
        "R": lambda: rsa.generate_private_key(65537, 2048),
        "P": lambda: rsa.generate_private_key(65537, 2048),
        "E": lambda: (
            ed25519.Ed25519PrivateKey.generate()
            if algorithm == "EdDSA"
            else ec.generate_private_key(owned[algorithm].curve)
        ),
    }[algorithm[0]]()
    kid = ring.accepted()[0].kid
    token = jwt.encode({}, owned[algorithm], algorithm, headers={"kid": kid})
    message, _, signature = token.rpartition(".")
    assert claims_of(token, ring) == {}

    for forged in (
        jwt.encode({}, stranger, algorithm, headers={"kid": kid}),
        jwt.encode({}, stranger, algorithm),
        message + "." + "A" * len(signature),
        message + "." + signature[:-4],
        message + "." + signature + "AAAA",
        message + ".MAYCAQACAQA",
        message + "._____w",
    ):
        assert refusal(forged, ring) in {"signature", "malformed"}
    unknown = jwt.encode({}, owned[algorithm], algorithm, headers={"kid": "else"})
    assert refusal(unknown, ring) == "unknown_key"
    for other in set(ASYMMETRIC) - {algorithm}:
        foreign = jwt.encode({}, owned[other], other, headers={"kid": kid})
        assert refusal(foreign, ring) == "algorithm"


@pytest.mark.parametrize("alter", ["", "\r\n", "strip", "der"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_secret(owned, forge, algorithm, alter):
    import hashlib

    pem = public_pem(owned["RS256"])
    secret = {
        "": pem,
        "\r\n": pem.replace("\n", "\r\n"),
        "strip": pem.strip(),
        "der": base64.b64decode("".join(pem.splitlines()[1:-1])),
    }[alter]
    digest = getattr(hashlib, f"sha{algorithm[2:]}")

    token = forge({"alg": algorithm}, {"uid": "root"}, secret, digest)

    assert refusal(token, KeyRing.from_pem(pem)) == "algorithm"


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_keys_that_the_token_brings_along_are_ignored(owned, monkeypatch, name):
    def forbid(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.socket.connect", forbid)
    stranger = ec.generate_private_key(ec.SECP256R1())
    own = private_jwk(stranger.public_key(), "ES256", "mine")
    value = {"jwk": own, "x5c": ["MII="]}.get(name, "http://127.0.0.1:1/keys")
    ring = KeyRing.from_pem(public_pem(owned["ES256"]))

    assert refusal(jwt.encode({}, stranger, "ES256", {name: value}), ring) == (
        "signature"
    )
    good = jwt.encode({"a": 1}, owned["ES256"], "ES256", {name: value})
    assert claims_of(good, ring) == {"a": 1}


def test_a_token_is_tried_with_the_key_it_names_only(monkeypatch, owned):
    from twopi_token_auth.jose.key import Key

    ring = KeyRing()
    ring.add(private_pem(owned["ES256"]), kid="a")
    ring.add(private_pem(ec.generate_private_key(ec.SECP256R1())), kid="b")
    tried = []
    verify = Key.verify
    monkeypatch.setattr(
        Key, "verify", lambda self, *rest: tried.append(self.kid) or verify(self, *rest)
    )

    claims_of(encode({}, ring.find("b")), ring)
    claims_of(encode({}, ring.find("a")), ring)
    wrong_name = jwt.encode({}, owned["ES256"], "ES256", {"kid": "b"})
    assert refusal(wrong_name, ring) == "signature"
    unknown = jwt.encode({}, owned["ES256"], "ES256", {"kid": "c"})
    assert refusal(unknown, ring) == "unknown_key"
    assert tried == ["b", "a", "b"]


def test_without_a_name_at_most_five_keys_are_tried():
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(7)]
    ring = KeyRing.from_pem(*map(private_pem, keys))

    for key in keys[:5]:
        assert claims_of(jwt.encode({}, key, "ES256"), ring) == {}
    for key in keys[5:]:
        assert refusal(jwt.encode({}, key, "ES256"), ring) == "signature"


def test_secrets_of_different_algorithms_do_not_mix_their_tokens(forge):
    import hashlib

    secret = "a secret that is long enough for all of them".ljust(64, ".")
    ring = KeyRing(secret).add(secret, algorithm="HS512")

    assert claims_of(forge({"alg": "HS256"}, {}, secret), ring) == {}
    assert refusal(forge({"alg": "HS512"}, {}, secret), ring) == "signature"
    mislabelled = forge(
        {"alg": "HS256", "typ": "JWT"}, {}, secret, digest=hashlib.sha512
    )
    assert refusal(mislabelled, ring) == "signature"


def test_a_secret_with_a_name():
    old = "the old secret of at least thirty-two bytes"
    ring = KeyRing().add("the new secret of at least thirty-two bytes", kid="2")
    ring.add(old, sign=False)

    assert jwt.get_unverified_header(encode({}, ring.current))["kid"] == "2"
    assert claims_of(encode({"a": 1}, ring.current), ring) == {"a": 1}
    assert claims_of(jwt.encode({"a": 2}, old), ring) == {"a": 2}
    assert claims_of(jwt.encode({"a": 2}, old, headers={"kid": "x"}), ring) == {"a": 2}
    assert refusal(jwt.encode({}, old, headers={"kid": "2"}), ring) == "signature"


def jwk_of(owned, algorithm, **changes):
    jwk = {**private_jwk(owned[algorithm], algorithm, None), **changes}
    return {name: value for name, value in jwk.items() if value is not None}


def public_jwk_of(owned, algorithm, **changes):
    key = owned[algorithm].public_key()
    return {**private_jwk(key, algorithm, None), **changes}


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_private_keys_as_jwk(owned, algorithm):
    ring = KeyRing().add(jwk_of(owned, algorithm))

    assert ring.current.algorithm == algorithm
    assert claims_of(encode({"a": 1}, ring.current), ring) == {"a": 1}


def test_what_the_owner_of_a_jwk_allows_is_honoured(owned):
    private = jwk_of(owned, "ES256", use=None)

    verifying = KeyRing().add({**private, "key_ops": ["verify"]})
    signing = KeyRing().add({**private, "key_ops": ["sign"]})

    with pytest.raises(ConfigurationError, match="no key to sign"):
        verifying.signer()
    assert len(verifying.accepted()) == len(signing.accepted()) == 1
    secret = {"kty": "oct", "k": OCT, "key_ops": ["sign"]}
    assert KeyRing().add(secret).accepted() == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"use": "enc"}, "use other than sig"),
        ({"use": None}, "use other than sig"),
        ({"use": ["sig"]}, "use other than sig"),
        ({"key_ops": ["encrypt"]}, "key_ops without"),
        ({"key_ops": ["sign"]}, "key_ops without"),
        ({"key_ops": []}, "key_ops without"),
        ({"key_ops": ["verify", "verify"]}, "twice"),
        ({"key_ops": "verify"}, "no list of texts"),
        ({"key_ops": [["verify"]]}, "no list of texts"),
        ({"alg": "HS256"}, "alg that is none"),
        ({"alg": "ES256"}, "alg that is none"),
        ({"alg": "RSA-OAEP"}, "alg that is none"),
        ({"alg": "none"}, "alg that is none"),
        ({"alg": ["RS256"]}, "alg that is none"),
        ({"kty": "RSA "}, "kty"),
        ({"kty": "rsa"}, "kty"),
        ({"kty": ["RSA"]}, "kty"),
        ({"kty": "EC"}, "crv|alg"),
        ({"kid": 5}, "kid"),
        ({"kid": ""}, "kid"),
        ({"n": ""}, "JWK|bits"),
        ({"n": 5}, "JWK"),
        ({"n": "AQAB"}, "JWK|bits"),
        ({"e": "AQ"}, "JWK|exponent"),
        ({"e": "Ag"}, "JWK|exponent"),
        ({"e": "AA"}, "JWK|exponent"),
        ({"e": None}, "JWK"),
        ({"d": "AQAB"}, "JWK"),
    ],
)
def test_bad_rsa_keys(owned, change, problem):
    with pytest.raises(ConfigurationError, match=problem) as caught:
        KeyRing().add(public_jwk_of(owned, "RS256", **change))

    assert "Key number 1" in str(caught.value)
    assert public_jwk_of(owned, "RS256")["n"] not in str(caught.value)


def test_short_rsa_keys_are_refused():
    key = rsa.generate_private_key(65537, 1024)

    for form in (
        private_pem(key),
        public_pem(key),
        private_jwk(key, "RS256", None),
        private_jwk(key.public_key(), "RS256", None),
    ):
        with pytest.raises(ConfigurationError, match="1024 bits"):
            KeyRing().add(form)


@pytest.mark.parametrize(
    "change",
    [
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": "Ed25519"},
        {"crv": None},
        {"crv": ["P-256"]},
        {"x": "AA"},
        {"x": "A" * 43},
        {"y": None},
        {"d": "A" * 43},
        {"alg": "ES384"},
        {"alg": "RS256"},
        {"kty": "OKP"},
    ],
)
def test_bad_elliptic_keys(owned, change):
    with pytest.raises(ConfigurationError):
        KeyRing().add(jwk_of(owned, "ES256") | change)


def test_a_private_key_has_to_be_that_of_its_public_half(owned):
    other = private_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", None)
    own = jwk_of(owned, "ES256")

    with pytest.raises(ConfigurationError):
        KeyRing().add({**own, "d": other["d"]})
    other = private_jwk(ed25519.Ed25519PrivateKey.generate(), "EdDSA", None)
    with pytest.raises(ConfigurationError):
        KeyRing().add({**jwk_of(owned, "EdDSA"), "d": other["d"]})


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct"},
        {"kty": "oct", "k": ""},
        {"kty": "oct", "k": 5},
        {"kty": "oct", "k": "c2hvcnQ"},
        {"kty": "oct", "k": OCT[:60], "alg": "HS512"},
        {"kty": "oct", "k": OCT, "alg": "RS256"},
        {"kty": "oct", "k": OCT, "alg": "dir"},
        {"kty": "oct", "k": OCT, "use": "enc"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    ],
    ids=str,
)
def test_bad_jwks_of_other_kinds(jwk):
    with pytest.raises(ConfigurationError) as caught:
        KeyRing().add(jwk)

    assert OCT[:20] not in str(caught.value)


def test_a_secret_as_jwk():
    ring = KeyRing.from_jwks({"keys": [{"kty": "oct", "k": OCT, "alg": "HS512"}]})

    assert (ring.current.algorithm, ring.current.kid) == ("HS512", None)
    assert jwt.decode(encode({}, ring.current), bytes(range(64)), ["HS512"]) == {}
    assert ring.public_jwks() == {"keys": []}


def test_ed448(owned):
    ring = KeyRing.from_pem(private_pem(ed448.Ed448PrivateKey.generate()))

    assert claims_of(encode({"a": 1}, ring.current), ring) == {"a": 1}
    assert refusal(jwt.encode({}, owned["EdDSA"], "EdDSA"), ring) == "signature"


@pytest.mark.parametrize(
    "make",
    [
        lambda: private_pem(x25519.X25519PrivateKey.generate()),
        lambda: private_pem(ec.generate_private_key(ec.SECP256K1())),
        lambda: public_pem(ec.generate_private_key(ec.SECP256K1())),
        lambda: "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
        lambda: "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        lambda: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        lambda: (
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"password"),
            )
            .decode()
        ),
        lambda: 5,
        lambda: None,
        list,
        lambda: "",
        lambda: "ssh-rsa AAAA",
    ],
)
def test_what_is_no_key(make):
    with pytest.raises(ConfigurationError, match="Key number 1") as caught:
        KeyRing().add(make())

    assert "MII" not in str(caught.value)


def test_secrets_and_asymmetric_keys_do_not_share_a_ring(owned):
    secret = "a secret of at least thirty-two bytes, really"

    with pytest.raises(ConfigurationError, match="different key rings"):
        KeyRing(secret).add(public_pem(owned["RS256"]))
    with pytest.raises(ConfigurationError, match="different key rings"):
        KeyRing.from_pem(public_pem(owned["RS256"])).add(secret)


def test_a_name_belongs_to_one_key(owned):
    other = private_pem(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(ConfigurationError, match="kid that another"):
        KeyRing().add(private_pem(owned["ES256"]), kid="a").add(other, kid="a")
    with pytest.raises(ConfigurationError, match="kid that another"):
        KeyRing.from_pem(private_pem(owned["ES256"]), public_pem(owned["ES256"]))


def test_the_algorithms_of_a_ring(owned):
    pem = private_pem(owned["RS256"])

    assert KeyRing.from_pem(pem).current.algorithm == "RS256"
    assert KeyRing.from_pem(pem, algorithms=["ES256", "PS384"]).current.algorithm == (
        "PS384"
    )
    with pytest.raises(ConfigurationError, match="not for ES256"):
        KeyRing.from_pem(pem, algorithms=["ES256"])
    with pytest.raises(ConfigurationError, match="not for ES256"):
        KeyRing("a secret of at least thirty-two bytes", algorithms=["ES256"])
    for wrong in ("none", "ES256K", "", None):
        with pytest.raises(ConfigurationError, match="RS256"):
            KeyRing(algorithms=[wrong])
    for wrong in ("none", "HS256", "ES256", "rs256"):
        with pytest.raises(ConfigurationError):
            KeyRing().add(pem, algorithm=wrong)


def test_a_key_runs_out(clock, owned):
    ring = KeyRing(clock=clock)
    ring.add(private_pem(owned["ES256"]), kid="old", not_after=clock.date(60))
    ring.add(private_pem(ec.generate_private_key(ec.SECP256R1())), kid="new")
    token = encode({"a": 1}, ring.current)
    assert ring.current.kid == "old"
    assert claims_of(token, ring) == {"a": 1}

    clock.now += 60

    assert ring.current.kid == "new"
    assert ring.find("old") is None
    assert [key["kid"] for key in ring.public_jwks()["keys"]] == ["new"]
    assert refusal(token, ring) == "unknown_key"


def test_a_time_has_a_zone(owned):
    naive = datetime(2030, 1, 1)  # noqa: DTZ001

    with pytest.raises(ConfigurationError, match="time zone"):
        KeyRing().add(private_pem(owned["ES256"]), not_after=naive)


def test_files(tmp_path, owned):
    pem = tmp_path / "key.pem"
    pem.write_text(private_pem(owned["ES256"]))
    jwk = tmp_path / "key.jwk"
    jwk.write_text(json.dumps(jwk_of(owned, "ES256", kid="of the file")))
    other = tmp_path / "else"

    assert KeyRing.from_pem(str(pem)).current.kid == KeyRing().add(pem).current.kid
    assert KeyRing().add(jwk).current.kid == "of the file"
    for content in ("", "secret", "{", "[]", "{}", "{" * 50_000):
        other.write_text(content)
        with pytest.raises(ConfigurationError, match="Key number 1"):
            KeyRing().add(other)
    with pytest.raises(ConfigurationError, match="No such file"):
        KeyRing.from_pem(tmp_path / "missing.pem")


def test_public_jwks_are_public(owned):
    ring = KeyRing()
    for algorithm in ("RS256", "ES256", "ES384", "ES512", "EdDSA"):
        ring.add(private_pem(owned[algorithm]), kid=algorithm)

    keys = ring.public_jwks()["keys"]

    assert [key["kid"] for key in keys] == ["RS256", "ES256", "ES384", "ES512", "EdDSA"]
    private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    assert all(not private & set(key) for key in keys)
    assert all((key["use"], key["alg"]) == ("sig", key["kid"]) for key in keys)
    assert json.loads(json.dumps(keys)) == keys


def test_a_ring_shows_nothing_of_its_keys():
    assert "secret" not in repr(KeyRing("a secret of at least thirty-two bytes"))


# In an application


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_keys_of_the_application_override_its_secret(
    app, context, owned, token_class, secret, algorithm
):
    old = token_class("ada").dump()
    app.config["TOKEN_AUTH_KEYS"] = [private_pem(owned[algorithm])]

    token = token_class("ada").dump()

    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert token_class.verify(token).user_id == "ada"
    with pytest.raises(TokenError) as caught:
        token_class.verify(old)
    assert caught.value.code == "algorithm"
    assert token_class.verify(old, secret).user_id == "ada"


def test_a_ring_instead_of_a_secret(context, owned, token_class, secret):
    ring = KeyRing.from_pem(private_pem(owned["ES256"]))

    token = token_class("ada").dump(ring)

    assert token_class.load(token, ring).user_id == "ada"
    assert token_class.load(token) is None
    assert token_class.load(token_class("ada").dump(), ring) is None
    assert token_class.load(token_class("ada").dump(), KeyRing(secret)) is not None


def test_a_ring_works_without_an_application(owned, token_class):
    ring = KeyRing.from_pem(private_pem(owned["ES256"]))

    assert token_class.verify(token_class("ada").dump(ring), ring).user_id == "ada"


@pytest.mark.parametrize(
    "make",
    [
        lambda pem, jwk: KeyRing.from_pem(pem),
        lambda pem, jwk: [pem],
        lambda pem, jwk: (pem.encode(),),
        lambda pem, jwk: [jwk],
        lambda pem, jwk: {"keys": [jwk]},
    ],
)
def test_forms_of_the_setting(owned, make):
    keys = make(private_pem(owned["ES256"]), jwk_of(owned, "ES256"))

    ring = configured_keys(
        read_settings({"TOKEN_AUTH_KEYS": keys, "SECRET_KEY": "unused"})
    )

    assert ring.current.algorithm == "ES256"
    app = Flask("keys")
    app.config["TOKEN_AUTH_KEYS"] = keys
    init_app(app)


def test_a_ring_of_the_secret_key():
    config = {
        "SECRET_KEY": "the new secret of at least thirty-two bytes",
        "SECRET_KEY_FALLBACKS": ["the old secret of at least thirty-two bytes"],
        "TOKEN_AUTH_ALGORITHMS": ["HS384"],
    }

    ring = configured_keys(read_settings(config))

    assert [key.algorithm for key in ring.accepted()] == ["HS384", "HS384"]
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        configured_keys(read_settings({}))


@pytest.mark.parametrize(
    "keys",
    [
        *["a secret", b"x", 5, {}, {"keys": 5}, [], (), ["a secret"], [5], [None]],
        *[{"keys": []}, [{}], ["-----BEGIN PRIVATE KEY-----"], {"keys": ["x"]}],
    ],
    ids=str,
)
def test_a_wrong_setting_fails_at_start_up(keys):
    app = Flask("keys")
    app.config["TOKEN_AUTH_KEYS"] = keys

    with pytest.raises(ConfigurationError) as caught:
        init_app(app)

    assert "a secret" not in str(caught.value)


def test_the_algorithms_of_the_application(app, context, token_class, owned, secret):
    class Strong(token_class):
        algorithm = "HS512"

    app.config["TOKEN_AUTH_ALGORITHMS"] = ["HS384"]
    app.config["SECRET_KEY"] = secret = secret.ljust(64, ".")

    assert jwt.get_unverified_header(token_class("ada").dump())["alg"] == "HS384"
    assert token_class.load(token_class("ada").dump()) is not None
    with pytest.raises(ConfigurationError, match="TOKEN_AUTH_ALGORITHMS"):
        Strong("ada").dump()
    app.config["TOKEN_AUTH_KEYS"] = [private_pem(owned["ES256"])]
    with pytest.raises(ConfigurationError, match="not for HS384"):
        token_class("ada").dump()
    app.config["TOKEN_AUTH_ALGORITHMS"] = ["none"]
    with pytest.raises(ConfigurationError, match="TOKEN_AUTH_ALGORITHMS"):
        token_class("ada").dump()


def test_a_weak_secret_in_a_ring_can_be_forbidden(app, context, token_class):
    ring = KeyRing("short")
    with pytest.warns(match="weak"):
        token_class("ada").dump(ring)
    app.config["TOKEN_AUTH_REQUIRE_STRONG_SECRET"] = True

    for use in (
        lambda: token_class("ada").dump(ring),
        lambda: token_class.load("", ring),
    ):
        with pytest.raises(ConfigurationError, match="weak"):
            use()


def test_a_class_picks_its_algorithm_out_of_the_ring(context, token_class, owned):
    class Quick(token_class):
        algorithm = "EdDSA"

    ring = KeyRing.from_pem(private_pem(owned["RS256"]), private_pem(owned["EdDSA"]))

    token = Quick("ada").dump(ring)

    assert jwt.get_unverified_header(token)["alg"] == "EdDSA"
    assert Quick.verify(token, ring).user_id == "ada"
    assert Quick.load(token_class("ada").dump(ring), ring) is None
    with pytest.raises(ConfigurationError, match="EdDSA"):
        Quick("ada").dump(KeyRing.from_pem(private_pem(owned["RS256"])))


def test_the_key_rotation_drill(token_class, owned, clock, tmp_path):
    """Four deployments, and at none of them anybody has to log in again."""
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    old.write_text(private_pem(owned["ES256"]))
    new.write_text(private_pem(ec.generate_private_key(ec.SECP256R1())))
    lifetime = 900

    def deploy(*keys):
        app = Flask("drill")
        app.config["TOKEN_AUTH_KEYS"] = list(keys)
        return init_app(app)

    def log_in(app):
        with app.app_context():
            return token_class("ada", expiry=clock.date(lifetime)).dump()

    def served(app, token):
        with app.app_context():
            return token_class.load(token) is not None

    before, announced = deploy(old), deploy(old, new)
    first = log_in(before)
    # While the servers change over, old and new ones serve each other's tokens.
    second = log_in(announced)
    assert all(
        served(app, token) for app in (before, announced) for token in (first, second)
    )

    clock.now += 60
    flipped = deploy(new, old)
    third = log_in(flipped)
    assert jwt.get_unverified_header(third) != jwt.get_unverified_header(second)
    assert all(
        served(app, token)
        for app in (announced, flipped)
        for token in (first, second, third)
    )

    clock.now += lifetime - 1
    assert served(flipped, third)
    clock.now += 1
    removed = deploy(new)
    fourth = log_in(removed)
    assert served(removed, fourth)
    assert served(flipped, fourth)
    assert not served(flipped, second)  # it has run out by itself
    assert not served(removed, second)


def test_no_key_is_checked_again_when_a_token_is_made(owned, token_class, monkeypatch):
    """Loading an RSA key takes a hundred times as long as signing with it."""
    ring = KeyRing.from_pem(private_pem(owned["RS256"]))
    token = token_class("ada").dump(ring)
    done = []
    for name in (
        "jwt.algorithms.RSAAlgorithm.prepare_key",
        "twopi_token_auth.jose.key._scheme",
        "cryptography.hazmat.primitives.serialization.load_pem_private_key",
        "cryptography.hazmat.primitives.serialization.load_pem_public_key",
    ):
        monkeypatch.setattr(name, lambda *_, name=name, **__: done.append(name))

    for _ in range(5):
        token_class("ada").dump(ring)
        assert token_class.load(token, ring) is not None

    assert done == []


def test_secrets_need_no_cryptography(tmp_path):
    program = """
import sys
sys.modules["cryptography"] = None
from twopi_token_auth import ConfigurationError, KeyRing, ShortlivedTokenMixin
ring = KeyRing("a secret of at least thirty-two bytes")
text = ShortlivedTokenMixin(subject="ada").dump(ring)
assert ShortlivedTokenMixin.verify(text, ring).subject == "ada"
for key in ("-----BEGIN PUBLIC KEY-----", {"kty": "RSA", "n": "AQAB", "e": "AQAB"}):
    try:
        KeyRing().add(key)
    except ConfigurationError as error:
        assert "twopi-token-auth[crypto]" in str(error)
    else:
        raise AssertionError
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


def test_a_key_of_the_faulty_library_is_refused():
    product = 1
    for prime in (n for n in range(2, 400) if all(n % d for d in range(2, n))):
        product *= prime
    modulus = pow(65537, 12345, product) + product * (
        1 << (2100 - product.bit_length())
    )
    key = rsa.RSAPublicNumbers(65537, modulus).public_key()

    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for each in (public_jwk(key, "RS256", None), pem):
        with pytest.raises(ConfigurationError, match="ROCA"):
            KeyRing().add(each)


# The type of a token


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_a_type_is_asked_for(context, token_class, secret, typ, forge):
    class Access(token_class):
        token_type = "at+jwt"

    own = Access("ada").dump()

    assert jwt.get_unverified_header(own)["typ"] == "at+jwt"
    assert Access.load(own) is not None
    assert Access.load(forge({"alg": "HS256", "typ": typ}, {"uid": "ada"})) is not None
    assert token_class.load(own) is None
    for wrong in ("JWT", "", "at", None, 5, ["at+jwt"], "logout+jwt", "at+jwt "):
        with pytest.raises(TokenError) as caught:
            Access.verify(forge({"alg": "HS256", "typ": wrong}, {"uid": "ada"}))
        assert caught.value.code == "type"
    with pytest.raises(TokenError) as caught:
        Access.verify(forge({"alg": "HS256"}, {"uid": "ada"}))
    assert caught.value.code == "type"


def test_refusals_are_logged_by_their_code(context, owned, token_class, caplog):
    caplog.set_level(logging.INFO)
    ring = KeyRing.from_pem(public_pem(owned["ES256"]))
    token = jwt.encode({}, owned["ES256"], "ES256", {"kid": "unknown"})

    assert token_class.load(token, ring) is None

    assert caplog.messages == ["Token refused: unknown_key"]
