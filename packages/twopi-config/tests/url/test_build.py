import pickle
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kombu.utils.url import url_to_parts
from sqlalchemy import make_url

from twopi_config import UrlError, build_url, parse_url

words = st.text(min_size=1)
names = st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True)
hosts = st.one_of(names, st.ip_addresses().map(str))
ports = st.integers(1, 65535)


def test_nothing_to_change(url):
    assert build_url(url) == url


@given(rest=st.text())
def test_nothing_to_change_in_any_text(rest):
    url = f"x://{rest}"
    try:
        parse_url(url)
    except UrlError:
        assume(False)

    assert build_url(url) == url


def test_changing_a_part_and_changing_it_back(url):
    one = url.partition(";sentinel")[0]

    changed = build_url(one, scheme="other", path="/other")

    parts = parse_url(one)
    back = build_url(changed, scheme=parts.scheme or "other", path=parts.path)
    assert back.removeprefix("other:") == one


@given(username=words, password=words, hostname=hosts, port=ports, path=names)
def test_sqlalchemy_and_kombu_read_back_what_was_given(
    username, password, hostname, port, path
):
    url = build_url("x://a:b@c:1/d", "redis", username, password, hostname, port, path)

    read = make_url(url)
    assert (read.username, read.password) == (username, password)
    assert (read.host, read.port, read.database) == (hostname, port, path)
    *read, query = url_to_parts(url)
    assert read == ["redis", hostname, port, username, password, path]
    assert query == {}


@given(username=words, password=words, hostname=hosts, port=ports)
def test_parse_url_reads_back_what_was_given(username, password, hostname, port):
    parts = parse_url(build_url("x://", "y", username, password, hostname, port))

    assert (parts.username, parts.password) == (username, password)
    assert (parts.hostname, parts.port) == (hostname, port)


