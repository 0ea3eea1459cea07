import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_config import UrlError, parse_url

text = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"))


def test_a_url_comes_back_byte_for_byte(url):
    assert parse_url(url).geturl() == url


@given(st.from_regex(r"\A[a-z]{1,5}\Z"), text)
def test_any_text_behind_a_scheme_comes_back(scheme, rest):
    url = f"{scheme}://{rest}"

    assert parse_url(url).geturl() == url


def test_the_parts_are_named():
    parts = parse_url("pg+x://us%40er:p:w%2F@DB:05432/app?a=1?#f#")

    assert parts.scheme == "pg+x"
    assert parts.username == "us@er"
    assert parts.password == "p:w/"
    assert parts.hostname == "DB"
    assert parts.port == 5432
    assert parts.path == "/app"
    assert parts.query == "a=1?"
    assert parts.fragment == "f#"


def test_missing_is_not_empty():
    missing, empty = parse_url("//h"), parse_url("x://:@h:?#")

    assert (missing.scheme, missing.username, missing.password) == (None, None, None)
    assert (missing.port, missing.path) == (None, "")
    assert (missing.query, missing.fragment) == (None, None)
    assert (empty.username, empty.password, empty.port) == ("", "", None)
    assert (empty.query, empty.fragment) == ("", "")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("[::1]:6379", ("::1", 6379)),
        ("[fe80::1%25eth0]", ("fe80::1%25eth0", None)),
        ("h1:1,h2:2", ("h1:1,h2:2", None)),
        (":0", ("", 0)),
        ("", ("", None)),
    ],
)
def test_host_and_port(host, expected):
    parts = parse_url(f"x://u:p@{host}/p")

    assert (parts.hostname, parts.port) == expected


def test_an_address_without_brackets_is_not_guessed():
    parts = parse_url("redis://::1:6379/0")

    with pytest.raises(UrlError, match="IPv6 address in brackets") as caught:
        assert parts.hostname

    assert caught.value.part == "hostname"


@pytest.mark.parametrize("port", ["99999", "-1", "x", "\u0661", "0x1", "1_0", "100000"])
def test_a_bad_port_is_not_guessed(port):
    parts = parse_url(f"redis://h:{port}/0")

    with pytest.raises(UrlError, match="number from 0 to 65535") as caught:
        assert parts.port

    assert caught.value.part == "port"


@pytest.mark.parametrize(
    "url", ["", "secret", "/p", "h:6379/secret", "mailto:a@secret", "1x://secret"]
)
def test_no_url(url):
    with pytest.raises(UrlError, match="url must look like scheme://host/path") as got:
        parse_url(url)

    assert "secret" not in repr(got.value)


@pytest.mark.parametrize("url", [None, b"redis://h", 5])
def test_not_text(url):
    with pytest.raises(UrlError, match=f"must be text, not {type(url).__name__}"):
        parse_url(url)


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\t", "\x7f"])
def test_control_characters(character):
    with pytest.raises(UrlError, match="control character"):
        parse_url(f"redis://h/{character}")


def test_repr_shows_no_secret():
    parts = parse_url("redis://secret:secret@h/0?password=secret")

    assert "secret" not in f"{parts!r} {parts}"
