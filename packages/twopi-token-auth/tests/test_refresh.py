import hashlib
import hmac
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twopi_token_auth.sessions.refresh_token import make_session_id, mint, parse

SESSION = "0123456789abcdef0123456789abcdef"
SECRET = "thirty-two bytes, enough for all of HS256"


def test_a_token_tells_its_session_and_counter():
    session_id = make_session_id()

    assert parse(mint(session_id, 0, SECRET), [SECRET]) == (session_id, 0)
    assert parse(mint(session_id, 10**18 - 1, SECRET), [SECRET.encode()]) == (
        session_id,
        10**18 - 1,
    )


def test_the_mac_is_that_of_a_key_derived_as_rfc_5869_says():
    """HKDF with SHA-256 and the session as its salt; one block is enough."""
    label = b"twopi-token-auth refresh token 1"
    extracted = hmac.new(SESSION.encode(), SECRET.encode(), hashlib.sha256).digest()
    key = hmac.new(extracted, label + bytes([1]), hashlib.sha256).digest()
    mac = hmac.new(key, f"{SESSION}.7".encode(), hashlib.sha256).digest()

    expected = f"{SESSION}.7.{urlsafe_b64encode(mac).decode().rstrip('=')}"

    assert mint(SESSION, 7, SECRET) == expected


def test_the_same_counter_gives_the_same_token_and_no_other_does():
    tokens = [mint(SESSION, counter, SECRET) for counter in (0, 0, 1)]
    tokens.append(mint(make_session_id(), 0, SECRET))
    tokens.append(mint(SESSION, 0, "another secret"))

    assert tokens[0] == tokens[1]
    assert len({token.rpartition(".")[2] for token in tokens}) == 4


def test_names_of_sessions_are_not_repeated():
    assert len({make_session_id() for _ in range(1000)}) == 1000


def test_earlier_secrets_are_accepted():
    token = mint(SESSION, 3, "old")

    assert parse(token, ["new", b"old"]) == (SESSION, 3)
    assert parse(token, ["new"]) is None
    assert parse(token, []) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.upper(),
        lambda token: f" {token}",
        lambda token: f"{token}\n",
        lambda token: f"{token}=",
        lambda token: token[:-1],
        lambda token: token.replace(".5.", ".05."),
        lambda token: token.replace(".5.", ".+5."),
        lambda token: token.replace(".5.", ".\u0665."),
        lambda token: token.replace(".5.", ".6."),
        lambda token: token.replace(".5.", ".-5."),
        lambda token: token.replace(".5.", f".{'9' * 5000}."),
        lambda token: token.replace(".5.", ".."),
        lambda token: f"{'f' * 32}{token[32:]}",
        lambda token: token.encode(),
        lambda token: None,
        lambda token: 5,
        lambda token: [token],
        lambda token: "\ud800" * 78,
        lambda token: "",
    ],
)
def test_anything_else_is_none(change):
    assert parse(change(mint(SESSION, 5, SECRET)), [SECRET]) is None


@given(st.text(max_size=90) | st.from_regex(r"\A[0-9a-f]{32}\.[0-9]{1,3}\.[\w-]{43}\Z"))
@settings(max_examples=100, deadline=None)
def test_whatever_a_stranger_sends_is_none(text):
    assert parse(text, [SECRET]) is None


def test_one_changed_character_anywhere_is_enough():
    token = mint(SESSION, 5, SECRET)
    for position, character in enumerate(token):
        other = "a" if character != "a" else "b"
        changed = token[:position] + other + token[position + 1 :]
        assert parse(changed, [SECRET]) is None
