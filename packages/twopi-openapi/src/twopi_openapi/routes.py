"""The operations of an application: its rules, methods and views."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from twopi_openapi.marks import Fragment, fragments_of

_LEFT_OUT = {"HEAD", "OPTIONS", "TRACE"}


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a rule.

    Attributes:
        rule: The rule.
        method: The method, in lower case.
        view: The function, or the method of a class, that answers.
        fragments: What it says of itself, the outermost first.
        specs: The arguments it reads, by webargs' ``__webargs_specs__``.
        methods: How many methods the endpoint has.
    """

    rule: Rule
    method: str
    view: Callable[..., Any]
    fragments: list[Fragment]
    specs: tuple[Any, ...]
    methods: int


def routes(
    app: Flask, *, only: Iterable[str] = (), hide: Iterable[str] = ()
) -> list[Route]:
    """List what *app* answers, by path and method.

    Left out are ``HEAD`` and ``OPTIONS``, static files, redirects, WebSockets, and
    rules that only build URLs.

    Args:
        app: The application.
        only: Names of blueprints, or prefixes of paths that begin with ``/``; by
            default all.
        hide: The same, to leave out.
    """
    wanted, unwanted = tuple(only), tuple(hide)
    found = [
        route
        for rule in app.url_map.iter_rules()
        if not _is_left_out(rule)
        and (not wanted or _is_in(rule, wanted))
        and not _is_in(rule, unwanted)
        for route in _of_rule(app, rule)
        if not any(each.get("hidden") for each in route.fragments)
    ]
    return sorted(found, key=lambda route: (route.rule.rule, route.method))


def _is_left_out(rule: Rule) -> bool:
    return bool(
        rule.build_only
        or rule.websocket
        or rule.redirect_to
        or rule.endpoint.rpartition(".")[2] == "static"
    )


def _is_in(rule: Rule, places: tuple[str, ...]) -> bool:
    blueprint = rule.endpoint.rpartition(".")[0]
    return any(
        rule.rule.startswith(place)
        if place.startswith("/")
        else blueprint == place or blueprint.startswith(f"{place}.")
        for place in places
    )


def _of_rule(app: Flask, rule: Rule) -> Iterator[Route]:
    function = app.view_functions.get(rule.endpoint)
    methods = sorted((rule.methods or {"GET"}) - _LEFT_OUT)
    if function is None:
        return
    for method in methods:
        view, layers = _layers(function, method)
        fragments = [each for layer in layers for each in fragments_of(layer, app)]
        specs = tuple(
            spec
            for layer in layers
            for spec in getattr(layer, "__dict__", {}).get("__webargs_specs__", ())
        )
        yield Route(rule, method.lower(), view, fragments, specs, len(methods))


def _layers(
    function: Callable[..., Any], method: str
) -> tuple[Callable[..., Any], list[Callable[..., Any]]]:
    """Return what answers *method*, and all that says something of it, outermost first.

    The view of a class hands on what decorates it; its method is decorated itself, and
    flask-restful decorates it once more, at each request.
    """
    kind = getattr(function, "view_class", None)
    if kind is None:
        return function, [function]
    name = method.lower()
    answers: Callable[..., Any] = getattr(kind, name, None) or kind.dispatch_request
    decorated = answers
    for decorate in _method_decorators(kind, name):
        decorated = decorate(decorated)
    return answers, [function, decorated]


def _method_decorators(kind: type, method: str) -> Iterable[Callable[..., Any]]:
    """Return flask-restful's ``method_decorators``, a list or one for each method."""
    found = getattr(kind, "method_decorators", ())
    if isinstance(found, Mapping):
        found = found.get(method, ())
    return found or ()


def summary_of(view: Callable[..., Any]) -> tuple[str, str]:
    """Return the first line of a view's docstring, and the rest."""
    text = inspect.cleandoc(inspect.unwrap(view).__doc__ or "").strip()
    first, _, rest = text.partition("\n\n")
    return " ".join(first.split()).rstrip("."), rest.strip()
