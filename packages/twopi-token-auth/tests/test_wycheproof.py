"""Project Wycheproof's JOSE vectors: what is valid is accepted, nothing else is.

Reads the folder that ``TWOPI_TEST_WYCHEPROOF`` names, which holds the files of
``testvectors_v1`` (https://github.com/C2SP/wycheproof).
"""

import json
import os
from pathlib import Path

import pytest

from twopi_token_auth import ConfigurationError, KeyRing, TokenError
from twopi_token_auth.jose.jws import Decoder

FOLDER = os.environ["TWOPI_TEST_WYCHEPROOF"]
FILES = ["json_web_crypto_test", "json_web_key_test", "json_web_signature_test"]


def cases(name):
    """Return each token of a file, with its key or keys."""
    groups = json.loads(Path(FOLDER, f"{name}.json").read_text())["testGroups"]
    for group in groups:
        key = group.get("public", group["private"])
        for test in group["tests"]:
            if "jws" in test:  # the others are about encryption
                title = f"{group['comment']}: {test['comment']} ({test['tcId']})"
                yield title, key, test["jws"], test["result"] == "valid"


def accepts(key, token):
    try:
        ring = KeyRing.from_jwks(key) if "keys" in key else KeyRing().add(key)
        Decoder(ring.accepted(), max_length=16384).open(token)
    except (ConfigurationError, TokenError):
        return False
    return True


# What we judge otherwise, and why.
OTHERWISE = {
    "emptyPayload": "an empty payload is not a JSON object, so the token is not a JWT",
    "Figure20": "the key says PS256, and the token PS384",
    "Figure27": "the key says ES521, which is not an algorithm",
    "invalidBase64Padding (367)": "is equal to the valid token of case 357",
    "invalidBase64PaddingInPayload (370)": "is equal to the valid token of case 357",
    "InvalidCharacterInsertedInHeader": "is called valid, and has a ? in the header",
    "InvalidCharacterInsertedInPayload": "is called valid, and has a ? in the payload",
}


@pytest.mark.parametrize("name", FILES)
def test_vectors(name):
    found = list(cases(name))
    wrong = [
        title for title, key, token, valid in found if accepts(key, token) is not valid
    ]

    assert len(found) > 20
    assert [title for title in wrong if not any(map(title.count, OTHERWISE))] == []
