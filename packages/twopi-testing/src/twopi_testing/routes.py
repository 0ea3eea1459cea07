"""The routes of an application: each method of each URL rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


@dataclass(frozen=True)
class Route:
    """One method of one URL rule."""

    method: str
    rule: Rule
    on_host: bool
    """Whether the app tells hosts apart, not subdomains."""
    implied: bool
    """Whether Flask made it: HEAD beside GET, an automatic OPTIONS, static files."""

    @property
    def place(self) -> str:
        """The rule, with its host or subdomain if it has one."""
        domain = self.rule.host if self.on_host else self.rule.subdomain
        return f"//{domain}{self.rule.rule}" if domain else self.rule.rule

    def __str__(self) -> str:
        return f"{self.method} {self.place}"

    def choose(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of *values* that the variables of the rule stand for.

        Raises:
            ValueError: One is missing.
        """
        known = {**values, **values.get(self.place, {})}
        names = sorted(self.rule.arguments - (self.rule.defaults or {}).keys())
        for name in names:
            if name not in known:
                raise ValueError(f"values has no {name!r}, which {self} needs")
        return {name: known[name] for name in names}

    def target(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a test client has to be told, with all variables filled in.

        Raises:
            ValueError: The rule cannot have these values.
        """
        built = self.rule.build(values, append_unknown=False)
        if built is None:
            raise ValueError(f"{self} cannot be built with {dict(values)!r}")
        domain, path = built
        if not domain:
            return {"path": path}
        if self.on_host:
            return {"path": path, "base_url": f"http://{domain}"}
        return {"path": path, "subdomain": domain}


def routes_of(app: Flask) -> dict[str, Route]:
    """Return all routes of *app* that a request can reach, by their names."""
    found: dict[str, Route] = {}
    hosts = app.url_map.host_matching
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            if not (rule.build_only or rule.websocket):
                route = Route(method, rule, hosts, _is_implied(app, rule, method))
                found.setdefault(str(route), route)  # Flask takes the first one
    return found


def _is_implied(app: Flask, rule: Rule, method: str) -> bool:
    view = app.view_functions.get(rule.endpoint)
    view_class = getattr(view, "view_class", None)
    if method == "HEAD":
        return "GET" in (rule.methods or ()) and not hasattr(view_class, "head")
    if method == "OPTIONS":
        return bool(getattr(rule, "provide_automatic_options", False))
    return _is_static(app, rule)


def _is_static(app: Flask, rule: Rule) -> bool:
    """Tell whether Flask itself added the rule, for a static folder."""
    name, _, last = rule.endpoint.rpartition(".")
    owner = app.blueprints.get(name) if name else app
    return last == "static" and owner is not None and owner.has_static_folder
