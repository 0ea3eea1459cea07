"""URLs with one part changed, secrets that stay hidden, settings that explain."""

from twopi_config.build import build_url
from twopi_config.errors import (
    ConfigError,
    DeclarationError,
    Problem,
    SettingsError,
    UrlError,
)
from twopi_config.parts import Parts, parse_url
from twopi_config.redact import redact, redact_url
from twopi_config.secret import MASK, Secret
from twopi_config.settings import Settings
from twopi_config.variable import Variable, variable
from twopi_config.vocabulary import Vocabulary

__all__ = [
    "MASK",
    "ConfigError",
    "DeclarationError",
    "Parts",
    "Problem",
    "Secret",
    "Settings",
    "SettingsError",
    "UrlError",
    "Variable",
    "Vocabulary",
    "build_url",
    "parse_url",
    "redact",
    "redact_url",
    "variable",
]
