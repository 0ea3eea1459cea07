"""Where a token goes is where the HTTP library goes, however a URL is written."""

import httpx
import requests
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st

from twopi_token_auth.clients.httpx import origin
from twopi_token_auth.clients.session import ClientSession

SESSION = ClientSession("https://shop.example/auth")
ODD = ["/", "\\", "@", ":", ":443", ":80", "?", "#", ".", "..", "%2f", "%40", "%5c"]
ODD += ["[", "]", ";", "&", " ", "\t", "\n", "\r", "\0", "\uff20", "\uff0f", "\u3002"]
ODD += ["evil.example", "ada", "user:pass", "xn--", "\xe9", "", ""]

schemes = st.sampled_from(
    ["https://", "HTTPS://", "https:", "http://", "//", "\thttps://"]
)
hosts = st.sampled_from(["shop.example", "SHOP.example", "shop.example:443", ""])
odd = st.lists(st.sampled_from(ODD), max_size=3).map("".join)
urls = st.tuples(schemes, odd, hosts, odd, hosts, odd).map("".join)


@given(urls)
@example("https://shop.example\\@evil.example/")
@example("https://shop.example@evil.example/")
@example("https://evil.example#@shop.example/")
@example("https://shop.example:443/")
@example("https:////shop.example")
def test_httpx_goes_where_the_token_may_go(url):
    try:
        request = httpx.Request("GET", url)
    except (httpx.InvalidURL, ValueError, TypeError):
        return

    if SESSION.trusts(origin(request.url)):
        assert request.url.scheme == "https"
        assert request.url.host == "shop.example"
        assert request.url.port in {None, 443}


@given(urls)
@example("https://shop.example\\@evil.example/")
@example("https://shop.example@evil.example/")
@example("https://evil.example#@shop.example/")
@example("https://shop.example:443/")
def test_requests_goes_where_the_token_may_go(url):
    try:
        request = requests.Request("GET", url).prepare()
    except (requests.RequestException, ValueError):
        return

    if SESSION.trusts(request.url):
        parsed = urllib3.util.parse_url(request.url)
        assert parsed.scheme == "https"
        assert parsed.host == "shop.example"
        assert parsed.port in {None, 443}


def test_some_spellings_are_the_same_origin():
    for url in (
        "https://shop.example",
        "HTTPS://SHOP.example:443/me?next=//evil.example",
        "https://shop.example/@evil.example",
    ):
        assert SESSION.trusts(origin(httpx.URL(url)))
        assert SESSION.trusts(requests.Request("GET", url).prepare().url)
