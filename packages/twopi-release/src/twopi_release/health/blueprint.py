"""Endpoints for load balancers, clusters and deployments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from twopi_release.file import get_release
from twopi_release.find import Release
from twopi_release.health.checks import Checks
from twopi_release.health.report import HEALTH_JSON, Health

if TYPE_CHECKING:
    from flask import Blueprint, Response


def release_blueprint(
    release: str | Release | None = None,
    *,
    checks: Mapping[str, Callable[[], object]] | None = None,
    optional: Iterable[str] = (),
    timeout: float = 0.8,
    max_age: float = 1.0,
    url_prefix: str | None = None,
    header: str | None = None,
) -> Blueprint:
    """Return a blueprint with ``/release``, ``/livez``, ``/readyz`` and ``/healthz``.

    - ``GET /release`` returns ``{"release": ...}``.
    - ``GET /livez`` returns ``{"status": "ok"}`` and runs no check: the process
      answers. Restart it only if this fails.
    - ``GET /readyz`` runs the *checks* and returns
      ``{"status": "ok", "checks": {name: "ok"}}``. A check that raises, returns a false
      value other than ``None``, or does not end in time is ``"failed"``. If only
      *optional* ones failed, the status is ``"degraded"`` with 200; otherwise it is
      ``"failed"`` with 503 and ``Retry-After: 1``.
    - ``GET /healthz`` is as ``/readyz``, and runs the checks at each request.

    Checks run in parallel, in threads of their own with an application context. Of each
    there is one run at a time: while one hangs, it is ``"failed"`` and is not started
    again. The exception goes to the log, once when a check begins to fail and not at
    each request, and never to the client. To a client that asks for
    ``application/health+json`` the last three answer in that form. None is cached.

    Args:
        release: The release to report, a string or what `find_release` has found; the
            default is `get_release`, asked once, when this function is called: a
            process keeps the code it started with, also after a new
            ``version.txt`` has been deployed under it.
        checks: Functions, also ``async`` ones, that raise if what they are named after
            is down.
        optional: The names of the checks without which the application still works.
        timeout: Seconds that each check may take. The default is below the second that
            Kubernetes waits for a probe.
        max_age: Seconds that ``/readyz`` uses the result of a check again, so that
            many probes cost no more than one.
        url_prefix: Where to mount the endpoints, for example ``"/internal"``.
        header: The name of a header that carries the release on each response of the
            application, for example ``"X-Release"``. Every client sees it. What is not
            printable ASCII in the release is a ``?`` there.

    Raises:
        ValueError: *timeout* is not above 0, *max_age* is below 0, or *optional* has a
            name that is not in *checks*.
        ModuleNotFoundError: Flask is missing; install ``twopi-release[flask]``.

    .. versionchanged:: 2.0
        ``/livez`` and ``/readyz``; *optional*, *timeout* and *max_age*.
    """
    from flask import Blueprint, current_app, jsonify

    unneeded = _known(checks or {}, optional)
    if not timeout > 0 or not max_age >= 0:
        raise ValueError("timeout must be above 0 seconds, and max_age 0 or more")
    running = get_release() if release is None else str(release)
    known = Checks(checks or {}, timeout)
    blueprint = Blueprint("twopi_release", __name__, url_prefix=url_prefix)

    def ask(max_age: float) -> Response:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        failed = known.failed(app.app_context, max_age)
        health = Health(known.names, failed, unneeded)
        return _show(health, health.as_json(), running)

    @blueprint.get("/release")
    def show_release() -> Response:
        return jsonify(release=running)

    @blueprint.get("/livez")
    def show_life() -> Response:
        return _show(Health((), (), ()), {"status": "ok"}, running)

    @blueprint.get("/readyz")
    def show_readiness() -> Response:
        return ask(max_age)

    @blueprint.get("/healthz")
    def show_health() -> Response:
        return ask(0)

    @blueprint.after_request
    def forbid_caching(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    if header is not None:
        _say(blueprint, header, running)
    return blueprint


def _show(health: Health, plain: Mapping[str, object], release: str) -> Response:
    """Return *plain*, or the other form of it to a client that asks for that."""
    from flask import jsonify, request

    if _asks_for_health_json(request.accept_mimetypes):
        response = jsonify(health.as_health_json(release))
        response.mimetype = HEALTH_JSON
    else:
        response = jsonify(plain)
    response.vary.add("Accept")
    if health.status == "failed":
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return response


def _say(blueprint: Blueprint, header: str, release: str) -> None:
    """Send the release in a header of each response of the application."""
    text = re.sub(r"[^ -~]", "?", release)

    @blueprint.after_app_request
    def say_release(response: Response) -> Response:
        response.headers[header] = text
        return response


def _known(checks: Collection[str], optional: Iterable[str]) -> frozenset[str]:
    """Return the names of optional checks.

    Raises:
        ValueError: One is not the name of a check.
    """
    names = frozenset([optional] if isinstance(optional, str) else optional)
    if unknown := sorted(names.difference(checks)):
        raise ValueError(f"optional has {unknown[0]!r}, which is not in checks")
    return names


def _asks_for_health_json(accepted: Iterable[tuple[str, float]]) -> bool:
    """Return whether *accepted* prefers the media type, by its name, to plain JSON."""
    quality = {name.lower(): each for name, each in reversed([*accepted])}
    return quality.get(HEALTH_JSON, 0) >= max(quality.get("application/json", 0), 0.001)
