"""The URLs of other pages, and the ``Link`` header that names them (RFC 8288).

A URL has no host, because what a request says of it cannot be trusted; a client
resolves it by the URL that it asked for (RFC 3986, section 5). ``PAGINATION_BASE_URL``
makes it absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import has_request_context, request

from twopi_pagination.request.parameters import largest_offset
from twopi_pagination.settings import current_settings


def offset_links(page: Mapping[str, Any]) -> dict[str, str]:
    """Return the URLs of the other pages by offset, by their relation."""
    offset, limit = page["offset"], page["limit"]
    if limit == 0 or not has_request_context():
        return {}
    exact = page.get("totalItemsExact", page["totalItems"] is not None)
    last = _last_offset(offset, limit, page["totalItems"]) if exact else None
    more = page.get("hasMore", last is not None and offset < last)
    places: dict[str, int] = {}
    if offset or more:
        places["first"] = 0
    if offset:
        before = max(0, offset - limit)
        places["prev"] = before if last is None else min(before, last)
    if more:
        places["next"] = offset + limit
    if last is not None and places:
        places["last"] = last
    bound = largest_offset(current_settings())
    return {
        rel: _url(offset=place, limit=limit)
        for rel, place in places.items()
        if place <= bound
    }


def _last_offset(offset: int, limit: int, total: int) -> int:
    """Return where the last page begins, if this one is one of them."""
    start = offset % limit if offset < total else 0
    return start + max(0, total - 1 - start) // limit * limit


def cursor_links(page: Mapping[str, Any]) -> dict[str, str]:
    """Return the URLs of the other pages by cursor, by their relation."""
    if not has_request_context():
        return {}
    links = {
        rel: _url(cursor=page[rel], limit=page["limit"])
        for rel in ("prev", "next")
        if page[rel] is not None
    }
    return {"first": _url(cursor=None, limit=page["limit"]), **links} if links else {}


def link_header(links: Mapping[str, str]) -> dict[str, str]:
    """Return the header field of *links*, if there are any."""
    if not links:
        return {}
    return {"Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links.items())}


def _url(**parameters: Any) -> str:
    return url_with(parameters)


def url_with(parameters: Mapping[str, Any]) -> str:
    """Return the URL of this request with *parameters* in place of its own.

    Those that are `None` are left out.
    """
    kept = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in parameters
    ]
    given = [(name, value) for name, value in parameters.items() if value is not None]
    base = current_settings().base_url
    path = quote(request.path if base else request.root_path + request.path)
    # two slashes would begin a host
    return f"{base}/{path.lstrip('/')}?{urlencode(kept + given)}"
