"""Who may do what in a whole application: every role on every route."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from twopi_testing.client import ApiClient
from twopi_testing.exchange import Exchange, Statuses, codes_of
from twopi_testing.routes import Route, routes_of

Credentials = str | Mapping[str, str] | None
"""A bearer token, headers, or None for nobody, as `ApiClient.as_` takes them."""
Role = Credentials | Callable[[], Credentials | FlaskClient]
"""Credentials, or a function that is asked for them, or for a client, each time."""
Row = Statuses | Mapping[str, Statuses] | None
"""The statuses of a route: for each role, the same for all, or not to be checked."""

METHODS = ["OPTIONS", "HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"]
"""The order of the cells: what changes nothing first, what ends things last."""
SHOWN = 200
"""How many characters of an answer a table shows."""


@dataclass(frozen=True)
class Cell:
    """One role on one route; its ``str`` is a name for the cell."""

    route: str
    """Method and URL rule, such as ``DELETE /things/<int:key>``."""
    role: str
    """The name of the role; empty if nobody listed the route."""
    expected: Collection[int]
    """The statuses that are right; none if nobody listed the cell."""
    send: Callable[[], Exchange] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.role} {self.route}".lstrip()

    def check(self) -> None:
        """Send the request of this cell alone.

        Raises:
            AssertionError: The status is wrong, or nobody listed the cell.
        """
        __tracebackhide__ = True
        _report([self])

    def fault(self) -> tuple[str, Exception | None]:
        """Return what is wrong, or nothing, and the exception that was raised."""
        if self.send is None:
            return "nobody listed it", None
        try:
            sent = self.send()
            with sent.response:
                if sent.response.status_code in self.expected:
                    return "", None
                text = str(sent).removeprefix(f"{sent.method} ")
        except Exception as error:  # noqa: BLE001  the other cells are worth knowing
            return _line(f"raised {error!r}"), error
        return _line(text), None


@dataclass(frozen=True)
class PrivilegeMatrix:
    """The cells of `privilege_matrix`."""

    cells: Sequence[Cell]
    """All cells, in the order they are checked."""

    def check(self) -> None:
        """Check all cells and report everything that is wrong at once, as a table.

        Raises:
            AssertionError: A status is wrong, or nobody listed a route.
        """
        __tracebackhide__ = True
        _report(self.cells)


def privilege_matrix(
    app: Flask,
    expected: Mapping[str, Row],
    *,
    roles: Mapping[str, Role],
    values: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    fresh: Callable[[], object] | None = None,
    require_all: bool = True,
) -> PrivilegeMatrix:
    """Return a check of what every role may do on every route of *app*.

    A route that nobody listed is a failure, and so is a role that a route says
    nothing about: a new view cannot be forgotten. ``HEAD``, and ``OPTIONS`` where
    Flask answers it, may be listed but need not be, unless a view has a method of its
    own for them; the same holds for Flask's static files.

    Each cell is one request by a client of its own, so no cookie passes from one to
    the next. What requests change in your database does, and that is what *fresh* is
    for. Without it, the order makes the best of it: methods that change nothing come
    first, ``DELETE`` last, and on each route refusals before what is allowed.

    >>> from flask import Flask, request
    >>> from twopi_testing import privilege_matrix
    >>> app = Flask(__name__)
    >>> @app.delete("/things/<int:key>")
    ... def remove(key):
    ...     return "", 204 if request.authorization else 401
    >>> privilege_matrix(
    ...     app,
    ...     {"DELETE /things/<int:key>": {"nobody": 401, "admin": 204}},
    ...     roles={"nobody": None, "admin": "a.b.c"},
    ...     values={"key": 7},
    ... ).check()

    Args:
        app: The app, with all its routes.
        expected: For each route, written ``"METHOD /rule"`` (``"METHOD //host/rule"``
            with a host or subdomain), the status or statuses of each role. One status
            is for all roles; None leaves the route unchecked.
        roles: What each role sends: a bearer token, headers, None for nobody, or a
            function that returns these or a client of its own. The function is called
            for every cell, after *fresh*.
        values: What the variables of the rules are, by name; those of one rule in a
            mapping, by the rule: ``{"key": 7, "/users/<int:key>": {"key": 3}}``. A
            function is called for every cell, after *fresh*.
        data: What to send, by route: text, bytes and a ``MultiDict`` (a form) as they
            are, all else as JSON. A function is called for every cell.
        fresh: Called before each cell, to put the state back. If it returns a context
            manager, the request is made within.
        require_all: Whether an unlisted route or role is a failure.

    Returns:
        A matrix with ``check()``, and with ``cells`` that have a ``check()`` each:
        ``@pytest.mark.parametrize("cell", matrix.cells, ids=str)``.

    Raises:
        ValueError: A route, a role or a variable is not there, or nothing would be
            checked; the message says what is.
    """
    values, data = values or {}, data or {}
    routes = routes_of(app)
    _require_known("route", [*expected, *data], routes)
    for row in expected.values():
        _require_known("role", row if isinstance(row, Mapping) else (), roles)

    def cells_of(route: Route) -> Iterator[Cell]:
        name = str(route)
        row = expected.get(name)
        if name not in expected:
            if require_all and not route.implied:
                yield Cell(name, "", ())
            return
        if row is None:
            return
        chosen = route.choose(values)
        for role, credentials in roles.items():
            codes = row.get(role) if isinstance(row, Mapping) else row
            if codes is not None:
                request = _Request(app, route, credentials, chosen, data.get(name))
                send = partial(request.send, fresh)
                yield Cell(name, role, tuple(codes_of(codes)), send)
            elif require_all:
                yield Cell(name, role, ())

    cells = [cell for route in routes.values() for cell in cells_of(route)]
    if not cells:
        raise ValueError("without roles and routes nothing would be checked")
    return PrivilegeMatrix(sorted(cells, key=_turn))


@dataclass(frozen=True)
class _Request:
    """What a cell sends; functions among it are called each time."""

    app: Flask
    route: Route
    role: Role
    values: Mapping[str, Any]
    data: Any

    def send(self, fresh: Callable[[], object] | None) -> Exchange:
        state = fresh() if fresh else None
        with state if isinstance(state, AbstractContextManager) else nullcontext():
            client = self._client()
            values = {name: _called(value) for name, value in self.values.items()}
            target = self.route.target(values)
            data, method = _called(self.data), self.route.method
            as_it_is = data is None or isinstance(data, str | bytes | MultiDict)
            body = {"data" if as_it_is else "json": data}
            response = client.open(method=method, **target, **body)
            return Exchange(method, target["path"], response)

    def _client(self) -> FlaskClient:
        role = _called(self.role)
        if isinstance(role, FlaskClient):
            return role
        return ApiClient.of(self.app).as_(role)


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."


def _turn(cell: Cell) -> tuple[int, bool]:
    """Place *cell*: what changes least first, and on a route what is refused."""
    method = cell.route.partition(" ")[0]
    turn = METHODS.index(method) if method in METHODS else METHODS.index("POST")
    return turn, any(code < 400 for code in cell.expected)


def _require_known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=3, cutoff=0) or ["none at all"]
            raise ValueError(f"no {kind} {name!r}; there is {', '.join(close)}")


def _report(cells: Sequence[Cell]) -> None:
    """Raise, with a table, if any of *cells* is wrong."""
    __tracebackhide__ = True
    rows, cause = [], None
    for cell in cells:
        answered, error = cell.fault()
        if answered:
            codes = " or ".join(str(int(code)) for code in cell.expected)
            rows.append((cell.route, cell.role or "-", codes or "-", answered))
            cause = cause or error
    if rows:
        heading = f"{len(rows)} of {len(cells)} privileges are not as expected"
        raise AssertionError("\n".join([heading, *_table(rows)])) from cause


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    rows = [("route", "role", "expected", "answered"), *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
