"""URLs with one part changed, secrets that stay hidden, settings that explain."""

from twopi_config.declaring.byte_size import ByteSize
from twopi_config.declaring.variable import Variable, variable
from twopi_config.errors import (
    ConfigError,
    DeclarationError,
    Problem,
    SettingsError,
    UrlError,
)
from twopi_config.secret import MASK, Secret
from twopi_config.settings import Settings
from twopi_config.url.build import build_url
from twopi_config.url.parts import Parts, parse_url
from twopi_config.url.redact import redact, redact_url
from twopi_config.vocabulary import Vocabulary

__all__ = [
    "MASK",
    "ByteSize",
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
