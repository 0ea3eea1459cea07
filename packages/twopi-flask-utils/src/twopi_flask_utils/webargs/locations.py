"""Where an argument is looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from flask import Request
from marshmallow import fields
from webargs.core import is_json, missing

from twopi_flask_utils.deprecation import deprecate
from twopi_flask_utils.webargs.values import get_value

Read = TypeVar("Read", bound=Callable[..., Any])
Locations = str | Sequence[str]

METHODS = {
    "json": "parse_json",
    "query": "parse_querystring",
    "querystring": "parse_querystring",
    "form": "parse_form",
    "headers": "parse_headers",
    "cookies": "parse_cookies",
    "files": "parse_files",
    "view_args": "parse_view_args",
}
"""The method that reads each location."""


def sequence(locations: Locations | None) -> Sequence[str]:
    """Return *locations*, one or several, as a sequence."""
    return [locations] if isinstance(locations, str) else locations or ()


class FieldReader:
    """Reads arguments one by one, from the first location that has them.

    A subclass may override ``parse_json`` and the like, and name more methods in
    ``__location_map__``.
    """

    DEFAULT_LOCATIONS: ClassVar[Sequence[str]] = ("querystring", "form", "json")

    locations: Sequence[str]
    __location_map__: dict[str, Any]

    _handlers: ClassVar[dict[str, Callable[..., Any]]] = {}

    def location_handler(self, name: str) -> Callable[[Read], Read]:
        """Register a function of request, name and field that reads a location.

        Args:
            name: What *locations* call it. All parsers know it then.
        """
        deprecate("location_handler()", "location_loader() of twopi_webargs")

        def decorator(read: Read) -> Read:
            self._handlers[name] = read
            return read

        return decorator

    def parse_arg(
        self,
        name: str,
        field: fields.Field[Any],
        req: Request,
        locations: Locations | None = None,
    ) -> Any:
        """Return the first value that is found for *name*, else ``missing``.

        Raises:
            ValueError: A location is unknown.
        """
        own = field.metadata.get("location")
        places = [own] if own else sequence(locations) or self.locations
        readers = [self._reader(place) for place in places]
        found = (read(req, name, field) for read in readers)
        return next((value for value in found if value is not missing), missing)

    def parse_json(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from the JSON body; one that is not JSON has none."""
        try:
            data = req.get_json(force=is_json(req.mimetype), silent=True)
        except RecursionError:
            data = None
        return missing if data is None else get_value(data, name, field)

    def parse_querystring(
        self, req: Request, name: str, field: fields.Field[Any]
    ) -> Any:
        """Read an argument from the query string."""
        return get_value(req.args, name, field)

    def parse_form(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from a form."""
        return get_value(req.form, name, field)

    def parse_headers(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from the headers."""
        return get_value(req.headers, name, field)

    def parse_cookies(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from the cookies."""
        return get_value(req.cookies, name, field)

    def parse_files(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from the uploaded files."""
        return get_value(req.files, name, field)

    def parse_view_args(self, req: Request, name: str, field: fields.Field[Any]) -> Any:
        """Read an argument from the variables of the URL rule."""
        return get_value(req.view_args, name, field)

    def _reader(self, place: str) -> Callable[..., Any]:
        own = self.__location_map__.get(place)
        if isinstance(own, str) and not own.startswith("parse_"):
            own = None  # webargs 8 reads a location as a whole
        reader = self._handlers.get(place) or own or METHODS.get(place)
        if reader is None:
            raise ValueError(f"Invalid locations arguments: {[place]}")
        return getattr(self, reader) if isinstance(reader, str) else reader
