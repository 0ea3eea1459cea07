"""The parser of 1.x: each argument is looked for in several places of a request."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import marshmallow
from flask import Request, current_app
from marshmallow import Schema, fields
from webargs.core import missing

import twopi_webargs
from twopi_flask_utils.deprecation import deprecate
from twopi_flask_utils.webargs.errors import as_1x, own_answer
from twopi_flask_utils.webargs.locations import FieldReader, Locations, sequence
from twopi_flask_utils.webargs.validators import check_all, checked, raised
from twopi_flask_utils.webargs.values import known

Result = TypeVar("Result")
View = Callable[..., Result]

MODERN = 'twopi_webargs with location="query", "form" or "json"'


class BetterFlaskParser(FieldReader, twopi_webargs.BetterFlaskParser):
    """A parser of request arguments whose errors are answered by Flask's handlers.

    Each argument is looked for in the query, then the form, then the JSON body, or in
    the *locations* of the parser, of a call, or of a field's ``metadata["location"]``.
    Names that nothing is known of are ignored, and so is a body that is not JSON. With
    ``location="query"`` a call reads like `twopi_webargs.BetterFlaskParser`.

    Args:
        locations: Where to look, in order: ``query`` (or ``querystring``), ``form``,
            ``json``, ``headers``, ``cookies``, ``files``, ``view_args``, or a
            location of `location_handler`.
        error_handler: Called with the `ValidationError` instead of `handle_error`.
        schema_class: The base class of the schemas made from dictionaries.
        options: ``location`` and ``unknown`` of `twopi_webargs.BetterFlaskParser`.
    """

    def __init__(
        self,
        locations: Locations | None = None,
        error_handler: Callable[..., Any] | None = None,
        schema_class: type[Schema] | None = None,
        **options: Any,
    ) -> None:
        self._only = options.get("location")
        super().__init__(
            error_handler=error_handler, schema_class=schema_class, **options
        )
        self.locations = sequence(locations) or self.DEFAULT_LOCATIONS

    def parse(
        self,
        argmap: Any,
        req: Request | None = None,
        locations: Locations | None = None,
        validate: Any = None,
        force_all: bool = False,
        **options: Any,
    ) -> Any:
        """Return the arguments that a schema or a dictionary of fields describes.

        Args:
            argmap: A dictionary of fields, a schema, its class, or a function that
                returns one for a request.
            req: The request; the current one by default.
            locations: Where to look, instead of the parser's.
            validate: A function or several, called with the arguments; False, or a
                `ValidationError`, rejects them.
            force_all: Whether to include arguments that were not sent, as ``missing``.
            options: ``location`` and what else `twopi_webargs` knows.

        Raises:
            ValidationError: The arguments are not valid.
            ValueError: A location is unknown.
        """
        location = options.pop("location", None) or self._only
        if location is not None and locations is None:
            return super().parse(
                argmap, req, location=location, validate=validate, **options
            )
        deprecate("webargs without location=", MODERN)
        req = self.get_default_request() if req is None else req
        schema = self._get_schema(argmap, req)
        try:
            data = self._search(schema, req, sequence(locations) or self.locations)
            found = schema.load(known(data, schema))
            check_all(found, validate)
        except marshmallow.ValidationError as error:
            found = self._report(error, req, schema, "json", **options)
        if force_all:
            return dict.fromkeys(schema.load_fields, missing) | (found or {})
        return found

    def use_args(
        self,
        argmap: Any,
        req: Request | None = None,
        locations: Locations | None = None,
        as_kwargs: bool = False,
        validate: Any = None,
        **options: Any,
    ) -> Callable[[View[Result]], View[Result]]:
        """Pass the arguments to a view as its last positional argument.

        Args:
            argmap: See `parse`.
            req: See `parse`.
            locations: See `parse`.
            as_kwargs: Whether to pass them by keyword, ``missing`` for what was not
                sent.
            validate: See `parse`.
            options: See `parse`.
        """
        if locations is None and (options.get("location") or self._only):
            return super().use_args(
                argmap, req, as_kwargs=as_kwargs, validate=validate, **options
            )
        deprecate("webargs without location=", MODERN)
        if isinstance(argmap, Mapping):
            argmap = self._made(argmap)

        def decorator(view: View[Result]) -> View[Result]:
            is_async = inspect.iscoroutinefunction(view)

            @functools.wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                run = current_app.ensure_sync(view) if is_async else view
                found = self.parse(
                    argmap, req, locations, validate, force_all=as_kwargs, **options
                )
                if as_kwargs:
                    return run(*args, **{**kwargs, **found})
                return run(*args, found, **kwargs)

            return wrapper

        return decorator

    def use_kwargs(
        self,
        argmap: Any,
        req: Request | None = None,
        locations: Locations | None = None,
        *args: Any,
        **options: Any,
    ) -> Callable[[View[Result]], View[Result]]:
        """Pass the arguments to a view by keyword, see `use_args`."""
        if args:  # as_kwargs, which is true anyway, and validate
            options.update(zip(["validate"], args[1:], strict=False))
        options["as_kwargs"] = True
        return self.use_args(argmap, req, locations, **options)

    def handle_error(self, error: Any, *_: Any, **__: Any) -> Any:
        """Raise *error*; an override may take it alone, as in 1.x."""
        raise error

    def _search(self, schema: Schema, req: Request, locations: Sequence[str]) -> Any:
        if schema.many:
            if "json" not in locations:
                raise ValueError("A schema of many reads JSON; add it to locations")
            found = self.parse_arg("json", fields.Nested(schema, many=True), req)
            return [] if found is missing else found
        data = {}
        for name, field in schema.load_fields.items():
            key = name if field.data_key is None else field.data_key
            value = self.parse_arg(key, field, req, locations)
            if value is not missing:
                data[key] = value
        return data

    def _get_schema(self, argmap: Any, req: Request) -> Schema:
        raised.set(None)
        if isinstance(argmap, Mapping):
            return self._made(argmap)
        return checked(super()._get_schema(argmap, req))

    def _made(self, argmap: Mapping[str, Any]) -> Schema:
        return checked(self.schema_class.from_dict(dict(argmap))())

    def _report(
        self,
        error: marshmallow.ValidationError,
        req: Request,
        schema: Schema,
        location: str,
        *,
        error_status_code: int | None = None,
        error_headers: Mapping[str, str] | None = None,
    ) -> Any:
        noted = raised.get()
        status_code, headers = own_answer(noted) if noted else (None, None)
        located = as_1x(
            error,
            location,
            status_code or error_status_code,
            headers or error_headers,
        )
        handle: Callable[..., Any] = self.error_callback or self.handle_error
        if _takes_one(handle):
            return handle(located)
        return handle(
            located,
            req,
            schema,
            error_status_code=located.status_code,
            error_headers=located.headers,
        )


def _takes_one(handle: Callable[..., Any]) -> bool:
    """Return whether *handle* can be called with the error alone."""
    try:
        inspect.signature(handle).bind(None)
    except TypeError:
        return False
    return True


parser = BetterFlaskParser()
"""The parser behind `use_args` and `use_kwargs`."""
use_args = parser.use_args
"""Pass the arguments to a view as its last positional argument."""
use_kwargs = parser.use_kwargs
"""Pass the arguments to a view by keyword."""
