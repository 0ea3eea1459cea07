"""The examples printed in the standards, for the asymmetric algorithms."""

import base64

import pytest

from twopi_token_auth import KeyRing, TokenError
from twopi_token_auth.jose.jws import decode

RFC_7515_CLAIMS = {
    "iss": "joe",
    "exp": 1300819380,
    "http://example.com/is_root": True,
}
RFC_7515_PAYLOAD = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC_7515_RSA = {
    "kty": "RSA",
    "n": (
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
        "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
        "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
        "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
        "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
        "PAcDTW9gb54h4FRWyuXpoQ"
    ),
    "e": "AQAB",
}
RFC_7515_RSA_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
    "p0igcN_IoypGlUPQGe77Rw"
)
RFC_7515_EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
RFC_7515_EC_SIGNATURE = (
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q"
)
RFC_7515_A_4_KEY = {
    "kty": "EC",
    "crv": "P-521",
    "x": (
        "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvL"
        "FV1jSfS9tsz4qUxcWceqwQGk"
    ),
    "y": (
        "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4K"
        "kd0AZMaZmh9ubmf63e3kyMj2"
    ),
}
RFC_7515_A_4 = (
    "eyJhbGciOiJFUzUxMiJ9",
    "UGF5bG9hZA",
    (
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq"
        "wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp"
        "EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
    ),
)
RFC_7520_RSA = {
    "kty": "RSA",
    "kid": "bilbo.baggins@hobbiton.example",
    "use": "sig",
    "n": (
        "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRoj"
        "dNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2l"
        "bzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6c"
        "S6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3"
        "-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwU"
        "kRz5iaiQkqgc5gHdrNP5zw"
    ),
    "e": "AQAB",
}
RFC_7520_EC = {
    "kty": "EC",
    "kid": "bilbo.baggins@hobbiton.example",
    "use": "sig",
    "crv": "P-521",
    "x": (
        "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqv"
        "jyekWF-7ytDyRXYgCF5cj0Kt"
    ),
    "y": (
        "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgD"
        "PrwQrJmbnX9cwlGfP-HqHZR1"
    ),
}
RFC_7520_PAYLOAD = (
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IH"
    "N0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlz"
    "IG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
)
RFC_7520_RS256 = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    (
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmK"
        "ZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4J"
        "IwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8w"
        "W1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluP"
        "xUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_f"
        "cIe8u9ipH84ogoree7vjbU5y18kDquDg"
    ),
)
RFC_7520_PS384 = (
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    (
        "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2I"
        "pN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXU"
        "vdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRX"
        "e8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT"
        "0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a"
        "6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
    ),
)
RFC_7520_ES512 = (
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    (
        "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvb"
        "u9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kv"
        "AD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"
    ),
)
RFC_8037_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RFC_8037_MESSAGE = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
RFC_8037_SIGNATURE = (
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
    "hVsPt9g7sVvpAr_MuM0KAg"
)


def base64url(text):
    return base64.urlsafe_b64decode(text + "==")


@pytest.mark.parametrize(
    ("jwk", "header", "signature"),
    [
        (RFC_7515_RSA, "eyJhbGciOiJSUzI1NiJ9", RFC_7515_RSA_SIGNATURE),
        (RFC_7515_EC, "eyJhbGciOiJFUzI1NiJ9", RFC_7515_EC_SIGNATURE),
    ],
    ids=["A.2 RS256", "A.3 ES256"],
)
def test_rfc_7515_appendix_a(jwk, header, signature):
    keys = KeyRing().add(jwk).accepted()
    token = f"{header}.{RFC_7515_PAYLOAD}.{signature}"

    assert decode(token, keys, max_length=9999) == RFC_7515_CLAIMS
    middle = len(token) - len(signature) // 2
    flipped = "A" if token[middle] != "A" else "B"
    with pytest.raises(TokenError) as caught:
        decode(token[:middle] + flipped + token[middle + 1 :], keys, max_length=9999)
    assert caught.value.code == "signature"


def test_rfc_7515_appendix_a_4():
    """ES512; the payload is no JSON, which is seen once the signature is right."""
    keys = KeyRing().add(RFC_7515_A_4_KEY).accepted()
    header, payload, signature = RFC_7515_A_4

    for text, code in ((payload, "malformed"), ("UGF5bG9hZQ", "signature")):
        with pytest.raises(TokenError) as caught:
            decode(f"{header}.{text}.{signature}", keys, max_length=9999)
        assert caught.value.code == code


@pytest.mark.parametrize("tail", ["", "."], ids=["two segments", "A.5 unsecured"])
@pytest.mark.parametrize("jwk", [RFC_7515_RSA, RFC_7515_EC], ids=["RSA", "EC"])
def test_an_unsecured_token_is_none(jwk, tail):
    token = f"eyJhbGciOiJub25lIn0.{RFC_7515_PAYLOAD}{tail}"

    with pytest.raises(TokenError):
        decode(token, KeyRing().add(jwk).accepted(), max_length=9999)


@pytest.mark.parametrize("example", [RFC_7520_RS256, RFC_7520_PS384])
def test_rfc_7520_section_4_5_detached_content_is_refused(example):
    header, signature = example
    keys = KeyRing().add(RFC_7520_RSA).accepted()

    with pytest.raises(TokenError) as caught:
        decode(f"{header}..{signature}", keys, max_length=9999)
    assert caught.value.code == "malformed"


@pytest.mark.parametrize(
    ("jwk", "algorithm", "example"),
    [
        (RFC_7520_RSA, "RS256", RFC_7520_RS256),
        (RFC_7520_RSA, "PS384", RFC_7520_PS384),
        (RFC_7520_EC, None, RFC_7520_ES512),
    ],
    ids=["4.1 RS256", "4.2 PS384", "4.3 ES512"],
)
def test_rfc_7520(jwk, algorithm, example):
    """The payload of these is no JSON, which is seen once the signature is right."""
    ring = KeyRing().add(jwk, algorithm=algorithm)
    header, signature = example
    message = f"{header}.{RFC_7520_PAYLOAD}"

    key = ring.find("bilbo.baggins@hobbiton.example")
    assert key.verify(message.encode(), base64url(signature))
    assert not key.verify(message.encode() + b"x", base64url(signature))
    with pytest.raises(TokenError) as caught:
        decode(f"{message}.{signature}", ring.accepted(), max_length=9999)
    assert caught.value.code == "malformed"


def test_rfc_8037_appendix_a():
    key = KeyRing().add(RFC_8037_KEY).current

    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.sign(RFC_8037_MESSAGE.encode()) == base64url(RFC_8037_SIGNATURE)
    assert key.verify(RFC_8037_MESSAGE.encode(), base64url(RFC_8037_SIGNATURE))


def test_the_thumbprint_of_rfc_7638_section_3_1():
    """Of the key that RFC 7638 prints, which appendix A.1 of RFC 7517 has first."""
    jwk = {
        "kty": "RSA",
        "n": (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z"
            "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5Js"
            "GY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic"
            "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
            "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
            "Cur-kEgU8awapJzKnqDKgw"
        ),
        "e": "AQAB",
        "alg": "RS256",
    }

    (key,) = KeyRing().add(jwk).accepted()

    assert key.kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
