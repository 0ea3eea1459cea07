"""What can be wrong with a page: the request's part, or the program's.

::

    marshmallow.ValidationError, werkzeug.exceptions.HTTPException
    └── InvalidPage             the client asks for what cannot be: 422
        └── InvalidCursor       its cursor does not belong to this list
    TypeError
    └── UnpageableQuery         the program's query cannot be cut into pages
        ├── UnorderedQuery      it has no order that cursors could keep to
        └── UnsupportedOrdering it has one that they cannot
"""

from __future__ import annotations

import inspect
from typing import Any

from flask.json import dumps
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException


class InvalidPage(ValidationError, HTTPException):  # noqa: N818  # as in werkzeug
    """The query string asks for a page that cannot be.

    It is raised before any SQL. As a `marshmallow.ValidationError` it goes to the
    handler an application has for those; where there is none, it answers for itself:
    422 with ``{"_errors": ["limit: ..."]}``. Neither repeats what the client sent.

    Attributes:
        messages: The complaints by parameter, ``{"limit": ["Must be ..."]}``.
        location: Where the parameters were read: ``"query"``, as webargs calls it.
        data: Always `None`: marshmallow would keep the rejected input here.
    """

    code = 422
    location = "query"

    def __init__(self, messages: dict[str, list[str]]) -> None:
        super().__init__(messages)
        self.args = (messages,)
        self.data = None
        self._messages = messages
        self.response = None
        self.description = "; ".join(self._sentences())

    def _sentences(self) -> list[str]:
        return [
            f"{name}: {text}"
            for name, texts in self._messages.items()
            for text in texts
        ]

    def get_body(self, *_: Any, **__: Any) -> str:
        """Return the JSON text of the answer."""
        return dumps({"_errors": self._sentences()})

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """Return the headers of the answer."""
        return [("Content-Type", "application/json")]

    def get_response(self, environ: Any = None, scope: Any = None) -> Any:
        """Return the answer, unless flask-restful asks.

        It would keep the headers, write a body of its own and pass over the
        application's error handlers. If its handler fails, it hands the error to
        Flask, which does what it does in any other view.
        """
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        if caller and caller.f_globals.get("__name__") == "flask_restful":
            raise self
        return super().get_response(environ, scope)


class InvalidCursor(InvalidPage):
    """The cursor was not made for this list, or not by this application.

    Whatever is wrong with it, the answer is the same: ``{"_errors": ["cursor: ..."]}``.
    """

    def __init__(self, messages: dict[str, list[str]] | None = None) -> None:
        text = "Is not a cursor of this list. Start again without one."
        super().__init__(messages or {"cursor": [text]})

    def named(self, parameter: str) -> InvalidCursor:
        """Return the same of a *parameter* that is called otherwise."""
        return InvalidCursor({parameter: self._messages["cursor"]})


class UnpageableQuery(TypeError):  # noqa: N818
    """The query is of a kind that cannot be cut into pages; the message says why."""


class UnorderedQuery(UnpageableQuery):
    """The rows have no order, and no primary key to order them by."""


class UnsupportedOrdering(UnpageableQuery):
    """The order is one that a cursor cannot keep a place in; the message says why."""
