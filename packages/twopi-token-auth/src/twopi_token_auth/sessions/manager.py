"""The rules of a login: how a session starts, is renewed, and ends.

Independent of Flask; the clock, the store and the secrets are passed in.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from twopi_token_auth import signals
from twopi_token_auth.clock import now
from twopi_token_auth.errors import SessionError, StoreUnavailableError
from twopi_token_auth.sessions.grant import AccessTokenClass, Grant
from twopi_token_auth.sessions.identity import (
    as_identity,
    check_data,
    check_scopes,
    check_user,
    clean,
)
from twopi_token_auth.sessions.refresh_token import make_session_id, mint, parse
from twopi_token_auth.sessions.renewal_rule import judge
from twopi_token_auth.sessions.settings import SessionSettings
from twopi_token_auth.stores.base import RefreshSession, SessionStore, earlier

log = logging.getLogger(__name__)

Identify = Callable[[RefreshSession], Any]
"""Takes a session; returns the `Identity` of its user, or None to end the session."""

_MOST_TRIES = 5
"""How often to look again at a session that other processes renew meanwhile."""
PURGE_EVERY = 20
"""How many logins of a process go by until one of them deletes ended sessions."""
PURGE_AT_MOST = 100
"""How many ended sessions a login deletes: more than there are logins meanwhile."""


class SessionManager:
    """Starts, renews, lists and ends sessions.

    >>> from twopi_token_auth import MemoryStore, SessionManager, SessionToken
    >>> secret = "thirty-two bytes, enough for all of HS256"
    >>> class Token(SessionToken):
    ...     def dump(self):
    ...         return super().dump(secret)
    >>> sessions = SessionManager(MemoryStore(), Token, secrets=lambda: [secret])
    >>> login = sessions.start("ada", ["read"], name="phone")
    >>> renewed = sessions.renew(login.refresh_token)
    >>> Token.load(renewed.token, secret).scopes
    ['read']
    >>> sessions.revoke_all("ada")
    1
    >>> sessions.renew(renewed.refresh_token)
    Traceback (most recent call last):
    ...
    twopi_token_auth.errors.SessionError: The refresh token is refused: revoked

    Args:
        store: Where the sessions are kept.
        token_cls: Its ``from_refresh_token(session)`` makes the short-lived token; it
            may raise `SessionError` for somebody who must not have one any more.
        secrets: Returns the secrets of refresh tokens: the first one makes them, all
            are accepted.
        identify: Asked at each renewal who the user of a session is now; without it, a
            session keeps the scopes and the data of its login.
        settings: How long sessions live, and what ends them.
        clock: Returns the time, aware.
        sender: Who sends the signals; None means this object.
    """

    def __init__(
        self,
        store: SessionStore,
        token_cls: AccessTokenClass,
        *,
        secrets: Callable[[], Sequence[str | bytes]],
        identify: Identify | None = None,
        settings: SessionSettings | None = None,
        clock: Callable[[], datetime] = now,
        sender: object = None,
    ) -> None:
        self.store = store
        self.settings = settings or SessionSettings()
        self.token_cls = token_cls
        self._secrets = secrets
        self._identify = identify
        self._clock = clock
        self._sender = self if sender is None else sender
        self._starts = itertools.count()

    def start(
        self,
        user_id: str | int | UUID,
        scopes: Collection[str] = (),
        data: Mapping[str, Any] | None = None,
        name: str | None = None,
        *,
        ip: str | None = None,
        user_agent: str | None = None,
        remember: bool = True,
        lifetime: timedelta | None = None,
    ) -> Grant:
        """Start a session for somebody who has proved who they are.

        Args:
            user_id: Who it is; a number or UUID is kept as text.
            scopes: What the session may do.
            data: What else to keep with it; has a JSON form.
            name: What the user calls it, for example the device.
            ip: From where the user logs in.
            user_agent: With what.
            remember: Whether a browser keeps the login when it is closed. Otherwise the
                session ends after ``TOKEN_AUTH_BROWSER_LIFETIME`` at the latest.
            lifetime: After what time the session ends in any case, instead of
                ``TOKEN_AUTH_ABSOLUTE_LIFETIME``.

        Raises:
            TypeError: An argument has the wrong type, or *data* no JSON form.
            ValueError: *user_id* is empty, longer than 255 characters, or contains
                blanks at its ends or control characters; or a scope or *data* contains
                what no store can keep.
            StoreUnavailableError: The session cannot be kept.
        """
        now = self._clock()
        settings = self.settings
        expires_at = earlier(
            _end(now, lifetime or settings.absolute_lifetime),
            None if remember or lifetime else _end(now, settings.browser_lifetime),
        )
        session = RefreshSession(
            id=make_session_id(),
            user_id=check_user(user_id),
            scopes=check_scopes(scopes),
            data=check_data(data or {}),
            name=clean(name),
            created_at=now,
            renewed_at=now,
            idle_expires_at=earlier(self._idle_end(now), expires_at),
            expires_at=expires_at,
            ip=clean(ip),
            user_agent=clean(user_agent),
            remember=remember,
        )
        grant = self._grant(session)
        self.store.create(session)
        self._make_room(session, now)
        if next(self._starts) % PURGE_EVERY == 0:
            self._purge_in_passing(now)
        signals.logged_in.send(self._sender, session=session)
        return grant

    def renew(self, refresh_token: str) -> Grant:
        """Exchange *refresh_token* for a new short-lived and a new refresh token.

        Each refresh token can be used once. Using the last one again within
        ``TOKEN_AUTH_REUSE_GRACE`` gives the same new one, for clients that lost the
        answer or asked twice at once; clocks of several hosts may differ by the leeway
        on top of that. Any older token is a sign of theft and revokes the session (RFC
        9700 section 4.14.2). A token newer than the session is none: the store went
        back in time, by a failover or a restored backup, and the session catches up.

        Raises:
            SessionError: The token is refused, its ``code`` says why.
            StoreUnavailableError: Nobody can tell.
        """
        try:
            session, repeated = self._renew(refresh_token)
            grant = self._grant(session)
        except SessionError as error:
            log.info("Refresh token refused: %s", error.code)
            signals.refresh_rejected.send(
                self._sender,
                code=error.code,
                session_id=error.session_id,
                user_id=error.user_id,
            )
            raise
        signals.renewed.send(self._sender, session=session, repeated=repeated)
        return grant

    def get(self, session_id: str) -> RefreshSession | None:
        """Return the session if it is active."""
        session = self.store.get(session_id)
        return session if session and session.is_active(self._clock()) else None

    def find(self, refresh_token: object) -> str | None:
        """Return the id of the session *refresh_token* was made for, ended or not.

        The token may be an old one: it is enough to log out, not to renew.
        """
        parsed = parse(refresh_token, self._secrets())
        return None if parsed is None else parsed[0]

    def list(self, user_id: str | int | UUID) -> Sequence[RefreshSession]:
        """Return the active sessions of a user, the last one renewed first."""
        now = self._clock()
        found = self.store.list(check_user(user_id), now)
        active = [session for session in found if session.is_active(now)]
        return sorted(active, key=lambda session: session.renewed_at, reverse=True)

    def revoke(self, session_id: str) -> bool:
        """End a session; tell whether it had not been revoked before."""
        revoked = self.store.revoke(session_id, self._clock())
        if revoked:
            signals.logged_out.send(self._sender, session_ids=[session_id])
        return revoked

    def revoke_all(self, user_id: str | int | UUID, *, keep: str | None = None) -> int:
        """End all sessions of a user, for example when the password changes.

        Args:
            user_id: Whose sessions.
            keep: The id of a session that goes on.

        Returns:
            How many were ended.
        """
        session_ids = [
            session.id for session in self.list(user_id) if session.id != keep
        ]
        self.store.revoke_all(check_user(user_id), self._clock(), keep=keep)
        if session_ids:
            signals.logged_out.send(self._sender, session_ids=session_ids)
        return len(session_ids)

    def purge(self, limit: int | None = None) -> int:
        """Delete sessions that have ended, all of them or up to *limit*.

        Logins do this in passing, a few at a time; call it where that is not enough.

        Returns:
            How many were deleted; 0 where the store forgets them by itself.
        """
        now = self._clock()
        purged = 0
        while limit is None or purged < limit:
            batch = 1000 if limit is None else min(1000, limit - purged)
            deleted = self.store.purge(now, batch)
            purged += deleted
            if deleted < batch:
                break
        return purged

    def _renew(self, refresh_token: str) -> tuple[RefreshSession, bool]:
        parsed = parse(refresh_token, self._secrets())
        if parsed is None:
            raise SessionError("unknown")
        session_id, counter = parsed
        now = self._clock()
        # Before the token is used up: if this fails, the client can try again later.
        update = self._update(session_id, now)
        session = self._advance(session_id, counter, counter, now)
        repeated = False
        if session is None:
            session, repeated = self._examine(session_id, counter, now)
        return (replace(session, **update) if update else session), repeated

    def _advance(
        self, session_id: str, known: int, counter: int, now: datetime
    ) -> RefreshSession | None:
        """Renew a session whose counter is *known*, for the token of *counter*."""
        return self.store.advance(
            session_id,
            known,
            to=counter + 1 if self.settings.rotate else counter,
            at=now,
            idle_expires_at=self._idle_end(now),
        )

    def _examine(
        self, session_id: str, counter: int, now: datetime
    ) -> tuple[RefreshSession, bool]:
        """Return the session of a token that is not the current one, or refuse it."""
        settings = self.settings
        grace = settings.reuse_grace + settings.leeway if settings.reuse_grace else None
        for _ in range(_MOST_TRIES):
            session = self.store.get(session_id)
            if session is None:
                raise SessionError("unknown", session_id=session_id)
            verdict = judge(session, counter, now=now, grace=grace)
            if verdict == "repeat":
                return session, True
            if verdict == "reused":
                self._punish(session, now)
            if verdict != "advance" and verdict != "rollback":  # noqa: PLR1714 - for mypy
                raise SessionError(
                    verdict, session_id=session_id, user_id=session.user_id
                )
            advanced = self._advance(session_id, session.counter, counter, now)
            if advanced is not None:
                if verdict == "rollback":
                    log.warning(
                        "rollback: session %s was at renewal %d and its refresh token "
                        "at %d; the store has lost writes",
                        *(session_id, session.counter, counter),
                    )
                return advanced, False
        raise StoreUnavailableError(
            "The store refuses to advance a session from the counter that it has"
        )

    def _update(self, session_id: str, now: datetime) -> dict[str, Any]:
        """Return what changes about the user; end the session of a former one."""
        if self._identify is None:
            return {}
        session = self.store.get(session_id)
        if session is None or not session.is_active(now):
            return {}  # the reason is found later
        found = self._identify(session)
        if found is None or found is False:
            self.revoke(session_id)
            raise SessionError("user", session_id=session_id, user_id=session.user_id)
        if found is True:
            return {}
        identity = as_identity(found)
        if check_user(identity.user_id) != session.user_id:
            raise ValueError("identify returned another user than that of the session")
        return {
            "scopes": check_scopes(identity.scopes),
            "data": check_data(identity.data),
        }

    def _punish(self, session: RefreshSession, now: datetime) -> None:
        revoked = self.store.revoke(session.id, now)
        if self.settings.on_reuse == "user":
            self.store.revoke_all(session.user_id, now)
        if revoked:
            log.warning("A refresh token was reused: session %s ended", session.id)
            signals.refresh_reused.send(self._sender, session=session)

    def _grant(self, session: RefreshSession) -> Grant:
        token = self.token_cls.from_refresh_token(session)
        text = token.dump()
        expiry = getattr(token, "expiry", None)
        issued_at = getattr(token, "issued_at", None)
        expires_in = None
        if isinstance(expiry, datetime) and isinstance(issued_at, datetime):
            expires_in = max(0, round((expiry - issued_at).total_seconds()))
        refresh_token = mint(session.id, session.counter, self._secrets()[0])
        return Grant(text, refresh_token, session, expires_in)

    def _idle_end(self, now: datetime) -> datetime | None:
        return _end(now, self.settings.idle_lifetime)

    def _make_room(self, session: RefreshSession, now: datetime) -> None:
        most = self.settings.max_sessions_per_user
        if most is None:
            return
        others = [each for each in self.list(session.user_id) if each.id != session.id]
        for other in others[most - 1 :]:
            self.store.revoke(other.id, now)
            signals.logged_out.send(self._sender, session_ids=[other.id])

    def _purge_in_passing(self, now: datetime) -> None:
        try:
            self.store.purge(now, PURGE_AT_MOST)
        except StoreUnavailableError:
            log.warning("Ended sessions could not be deleted", exc_info=True)


def _end(now: datetime, lifetime: timedelta | None) -> datetime | None:
    return None if lifetime is None else now + lifetime
