"""A webargs parser for plain views and flask-restful Resources alike."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import EllipsisType
from typing import Any, NoReturn, TypeVar

from flask import Request, request
from marshmallow import Schema, ValidationError
from webargs.core import is_json, missing
from webargs.flaskparser import FlaskParser

from twopi_webargs.errors import RequestValidationError, join, locate
from twopi_webargs.locations import one_location
from twopi_webargs.schemas import loader_of, made, schema_of

Result = TypeVar("Result")
"""What a view returns."""

UNSAID = "_default"
"""What webargs takes for an `unknown` that was not given."""
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BetterFlaskParser(FlaskParser):
    """A webargs parser whose errors are answered by Flask's error handlers.

    Where webargs' `FlaskParser` aborts, it raises `RequestValidationError`: one path
    for plain views, async views and flask-restful Resources, see `init_app`. A body
    that is no JSON, also one that is nested too deeply or has numbers too long to
    convert, is such an error with status 400.

    A schema class, and a dictionary of fields that is kept and passed to `parse` again,
    are compiled once, by `twopi_schemas.compiled`; so is a schema that is used again. A
    location registered by `location_loader` belongs to this parser only.

    Args:
        location: Where to read arguments if a call does not say: ``json`` (the
            default), ``query``, ``form``, ``path``, ``headers``, ``cookies``,
            ``files`` or ``json_or_form``.
        error_handler: Called instead of `handle_error`, with the same arguments; it
            must raise.
        schema_class: The base class of the schemas made from dictionaries.
        unknown: What to do with arguments no field is there for, see marshmallow;
            None leaves it to the schema.
        locations: The 1.x name of *location*, of which there can be only one now.

    Raises:
        TypeError: *location* and *locations* are given.
        ValueError: There is more than one of *locations*.

    .. deprecated:: 2.0
        *locations*, and a list as *location*.
    """

    def __init__(
        self,
        location: str | Sequence[str] | None = None,
        error_handler: Callable[..., Any] | None = None,
        schema_class: type[Schema] | None = None,
        *,
        unknown: str | EllipsisType | None = ...,
        locations: str | Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            one_location(location, locations),
            error_handler=error_handler,
            schema_class=schema_class,
        )
        if not isinstance(unknown, EllipsisType):
            self.unknown = unknown
        self.__location_map__ = dict(type(self).__location_map__)

    def handle_error(
        self,
        error: ValidationError,
        req: Request | None = None,  # noqa: ARG002
        schema: Schema | None = None,  # noqa: ARG002
        *,
        error_status_code: int | None = None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> NoReturn:
        """Raise *error*; override it to do something else before, or instead.

        Args:
            error: A `RequestValidationError`.
            req: The request.
            schema: The schema that was to load the arguments.
            error_status_code: The status of *error*.
            error_headers: The headers of *error*.
        """
        raise error

    def use_args(
        self, argmap: Any, req: Request | None = None, **options: Any
    ) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
        """Pass the arguments to a view as its last positional argument, see webargs.

        The view gets a ``__webargs_specs__``, for tools such as apispec: a tuple of
        ``(location, schema)``, one for each use of this, `use_kwargs` or
        `use_request`; a schema is what was given, dictionaries are made into one.
        """
        argmap = self._kept(argmap)
        decorate = super().use_args(argmap, req, **options)
        named = options.pop("arg_name", None) or not self.USE_ARGS_POSITIONAL
        as_kwargs = options.pop("as_kwargs", False)
        location = options.get("location") or self.location

        def decorator(view: Callable[..., Result]) -> Callable[..., Result]:
            @functools.wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Result:
                found = self.parse(argmap, req, **options)
                if as_kwargs:
                    return view(*args, **{**kwargs, **found})
                return view(*args, found, **kwargs)

            plain = not (named or inspect.iscoroutinefunction(view))
            decorated = wrapper if plain else decorate(view)
            return _specified(decorated, [(location, argmap)])

        return decorator

    def use_kwargs(
        self, argmap: Any, req: Request | None = None, **options: Any
    ) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
        """Pass the arguments to a view by keyword, see webargs and `use_args`."""
        return self.use_args(argmap, req, as_kwargs=True, **options)

    def use_request(
        self,
        *,
        error_status_code: int | None = None,
        error_headers: Mapping[str, str] | None = None,
        **places: Any,
    ) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
        """Pass the arguments of several locations to a view, by keyword.

        All of them are read before an error is raised, so that one answer tells the
        client everything that is wrong. Its status is the lowest there is: 400, if the
        body could not be read, before 422.

        .. code-block:: python

            from marshmallow import fields

            from twopi_webargs import use_request


            @use_request(
                json={"name": fields.String(required=True)},
                query={"notify": fields.Boolean(load_default=False)},
            )
            def add_room(json, query):
                return json["name"], query["notify"]

        Args:
            error_status_code: The status if arguments are not valid, 422 by default.
            error_headers: Headers of the response then.
            places: What `use_args` takes, by location.

        Raises:
            TypeError: No location is given.
            ValueError: The parser does not know one of the locations.
        """
        unknown = sorted(set(places) - set(self.__location_map__))
        if unknown:
            raise ValueError(f"No such locations: {unknown}; see location_loader")
        if not places:
            raise TypeError("use_request needs a location, such as json={...}")
        schemas = {location: self._kept(argmap) for location, argmap in places.items()}
        options: dict[str, Any] = {
            "error_status_code": error_status_code,
            "error_headers": error_headers,
        }

        def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
            if inspect.iscoroutinefunction(view):

                @functools.wraps(view)
                async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
                    found = await self._async_parse_all(schemas, options)
                    return await view(*args, **kwargs | found)

                return _specified(async_wrapper, schemas.items())

            @functools.wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return view(*args, **kwargs | self._parse_all(schemas, options))

            return _specified(wrapper, schemas.items())

        return decorator

    def _parse_all(
        self, schemas: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        found, errors = {}, []
        for location, schema in schemas.items():
            try:
                found[location] = self.parse(schema, location=location, **options)
            except RequestValidationError as error:
                errors.append(error)
        if errors:
            raise join(errors)
        return found

    async def _async_parse_all(
        self, schemas: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        found, errors = {}, []
        for location, schema in schemas.items():
            try:
                found[location] = await self.async_parse(
                    schema, location=location, **options
                )
            except RequestValidationError as error:
                errors.append(error)
        if errors:
            raise join(errors)
        return found

    def _kept(self, argmap: Any) -> Any:
        """Return *argmap*, a dictionary as a schema that is made once."""
        if isinstance(argmap, Mapping):
            return made(self.schema_class.from_dict(dict(argmap)))
        return argmap

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002
        """Return the JSON body, or ``missing`` if there is none.

        Half a surrogate pair, escaped, is refused: it is no Unicode text, which
        neither a database nor an answer could encode (RFC 7493, section 2.1).
        """
        if not is_json(req.mimetype):
            return missing
        raw = req.get_data()
        if not raw:
            return missing
        try:
            data = json.loads(raw.decode())
            if b"\\u" in raw and SURROGATE.search(raw):
                json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            self._handle_invalid_json_error()
        return data

    def get_default_request(self) -> Request:
        """Return the request itself: a proxy would be asked many times."""
        return request._get_current_object()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001

    def _handle_invalid_json_error(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ValidationError("Invalid JSON body.", status_code=400) from None

    def parse(
        self,
        argmap: Any,
        req: Request | None = None,
        *,
        location: str | None = None,
        unknown: str | None = UNSAID,
        validate: Any = None,
        error_status_code: int | None = None,
        error_headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the arguments that a schema, a dictionary of fields ... describes.

        The arguments are those of webargs; what it does in five calls is one here.

        Raises:
            RequestValidationError: The arguments are not valid.
        """
        req = self.get_default_request() if req is None else req
        location = location or self.location
        schema = self._get_schema(argmap, req)
        try:
            found = self._get_loader(location)(req, schema)
            return self._process_location_data(
                found, schema, req, location, unknown, _callables(validate)
            )
        except ValidationError as error:
            self._on_validation_error(
                error,
                req,
                schema,
                location,
                error_status_code=error_status_code,
                error_headers=error_headers,
            )

    def _process_location_data(
        self,
        location_data: Any,
        schema: Schema,
        req: Request,
        location: str,
        unknown: str | None,
        validators: Iterable[Callable[[Any], Any]],
    ) -> Any:
        data = {} if location_data is missing else location_data
        loader = loader_of(schema)
        if type(self).pre_load is not FlaskParser.pre_load:
            data = self.pre_load(data, schema=schema, req=req, location=location)
            loader = schema
        if unknown == UNSAID:
            unknown = self.unknown
        if unknown == UNSAID:
            unknown = self.DEFAULT_UNKNOWN_BY_LOCATION.get(location)
        try:
            data = loader.load(data, unknown=unknown) if unknown else loader.load(data)
        except RecursionError as error:  # in a schema that nests itself
            raise ValidationError("Nested too deeply.", status_code=400) from error
        except OverflowError as error:  # in marshmallow's DateTime and TimeDelta
            raise ValidationError("A number is too large.") from error
        for validator in validators:
            if validator(data) is False:
                raise ValidationError(self.DEFAULT_VALIDATION_MESSAGE)
        return data

    def _get_loader(self, location: str) -> Any:
        loader = self.__location_map__.get(location) or super()._get_loader(location)
        return getattr(self, loader) if isinstance(loader, str) else loader

    def _get_schema(self, argmap: Any, req: Request) -> Schema:
        if isinstance(argmap, (dict, Mapping)):  # the quicker question first
            try:
                return schema_of(self.schema_class, tuple(argmap.items()))
            except TypeError:  # not hashable, webargs knows what to do
                return super()._get_schema(argmap, req)
        if isinstance(argmap, Schema):
            return argmap
        own_init = getattr(argmap, "__init__", None)
        if isinstance(argmap, type) and own_init is Schema.__init__:
            return made(argmap)
        return super()._get_schema(argmap, req)

    def _on_validation_error(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._report(*args, **kwargs)
        raise TypeError("The error handler of a parser must raise an exception")

    async def _async_on_validation_error(self, *args: Any, **kwargs: Any) -> NoReturn:
        outcome = self._report(*args, **kwargs)
        if inspect.isawaitable(outcome):
            await outcome
        raise TypeError("The error handler of a parser must raise an exception")

    def _report(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        location: str,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> Any:
        """Hand a located copy to the error handler; webargs would change *error*."""
        located = locate(
            error, location, status_code=error_status_code, headers=error_headers
        )
        handle: Callable[..., Any] = self.error_callback or self.handle_error
        return handle(
            located,
            req,
            schema,
            error_status_code=located.status_code,
            error_headers=located.headers,
        )


def _specified(
    view: Callable[..., Any], specs: Iterable[tuple[str, Any]]
) -> Callable[..., Any]:
    """Add *specs* to those of the view, which `functools.wraps` has handed on."""
    vars(view)["__webargs_specs__"] = (
        *specs,
        *vars(view).get("__webargs_specs__", ()),
    )
    return view


def _callables(validate: Any) -> Iterable[Callable[[Any], Any]]:
    if validate is None:
        return ()
    return (validate,) if callable(validate) else validate


parser = BetterFlaskParser()
"""The parser behind `use_args` and `use_kwargs`."""
use_args = parser.use_args
"""Pass the arguments to the view as its last positional argument, see webargs."""
use_kwargs = parser.use_kwargs
"""Pass the arguments to the view as keyword arguments, see webargs."""
use_request = parser.use_request
"""Pass the arguments of several locations to the view, all errors in one answer."""
