"""marshmallow, compiled: the same results in a fraction of the time."""

from twopi_schemas.compile_cache import compiled
from twopi_schemas.explanation import Explanation, Explanations, explain
from twopi_schemas.registry import AS_IS, register
from twopi_schemas.schema import CompiledSchema

__all__ = [
    "AS_IS",
    "CompiledSchema",
    "Explanation",
    "Explanations",
    "compiled",
    "explain",
    "register",
]
