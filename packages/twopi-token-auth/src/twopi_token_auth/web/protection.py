"""The guard of an application or blueprint: views are closed unless marked open."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask.sansio.scaffold import Scaffold

from twopi_token_auth.app.request import carry_nothing

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

PUBLIC = "__twopi_public__"
GUARDED = "__twopi_guarded__"


def public(view: ViewT) -> ViewT:
    """Leave *view* open where `TokenAuth.protect` closes everything else.

    It goes on plain views, on `flask.views.View` classes and on flask-restful
    resources. If the view has a decorator of its own that asks for a token, that
    decorator still does.
    """
    setattr(view, PUBLIC, True)
    return view


class Guard:
    """Asks for a token before each view but those that are open.

    Args:
        ask: Returns a response that refuses the request, or None.
        except_: The endpoints that stay open.
    """

    def __init__(self, ask: Callable[[], Any], except_: Collection[str]) -> None:
        if isinstance(except_, str) or not all(type(each) is str for each in except_):
            raise TypeError(
                "except_ must be a list of endpoints, such as ['health', 'shop.index']"
            )
        self._ask = ask
        self._except = frozenset(except_)

    def __call__(self) -> Any:
        """Refuse the current request, or return None."""
        endpoint = request.endpoint
        if endpoint is None or self.leaves_open(current_app, endpoint):
            carry_nothing()  # a missing page is a 404 for everybody
            return None
        return self._ask()

    def leaves_open(self, app: Flask, endpoint: str) -> bool:
        """Return whether the view of *endpoint* needs no token."""
        return (
            endpoint in self._except
            or is_public(app.view_functions.get(endpoint))
            or _is_static(app, endpoint)
        )


def add_guard(target: Flask | Blueprint, guard: Guard) -> None:
    """Run *guard* before each view of *target*.

    Raises:
        TypeError: *target* is neither an application nor a blueprint.
    """
    if not isinstance(target, Scaffold):
        raise TypeError(f"{target!r} is not an application or a blueprint")
    target.before_request(guard)


def is_public(view: Any) -> bool:
    """Return whether *view*, or the class that it was made of, is marked `public`."""
    return bool(
        getattr(view, PUBLIC, False)
        or getattr(getattr(view, "view_class", None), PUBLIC, False)
    )


def is_exempt(asking: Any) -> bool:
    """Return whether the current view is public, and *asking* is not a decorator of it.

    So a decorator that is used as a guard, by ``before_request``, lets public views be.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if not is_public(view):
        return False
    while view is not None:
        if view is asking:
            return False
        view = getattr(view, "__wrapped__", None)
    return True


def open_routes(app: Flask) -> list[str]:
    """Return the routes of *app* that need no token, as ``GET /path``, sorted.

    Looks at `TokenAuth.protect` and at the decorators of the views; what a view does by
    itself does not show. Use it in a test, so that a new route is open on purpose only:

    >>> from flask import Flask
    >>> from twopi_token_auth import MemoryStore, TokenAuth, public
    >>> from twopi_token_auth.testing import open_routes
    >>> app = Flask(__name__, static_folder=None)
    >>> app.config["SECRET_KEY"] = "a random text of 32 bytes or more"
    >>> auth = TokenAuth(app, store=MemoryStore())
    >>> auth.protect(app)
    >>> @app.get("/")
    ... @public
    ... def home():
    ...     return "hello"
    >>> @app.get("/secret")
    ... def secret():
    ...     return "for members"
    >>> open_routes(app)
    ['GET /']
    """
    found = set()
    for rule in app.url_map.iter_rules():
        guards = [
            guard
            for name in (None, *_blueprints_of(rule.endpoint))
            for guard in app.before_request_funcs.get(name, ())
        ]
        if any(_closes(app, guard, rule.endpoint) for guard in guards):
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if not _is_guarded(app.view_functions[rule.endpoint], method):
                found.add(f"{method} {rule.rule}")
    return sorted(found)


def _closes(app: Flask, guard: Any, endpoint: str) -> bool:
    if isinstance(guard, Guard):
        return not guard.leaves_open(app, endpoint)
    return bool(getattr(guard, GUARDED, False)) and not is_public(
        app.view_functions[endpoint]
    )


def _is_guarded(view: Any, method: str) -> bool:
    if getattr(view, GUARDED, False):
        return True
    cls = getattr(view, "view_class", None)
    handler = getattr(cls, method.lower(), None)
    decorators: Any = getattr(cls, "method_decorators", ())
    if isinstance(decorators, dict):
        decorators = decorators.get(method.lower(), ())
    return getattr(handler, GUARDED, False) or any(
        getattr(decorate(lambda: None), GUARDED, False) for decorate in decorators
    )


def _blueprints_of(endpoint: str) -> list[str]:
    parts = endpoint.split(".")[:-1]
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _is_static(app: Flask, endpoint: str) -> bool:
    owner, _, name = endpoint.rpartition(".")
    scaffold: Scaffold | None = app.blueprints.get(owner) if owner else app
    return name == "static" and scaffold is not None and scaffold.has_static_folder
