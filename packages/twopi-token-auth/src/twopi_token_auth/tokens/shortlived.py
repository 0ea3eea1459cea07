"""The short-lived token: a class whose schema says what its JWT holds (RFC 7519)."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from twopi_schemas import compiled, explain
from twopi_token_auth import clock
from twopi_token_auth.app.request import note_refusal
from twopi_token_auth.app.state import current_state
from twopi_token_auth.errors import TokenError
from twopi_token_auth.jose.algorithms import JWT, TypeOfClass
from twopi_token_auth.jose.jws import encode
from twopi_token_auth.jose.key_set import KeySet
from twopi_token_auth.tokens.claim_fields import Audience, UnixTimestamp

log = logging.getLogger(__name__)

REGISTERED = (
    "expiry",
    "issuer",
    "subject",
    "audience",
    "not_before",
    "issued_at",
)
_TEXTS = frozenset({"iss", "sub", "jti"})
_UNFIT = (ValidationError, TypeError, ValueError, ArithmeticError)


class ShortlivedTokenMixin:
    """A token that is signed, carried by the client, and good for a short time.

    Subclass it, name your claims in a nested ``TokenSchema`` and your attributes in
    ``__init__``; the ``attribute`` of a field is the name of the argument it fills:

    >>> from marshmallow import fields
    >>> from twopi_token_auth import ShortlivedTokenMixin
    >>> class Ticket(ShortlivedTokenMixin):
    ...     class TokenSchema(ShortlivedTokenMixin.TokenSchema):
    ...         uid = fields.String(attribute="user_id")
    ...
    ...     def __init__(self, user_id, **registered):
    ...         super().__init__(**registered)
    ...         self.user_id = user_id
    >>> text = Ticket("ada").dump("a secret of at least thirty-two bytes")
    >>> Ticket.load(text, "a secret of at least thirty-two bytes").user_id
    'ada'
    >>> Ticket.load(text, "another secret, which nobody signed with") is None
    True

    All datetimes are aware; those of a loaded token are in UTC.

    Args:
        expiry: When the token ends (``exp``). Without one it never does.
        issuer: Who made the token (``iss``).
        subject: Whom it is about (``sub``).
        audience: For whom it is (``aud``), one name or several.
        not_before: When it begins to be valid (``nbf``).
        issued_at: When it was made (``iat``); `dump` overwrites it.

    Attributes:
        algorithm: How the class signs, and the only way it accepts (RFC 7518 section
            3.1). None leaves it to the key ring; with a secret that is ``HS256``.
        token_type: What the header calls the token (``typ``), and must call it for
            `load`, so that one kind of token cannot stand in for another (RFC 8725
            section 3.11). By default each class has a type of its own, which is made of
            its name: ``Ticket+jwt``. A class that states a type, such as ``at+jwt``
            (RFC 9068), hands it on to its subclasses. ``JWT`` is the type of tokens of
            version 1.x and of most other programs; state it to accept those.
    """

    class TokenSchema(Schema):
        """The registered claims; a subclass adds its own.

        Attributes:
            SKIPPABLE: The claims that `dump` leaves out where they are None.
        """

        SKIPPABLE: ClassVar[list[str]] = ["exp", "iss", "sub", "aud", "nbf", "iat"]

        exp = UnixTimestamp(attribute="expiry")
        iss = fields.String(attribute="issuer")
        sub = fields.String(attribute="subject")
        aud = Audience(attribute="audience")
        nbf = UnixTimestamp(attribute="not_before")
        iat = UnixTimestamp(attribute="issued_at")

    algorithm: ClassVar[str | None] = None
    token_type: ClassVar[str] = JWT

    __schema: ClassVar[_Compiled | None] = None
    __states_type: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class a type of its own, unless it or a parent states one."""
        super().__init_subclass__(**kwargs)
        if "token_type" in vars(cls):
            cls.__states_type = True
        elif not cls.__states_type:
            cls.token_type = TypeOfClass(f"{cls.__name__}+jwt")

    def __init__(
        self,
        expiry: datetime | None = None,
        issuer: str | None = None,
        subject: str | None = None,
        audience: str | Collection[str] | None = None,
        not_before: datetime | None = None,
        issued_at: datetime | None = None,
    ) -> None:
        self.expiry = expiry
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.not_before = not_before
        self.issued_at = issued_at

    def __repr__(self) -> str:
        """Show the class and the registered claims, and never the encoded token."""
        shown = [type(self).__qualname__]
        for name in REGISTERED:
            value = getattr(self, name, None)
            if isinstance(value, datetime):
                shown.append(f"{name}={value.isoformat()}")
            elif value is not None or name == "expiry":
                shown.append(f"{name}={value!r}")
        return f"<{' '.join(shown)}>"

    @classmethod
    def from_refresh_token(cls, refresh_token: Any) -> Self:
        """Return a new token with what *refresh_token* tells; subclasses write it.

        Args:
            refresh_token: Whatever the application keeps for a login.

        Raises:
            NotImplementedError: The subclass has not.
        """
        raise NotImplementedError(
            f"{cls.__qualname__} must define the classmethod from_refresh_token"
        )

    @classmethod
    def generate(cls, refresh_token: Any) -> Self:
        """Call `from_refresh_token`, by the name it had before.

        .. deprecated:: 2.0.0
           Call `from_refresh_token`.
        """
        warnings.warn(
            "generate() is deprecated; call from_refresh_token()",
            DeprecationWarning,
            stacklevel=2,
        )
        return cls.from_refresh_token(refresh_token)

    def dump(self, secret: str | bytes | KeySet | None = None) -> str:
        """Return the token as a signed JWT.

        Sets ``issued_at`` to now. An issuer or audience that is None is the first of
        ``TOKEN_AUTH_ISSUER`` or ``TOKEN_AUTH_AUDIENCE``.

        Args:
            secret: What to sign with; None means the application's
                ``TOKEN_AUTH_KEYS`` or else its ``SECRET_KEY``.

        Raises:
            ConfigurationError: There is no usable secret.
            TypeError: A claim has no JSON form, or ``iss``, ``sub`` or ``jti`` is no
                text, so that nobody would accept it (RFC 7519 section 4.1).
            ValueError: A datetime has no time zone, a number is not finite, or the
                token is longer than ``TOKEN_AUTH_MAX_LENGTH``.
        """
        state = current_state()
        key = state.signer(secret, self.algorithm)
        self.issued_at = clock.now()
        known = self.__schema
        if known is None or known.schema is not self.TokenSchema:
            known = self._token_schema()
        skippable = getattr(self.TokenSchema, "SKIPPABLE", ())
        claims = {
            name: value
            for name, value in known.dump(self).items()
            if value is not None or name not in skippable
        }
        settings = state.settings
        if settings.issuer and claims.get("iss") is None:
            claims["iss"] = settings.issuer[0]
        if settings.audience and claims.get("aud") is None:
            claims["aud"] = settings.audience[0]
        for name in _TEXTS & claims.keys():
            if not isinstance(claims[name], str):
                raise TypeError(
                    f"The claim {name} is not a string; use fields.String for it"
                )
        token_string = encode(claims, key, token_type=self.token_type)
        if len(token_string) > settings.max_length:
            raise ValueError(
                f"The token has {len(token_string)} characters, more than the "
                f"{settings.max_length} of TOKEN_AUTH_MAX_LENGTH; put less into it"
            )
        return token_string

    @classmethod
    def load(
        cls,
        token_string: object,
        secret: str | bytes | KeySet | None = None,
        issuer: str | Collection[str] | None = None,
        audience: str | Collection[str] | None = None,
    ) -> Self | None:
        """Return the token that *token_string* holds, or None if it holds no valid one.

        Like `verify`, for callers that do not ask why: the reason is logged as its
        code, at level INFO, without the token. Nothing a client sends makes it raise.

        Args:
            token_string: The JWT, as a string or bytes.
            secret: See `verify`.
            issuer: See `verify`.
            audience: See `verify`.

        Raises:
            ConfigurationError: There is no usable secret, or a setting is wrong.
            KeysUnavailableError: *secret* is a `RemoteKeys` that cannot be reached.
        """
        try:
            return cls.verify(token_string, secret, issuer, audience)
        except TokenError as error:
            log.info("Token refused: %s", error.code)
            note_refusal(error)
            return None

    @classmethod
    def verify(
        cls,
        token_string: object,
        secret: str | bytes | KeySet | None = None,
        issuer: str | Collection[str] | None = None,
        audience: str | Collection[str] | None = None,
    ) -> Self:
        """Return the token that *token_string* holds, or raise what is wrong with it.

        Claims the schema does not know are ignored (RFC 7519 section 4).

        Args:
            token_string: The JWT, as a string or bytes.
            secret: What it must be signed with; None means ``TOKEN_AUTH_KEYS``, or
                else ``SECRET_KEY`` or one of ``SECRET_KEY_FALLBACKS``.
            issuer: Who must have made it, one name or several acceptable ones; None
                means ``TOKEN_AUTH_ISSUER``, and anybody if that is not set.
            audience: For whom it must be, likewise with ``TOKEN_AUTH_AUDIENCE``; if
                neither is given, a token for a certain audience is refused.

        Raises:
            TokenError: The token is not valid; its ``code`` says why.
            ConfigurationError: There is no usable secret, or a setting is wrong.
            KeysUnavailableError: *secret* is a `RemoteKeys` that cannot be reached.
        """
        state = current_state()
        known = cls.__schema
        if known is None or known.schema is not cls.TokenSchema:
            known = cls._token_schema()
        wanted = (secret, cls.algorithm, cls.token_type, issuer, audience, known.schema)
        verify = state.verifier(*wanted).verify
        arguments = None
        try:
            try:
                arguments = verify(token_string, clock.time(), known.load, known.pure)
            except TokenError as error:
                ring = state.ring(secret)
                if error.code != "unknown_key" or ring is None or not ring.refresh():
                    raise
                verify = state.verifier(*wanted).verify
                arguments = verify(token_string, clock.time(), known.load, known.pure)
            return cls(**arguments)
        except _UNFIT as error:
            raise cls._refusal(error, arguments) from None

    @classmethod
    def _token_schema(cls) -> _Compiled:
        # A subclass inherits what is known until it turns out to have a schema of its
        # own. Threads may each look it up; they find the same.
        known = cls.__schema
        if known is None or known.schema is not cls.TokenSchema:
            known = cls.__schema = _compile(cls.TokenSchema)
        return known

    @classmethod
    def _refusal(cls, error: Exception, arguments: dict[str, Any] | None) -> TokenError:
        if isinstance(error, ValidationError):
            wrong = error.messages if isinstance(error.messages, dict) else {}
            reason = f"wrong claims: {', '.join(sorted(map(str, wrong)))}"
        else:
            reason = type(error).__name__
            if arguments is not None:
                try:
                    inspect.signature(cls).bind(**arguments)
                except TypeError as mismatch:
                    reason = str(mismatch)
            # The signature is right, so that this may well be a fault of the class.
            log.warning("%s cannot be made of a token: %s", cls.__qualname__, reason)
        return TokenError("claims", f"The token is no {cls.__qualname__}: {reason}")


class _Compiled(NamedTuple):
    """A schema class, compiled; *pure* if loading runs no code of its author."""

    schema: type[Schema]
    dump: Callable[[Any], dict[str, Any]]
    load: Callable[[dict[str, Any]], dict[str, Any]]
    pure: bool


def _compile(schema: type[Schema]) -> _Compiled:
    made = compiled(schema, unknown=EXCLUDE)
    pure = all(row.how == "compiled" for row in explain(schema) if row.call == "load")
    defaults = [field.load_default for field in schema().load_fields.values()]
    pure = pure and not any(map(callable, defaults))
    return _Compiled(schema, made.dump, made.load, pure)
