"""marshmallow, compiled: the same results in a fraction of the time."""

from twopi_schemas.compile_cache import compiled
from twopi_schemas.explanation import Explanation, Explanations, explain
from twopi_schemas.installation import InstallError, install, is_installed, uninstall
from twopi_schemas.mixin import CompiledMixin
from twopi_schemas.registry import AS_IS, register
from twopi_schemas.schema import CompiledSchema

__all__ = [
    "AS_IS",
    "CompiledMixin",
    "CompiledSchema",
    "Explanation",
    "Explanations",
    "InstallError",
    "compiled",
    "explain",
    "install",
    "is_installed",
    "register",
    "uninstall",
]
