"""Names of fields, headers, variables and settings whose values are secrets."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")

STRONG = frozenset(
    {
        *("password", "passwords", "passwd", "passphrase", "passphrases", "passcode"),
        *("pwd", "secret", "secrets", "token", "tokens", "jwt", "jwts", "apikey"),
        *("authorization", "credential", "credentials", "signature", "psk"),
    }
)
"""Words that make a name secret unless a word such as ``length`` follows."""

WEAK = frozenset(
    {
        *("auth", "session", "sid", "pin", "otp", "totp", "cvv", "cvc", "sig", "pass"),
        *("cookie", "cookies", "csrf", "xsrf"),
    }
)
"""Words that make a name secret if they end it, or a word of `CARRIERS` follows."""

CARRIERS = frozenset(
    {
        *("value", "values", "id", "data", "key", "keys", "token", "string", "hash"),
        *("code", "raw", "plain", "text", "new", "old"),
    }
)

ENDS = (
    *("password", "passwords", "passwd", "passphrase", "token", "tokens", "secret"),
    *("apikey", "secretkey", "accesskey", "privatekey", "signingkey", "authkey"),
    *("masterkey", "encryptionkey", "accountkey", "sharedkey", "cookie", "sessionid"),
    *("sessid", "sessionkey", "pwd", "credentials", "authorization", "signature"),
    *("dbpass", "userpass", "smtppass", "mailpass", "rootpass", "adminpass"),
    *("requirepass", "masterauth"),
)
"""Ends of words written as one: ``sslpassword``, ``phpsessid``."""

STARTS = frozenset(
    f"{start}{end}"
    for start in ("password", "passwd", "secret", "token")
    for end in ("hash", "confirm", "confirmation", "value", "answer", "s")
)

HARMLESS_KEYS = frozenset(
    {
        *("primary", "foreign", "public", "cache", "sort", "partition", "row"),
        *(
            "index",
            "unique",
            "natural",
            "surrogate",
            "composite",
            "candidate",
            "dict",
            "map",
        ),
        *("idempotency", "routing", "group", "object", "hot", "arrow", "lookup"),
        *("message", "storage", "translation", "color", "meta", "order", "compound"),
        *("event", "bucket", "field", "column", "sub", "any", "some", "each", "first"),
        *("last", "next", "previous", "by", "of", "the", "s3", "shard", "range", "is"),
        *("missing", "unknown", "duplicate", "extra", "required", "sharding", "page"),
        *("mapping", "config", "setting", "settings", "json", "header", "tab", "enter"),
    }
)
"""Words before ``key`` that make it the key of a table, a dict or a keyboard."""

HARMLESS = frozenset(
    {
        *("length", "len", "min", "max", "size", "name", "names", "domain", "path"),
        *("samesite", "secure", "httponly", "partitioned", "expiry", "expires"),
        *("expired", "expiration", "exp", "lifetime", "ttl", "age", "timeout", "type"),
        *("types", "kind", "algorithm", "algorithms", "alg", "count", "counts"),
        *("total", "limit", "limits", "number", "num", "required", "enabled"),
        *("disabled", "allowed", "valid", "invalid", "ok", "changed", "at", "date"),
        *("time", "created", "updated", "seconds", "days", "minutes", "hours", "url"),
        *("uri", "location", "endpoint", "header", "headers", "field", "fields"),
        *("column", "prefix", "suffix", "policy", "strength", "score", "rounds"),
        *("iterations", "scheme", "schemes", "format", "pattern", "class", "cls"),
        *("cache", "backend", "store", "provider", "factory", "manager", "handler"),
        *("hasher", "hashers", "validator", "validators", "encoder", "parser"),
        *("schema", "serializer", "permanent", "protect", "protection", "verify"),
        *("verification", "reuse", "grace", "leeway", "issuer", "audience", "scope"),
        *("scopes", "usage", "used", "status", "state", "version", "position"),
        *("offset", "encoding", "error", "errors", "message", "messages", "help"),
        *("label", "title", "description", "placeholder", "file", "filename"),
        *("dir", "directory", "config", "settings", "options", "present", "owner"),
        *("user", "username", "email", "role", "mode", "level", "flag", "source"),
        *("origin", "rotation", "strategy", "generator", "bits", "window", "rate"),
        *("price", "missing", "match", "matches", "mismatch", "exists", "attempts"),
        *("tries", "retries", "failures", "func", "callback", "view", "route", "page"),
        *("form", "reset", "forgot", "request", "interval", "cached", "reasoning"),
        *("budget", "index", "indices", "audio", "details", "required", "optional"),
        *("delimiter", "separator", "check", "checks", "checker", "strong"),
    }
)
"""Words behind a secret one that make the name one of a property of the secret."""

OF_ANOTHER = frozenset({"id", "ids", "by", "on", "in"})
"""Last words that do so at the end only: ``token_id``, ``password_changed_by``."""

ASKING = frozenset(
    {
        *("is", "has", "needs", "requires", "require", "use", "uses", "num", "n"),
        *("max", "min", "total", "count", "supports", "allow", "allows", "should"),
        *("with", "without", "check", "verify", "validate", "enable", "disable"),
    }
)
"""First words of names of flags, numbers and functions: ``has_password``."""

COUNTED = frozenset(
    {
        *("input", "output", "prompt", "completion", "cached", "reasoning", "total"),
        *("max", "min", "num", "used", "remaining", "context", "thinking", "audio"),
        *("text", "image", "prediction", "accepted", "rejected", "usage", "new"),
        *("write", "read", "creation"),
    }
)
"""Words before ``tokens`` of a language model, which are counted."""

PHRASES = (("odbc", "connect"), ("connection", "string"), ("conn", "str"))

STEMS = (
    *("pass", "pwd", "secret", "token", "jwt", "auth", "key", "credential", "cookie"),
    *("srf", "sess", "sid", "pin", "otp", "cv", "sig", "psk", "conn"),
)
"""One of these is in every secret name, in lower case."""


def words_of(name: str) -> list[str]:
    """Return the words of *name*, in lower case: ``userPassword``, ``X-Api-Key``."""
    return [word.lower() for word in _WORD.findall(name)]


def says_secret(name: str) -> bool:
    """Return whether *name* is the name of a secret, by its words."""
    lower = name.lower()
    if not any(stem in lower for stem in STEMS):
        return False
    words = [word for word in words_of(name) if not word.isdigit()]
    last, weak = _last_secret(words)
    if last is None:
        return False
    tail = words[last + 1 :]
    if weak:
        return all(word in CARRIERS for word in tail)
    return HARMLESS.isdisjoint(tail) and tail[-1:] not in (
        ["id"],
        ["ids"],
        ["by"],
        ["on"],
        ["in"],
    )


def _last_secret(words: list[str]) -> tuple[int | None, bool]:
    """Return where the last secret word is, and whether it is one of `WEAK`."""
    if words and words[0] in ASKING and len(words) > 1:
        return None, False
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        before = words[at - 1] if at else ""
        if word == "tokens" and (before in COUNTED or words[0] == "gen"):
            return None, False
        if word in STRONG or (before, word) in PHRASES:
            return at, False
        if word in WEAK:
            return at, True
        if word in {"key", "keys"} and at and before not in HARMLESS_KEYS:
            return at, False
        if word.endswith(ENDS) or word in STARTS:
            return at, False
    return None, False
