"""The keys of another issuer, fetched from the one URL where it publishes them."""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from http.client import HTTPException
from time import monotonic
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from twopi_token_auth.errors import ConfigurationError, KeysUnavailableError
from twopi_token_auth.jose.algorithms import HMAC, NAMES
from twopi_token_auth.jose.jwk import (
    UnusableKeyError,
    fitting_algorithms,
    read_jwk,
    thumbprint,
)
from twopi_token_auth.jose.key import Key
from twopi_token_auth.jose.key_set import Entry, KeySet

log = logging.getLogger(__name__)

_KINDS = {"RSA", "EC", "OKP"}
_MOST_KEYS = 1000


class RemoteKeys(KeySet):
    """The public keys that another issuer publishes as a JWK Set (RFC 7517 section 5).

    Use it in place of a secret, or as ``TOKEN_AUTH_KEYS`` of an application that signs
    nothing itself. Nothing in a token chooses where keys come from.

    >>> from twopi_token_auth import RemoteKeys
    >>> keys = RemoteKeys(
    ...     "https://login.example/.well-known/jwks.json",
    ...     issuer="https://login.example/",
    ...     algorithms=["RS256"],
    ... )

    The keys are fetched when the first token needs them and kept in this process;
    threads share one fetch. They are fetched again when they are *max_age* old, or when
    a token names an unknown one, and never more often than every *pause* seconds. While
    the issuer cannot be reached, or its response has no usable key, the last keys stay
    valid for *max_stale* seconds more. A key that does not state its algorithm is used
    with each of *algorithms* that fits it.

    Args:
        url: Where the keys are. It must begin with https, unless it is on this machine.
        issuer: Whose tokens these are, instead of ``TOKEN_AUTH_ISSUER``.
        algorithms: The only algorithms to accept; none accepts all that fit the keys.
        max_age: After how many seconds to fetch the keys again.
        max_stale: For how many more seconds to do without, if that fails.
        pause: How many seconds to leave between two attempts.
        timeout: How many seconds an answer may take.
        max_bytes: How long an answer may be.
        clock: What counts the seconds.

    Raises:
        ConfigurationError: The URL or an algorithm is not acceptable.
    """

    foreign = True

    def __init__(
        self,
        url: str,
        *,
        issuer: str | None = None,
        algorithms: Collection[str] = (),
        max_age: float = 300,
        max_stale: float = 86400,
        pause: float = 10,
        timeout: float = 5,
        max_bytes: int = 262144,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.url = url
        self.issuer = issuer
        self._loopback = _check_url(url)
        self._algorithms = tuple(algorithms)
        if set(self._algorithms) - set(NAMES) or set(self._algorithms) & set(HMAC):
            raise ConfigurationError(
                "The algorithms of RemoteKeys must be asymmetric ones out of "
                f"{', '.join(name for name in NAMES if name not in HMAC)}"
            )
        self._max_age = max_age
        self._max_stale = max_stale
        self._pause = pause
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: tuple[Entry, ...] = ()
        self._fetched: float | None = None
        self._tried: float | None = None

    def refresh(self) -> bool:
        """Fetch the keys again, unless that was just done; tell if new ones came."""
        before = self._fetched
        with self._lock:
            return self._fetched != before or self._fetch()

    def _living(self) -> tuple[Entry, ...]:
        if self._age() >= self._max_age and self._lock.acquire(
            blocking=self._fetched is None
        ):
            try:
                if self._age() >= self._max_age:
                    self._fetch()
            finally:
                self._lock.release()
        if self._age() >= self._max_age + self._max_stale:
            raise KeysUnavailableError(f"The keys at {self.url} cannot be fetched")
        return self._entries

    def _age(self) -> float:
        fetched = self._fetched
        return float("inf") if fetched is None else self._clock() - fetched

    def _fetch(self) -> bool:
        now = self._clock()
        if self._tried is not None and now - self._tried < self._pause:
            return False
        self._tried = now
        try:
            entries = self._read(self._download())
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            log.warning("The keys at %s cannot be fetched: %s", self.url, error)
            return False
        self._entries, self._fetched = entries, self._clock()
        return True

    def _download(self) -> bytes:
        handlers: list[Any] = [_NoRedirects()]
        if self._loopback:
            handlers.append(ProxyHandler({}))
        request = Request(  # noqa: S310 - the scheme has been checked
            self.url, headers={"Accept": "application/jwk-set+json, application/json"}
        )
        deadline = monotonic() + self._timeout
        content = b""
        with build_opener(*handlers).open(request, timeout=self._timeout) as answer:
            while part := answer.read1(65536):
                content += part
                if len(content) > self._max_bytes:
                    raise ValueError("the answer is too long")
                if monotonic() > deadline:
                    raise TimeoutError("the answer takes too long")
        return content

    def _read(self, content: bytes) -> tuple[Entry, ...]:
        jwks = json.loads(content)
        keys = jwks.get("keys") if isinstance(jwks, dict) else None
        if not isinstance(keys, list):
            raise ValueError("the answer is no JWK Set")  # noqa: TRY004
        if len(keys) > _MOST_KEYS:
            raise ValueError(f"the answer has more than {_MOST_KEYS} keys")
        entries: list[Entry] = []
        seen: set[tuple[object, str]] = set()
        for jwk in keys:
            # What is not understood is to be ignored (RFC 7517 section 5), and a
            # secret that is published is none.
            kind = jwk.get("kty") if isinstance(jwk, dict) else None
            if not isinstance(kind, str) or kind not in _KINDS or "d" in jwk:
                continue
            try:
                entries += self._entries_of(jwk, seen)
            except UnusableKeyError as error:
                log.info("A key at %s is ignored: it %s", self.url, error)
        if not any(entry.verifies for entry in entries):
            raise ValueError("the answer has no usable key")
        return tuple(entries)

    def _entries_of(
        self, jwk: dict[str, Any], seen: set[tuple[object, str]]
    ) -> Iterator[Entry]:
        """Make a key for each algorithm that may be used with *jwk*.

        Keys of different kinds may have the same name (RFC 7517 section 4.5); of
        several with one name and one algorithm, the first one counts.
        """
        fitting = fitting_algorithms(jwk)
        allowed = [name for name in self._algorithms or fitting if name in fitting]
        material = read_jwk(jwk, tuple(allowed) or self._algorithms)
        name = material.kid or thumbprint(material.key, material.algorithm)
        for algorithm in allowed:
            if (name, algorithm) in seen:
                log.info("A key at %s is ignored: its kid is taken", self.url)
                continue
            seen.add((name, algorithm))
            key = Key(material.key, algorithm, kid=name)
            yield Entry(key, signs=False, verifies=material.verifies, not_after=None)


class _NoRedirects(HTTPRedirectHandler):
    """Stay at the URL that was allowed."""

    def redirect_request(self, *_: Any) -> NoReturn:
        raise URLError("the answer is a redirection")


def _check_url(url: object) -> bool:
    """Return whether *url* is on this machine, if it can be used at all."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        host = parts.hostname if parts else None
    except ValueError:
        parts = host = None
    if parts is None or not host or parts.username or parts.password:
        raise ConfigurationError(
            "The URL of RemoteKeys must be a text that begins with https:// and a host"
        )
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise ConfigurationError(
            f"The URL of RemoteKeys is {url!r}; it must begin with https://, so that "
            "nobody on the way can exchange the keys"
        )
    return loopback
