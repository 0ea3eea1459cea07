"""JSON answers and JSON errors: the 1.x path of `twopi_restful`."""

from twopi_restful import (
    ExpectedJSONException,
    format_error,
    format_errors,
    get_and_expect_json,
    output_json,
)

__all__ = [
    "ExpectedJSONException",
    "format_error",
    "format_errors",
    "get_and_expect_json",
    "output_json",
]
