"""Functions among the validators of a schema, as marshmallow 2 treated them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import marshmallow
from marshmallow import Schema
from marshmallow.validate import Validator

from twopi_flask_utils.webargs.errors import ValidationError

MESSAGE = "Invalid value."
NOTES = "_twopi_flask_utils_notes"
"""The attribute of a validator whose errors are noted."""

raised: ContextVar[marshmallow.ValidationError | None] = ContextVar(
    "twopi_flask_utils_raised", default=None
)
"""The last error of a validator, which marshmallow merges into one of the schema."""


def checked(schema: Schema) -> Schema:
    """Make functions among the validators of *schema* work as in marshmallow 2.

    One that returns False rejects the value, which marshmallow 4 ignores, and one that
    raises may choose the status.
    """
    for field in schema.load_fields.values():
        if not all(isinstance(each, Validator) for each in field.validators):
            field.validators = [_noting(each) for each in field.validators]
    return schema


def check_all(found: Any, validate: Any) -> None:
    """Call *validate*, a function or several, with all arguments.

    Raises:
        ValidationError: One of them returns False.
    """
    validators: Iterable[Callable[[Any], Any]]
    validators = [validate] if callable(validate) else validate or ()
    for validator in validators:
        if validator(found) is False:
            raise ValidationError(MESSAGE)


def _noting(validator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if isinstance(validator, Validator) or hasattr(validator, NOTES):
        return validator

    def check(value: Any) -> Any:
        try:
            if validator(value) is False:
                raise ValidationError(MESSAGE)
        except marshmallow.ValidationError as error:
            raised.set(error)
            raise

    vars(check)[NOTES] = True
    return check
