"""Request arguments with one error shape: the 1.x path of `twopi_webargs`."""

from twopi_webargs import (
    BetterFlaskParser,
    handle_validation_error,
    parser,
    use_args,
    use_kwargs,
)

__all__ = [
    "BetterFlaskParser",
    "handle_validation_error",
    "parser",
    "use_args",
    "use_kwargs",
]