@pytest.mark.parametrize(
    ("url", "changes", "expected"),
    [
        ("foo://h/0", {"scheme": "redis", "port": 6379}, "redis://h:6379/0"),
        ("//h/0", {"scheme": "http"}, "http://h/0"),
        ("redis://h/0", {"password": "p@s/s:"}, "redis://:p%40s%2Fs%3A@h/0"),
        ("redis://h/0", {"username": "%41"}, "redis://%2541@h/0"),
        ("redis://u%41@h/0", {"password": "x"}, "redis://u%41:x@h/0"),
        ("redis://u:p%41@h/0", {"username": "x"}, "redis://x:p%41@h/0"),
        ("redis://u:@h/0", {"username": "x"}, "redis://x:@h/0"),
        ("redis://u:p@h/0", {"password": ""}, "redis://u@h/0"),
        ("redis://u:p@h/0", {"username": ""}, "redis://:p@h/0"),
        ("redis://u:p@h/0", {"username": "", "password": ""}, "redis://h/0"),
        ("redis://u:@h/0", {"username": ""}, "redis://h/0"),
        ("redis://@h/0", {"password": ""}, "redis://h/0"),
        ("redis://h:6379/0", {"hostname": "::1"}, "redis://[::1]:6379/0"),
        ("redis://h:6379/0", {"hostname": "[::1]"}, "redis://[::1]:6379/0"),
        ("redis://[::1]:1/0", {"port": "02"}, "redis://[::1]:02/0"),
        ("redis://[::1]:1/0", {"hostname": "h"}, "redis://h:1/0"),
        ("redis://h:6379/0", {"port": 0}, "redis://h:0/0"),
        ("redis://h:6379/0", {"hostname": ""}, "redis://:6379/0"),
        ("mongodb://h:1/d", {"hostname": "a:1,[::1]:2"}, "mongodb://a:1,[::1]:2/d"),
        ("mongodb://a:1,b:2/d", {"hostname": "h"}, "mongodb://h/d"),
        ("mongodb://a:1,b:2/d", {"password": "x"}, "mongodb://:x@a:1,b:2/d"),
        ("redis://h:6379", {"path": "0"}, "redis://h:6379/0"),
        ("redis://h/0?a=1#f", {"path": ""}, "redis://h?a=1#f"),
        ("sqlite:///a.db", {"path": "//tmp/b.db"}, "sqlite:////tmp/b.db"),
        ("x://h?a=1#f", {"query": "b"}, "x://h?b#f"),
        ("x://h?a=1#f", {"query": "", "fragment": ""}, "x://h"),
        ("x://h?#", {"path": "/p"}, "x://h/p?#"),
        ("x://h", {"query": {"a b": ["é&", 2]}}, "x://h?a%20b=%C3%A9%26&a%20b=2"),
        ("x://h?a", {"query": {}}, "x://h"),
        ("x://h", {"fragment": "f"}, "x://h#f"),
        ("x://u:p@h:1/p?q#f", {"remove": ("username",)}, "x://:p@h:1/p?q#f"),
        ("x://u:p@h:1/p?q#f", {"remove": "password"}, "x://u@h:1/p?q#f"),
        ("x://u:p@h:1/p?q#f", {"remove": ["port", "path"]}, "x://u:p@h?q#f"),
        ("x://u:p@h:1/p?q#f", {"remove": {"hostname"}}, "x://u:p@:1/p?q#f"),
        ("x://u:p@h:1/p?q#f", {"remove": ("query", "fragment")}, "x://u:p@h:1/p"),
    ],
)
def test_one_part_changes_and_the_rest_stays(url, changes, expected):
    assert build_url(url, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"scheme": ""}, "scheme"),
        ({"scheme": "1x"}, "scheme"),
        ({"scheme": "redis://"}, "scheme"),
        ({"username": 5}, "username"),
        ({"password": b"secret"}, "password"),
        ({"password": "secret\ud800"}, "password"),
        ({"hostname": "h:80"}, "hostname"),
        ({"hostname": "h/secret"}, "hostname"),
        ({"hostname": "a,b@c"}, "hostname"),
        ({"hostname": "[h]"}, "hostname"),
        ({"hostname": "a b"}, "hostname"),
        ({"hostname": "a\nb"}, "hostname"),
        ({"port": -1}, "port"),
        ({"port": 65536}, "port"),
        ({"port": True}, "port"),
        ({"port": 6379.0}, "port"),
        ({"port": ""}, "port"),
        ({"port": " 1"}, "port"),
        ({"hostname": "a:1,b:2", "port": 3}, "port"),
        ({"path": "/a?b"}, "path"),
        ({"path": "/a#b"}, "path"),
        ({"path": "/a\0b"}, "path"),
        ({"query": "a#b"}, "query"),
        ({"query": ["a"]}, "query"),
        ({"fragment": "a\nb"}, "fragment"),
        ({"remove": ["scheme"]}, "remove"),
        ({"remove": "passwd"}, "remove"),
        ({"remove": ["port"], "port": 1}, "port"),
        ({"url": None}, "url"),
        ({"url": "redis://:se/cret@h/0", "password": "x"}, "port"),
        ({"url": "redis://:se/cret@h/0", "hostname": "x"}, "port"),
        ({"url": "redis://::1/0", "port": 1}, "hostname"),
        ({"url": "mongodb://a:1,b:2", "port": 1}, "port"),
        ({"url": "mongodb://a:1,b:2", "remove": "port"}, "port"),
        ({"url": "redis://:secret@a;redis://:secret@b", "password": "x"}, "url"),
    ],
)
def test_what_cannot_be_used_is_named_and_not_shown(changes, part):
    arguments = {"url": "redis://u:secret@h:6379/0", **changes}

    with pytest.raises(UrlError) as caught:
        build_url(**arguments)

    assert caught.value.part == part
    assert str(caught.value).startswith(f"{part} ")
    assert "secret" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_error_is_a_value_error_and_travels_between_processes():
    with pytest.raises(ValueError, match="port must be") as caught:
        build_url("redis://h", port=70000)

    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.part, str(copy)) == ("port", str(caught.value))


def test_the_work_it_takes():
    """Python's functions called, which is what its time goes with."""
    calls = []

    def count(frame, event, argument):
        if event == "call":
            calls.append(frame.f_code.co_name)

    build_url("x://u@h:1/a?b", password="warm up", path="b")
    sys.setprofile(count)
    try:
        build_url("x://u@h:1/a?b", password="p@ss/word", path="b")
    finally:
        sys.setprofile(None)

    assert len(calls) <= 30, calls
