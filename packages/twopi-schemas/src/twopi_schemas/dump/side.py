"""The `dump` of one schema: interpreted, then generated."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twopi_schemas import tiers
from twopi_schemas.change_watch import Watch
from twopi_schemas.decide.plan import HandedOverError
from twopi_schemas.dump.program import DumpProgram, compile_dump
from twopi_schemas.marshmallow_internals import (
    dump_hooks,
    serialize_as,
    serialize_with,
)

if TYPE_CHECKING:
    from twopi_schemas.core import Core


class DumpSide:
    """What is known of a schema's `dump`; a `Core` has one."""

    __slots__ = (
        *("calls", "compiled", "outdated", "owner", "patience", "program", "tried"),
        *("learn", "watch", "with_hooks"),
    )

    def __init__(self, owner: Core) -> None:
        self.owner = owner
        self.calls = 0
        self.patience = 1
        self.tried = False
        self.compiled = False
        self.watch: Watch | None = None
        self.program: DumpProgram | None = None
        self.with_hooks: Callable[..., Any] | None = None
        self.outdated: Callable[[], Any] | None = None
        self.learn: Callable[[type], Callable[[Any], Any]] = self._unlearned

    def dump(self, obj: Any, *, many: Any) -> Any:
        """Dump by the tier that the number of calls allows."""
        self.calls += 1
        if self.calls > tiers.SOURCE_AFTER * self.patience and not self.tried:
            self.generate()
        return self.run(obj, many=many)

    def run(self, obj: Any, *, many: Any) -> Any:
        """Dump in whichever way the schema allows."""
        program, with_hooks = self.ready()
        if program is None:
            return self.owner.hand_over_dump(obj, many=many)
        if with_hooks is not None:
            return with_hooks(obj, many=many)
        several = self.owner.schema.many if many is None else many
        if several and obj is not None:
            one = program.one
            return [one(each) for each in obj]
        return program.one(obj)

    def ready(self) -> tuple[DumpProgram | None, Callable[..., Any] | None]:
        """Return the inner loop, and marshmallow's call around it for hooks."""
        if self.owner.watched:
            self.check()
        if not self.compiled:
            with self.owner.lock:
                self._compile()
        return self.program, self.with_hooks

    def _compile(self) -> None:
        schema, owner = self.owner.schema, self.owner
        self.program = self.with_hooks = None
        hooks = dump_hooks(schema)
        owner.watched |= bool(hooks)
        self.watch = Watch(schema, "dump_fields", thorough=owner.watched)
        with contextlib.suppress(HandedOverError):
            self.program = compile_dump(owner.scope(None))
        if hooks:
            self.with_hooks = serialize_with(schema, self._serialize)
        self.compiled = True

    def check(self) -> None:
        """Forget what was compiled of a schema that was changed since."""
        watch, outdated = self.watch, self.outdated
        if (watch is not None and watch.changed()) or (outdated and outdated()):
            self.forget()

    def forget(self) -> None:
        """Compile anew at the next call; generate source later than before."""
        with self.owner.lock:
            self.owner.leave("dump")
            self.watch = self.outdated = None
            self.compiled = False
            if self.tried:
                self.patience = min(self.patience * 2, tiers.MAX_PATIENCE)
                self.calls, self.tried = 0, False

    # Generated source

    def generate(self) -> None:
        """Put generated source in the place of what is interpreted."""
        with self.owner.lock:
            if self.tried:
                return
            self.ready()
            self.tried = True
            if self.program is None:
                return
            from twopi_schemas.dump.source import write_dump  # not at import, see load

            made = write_dump(self.owner, stale=self.stale)
            self.program, self.learn = DumpProgram(made.one), made.learn
            self.outdated = made.outdated
            if self.with_hooks is None:
                self.owner.enter("dump", made.entry)

    def stale(self, obj: Any, *, many: Any) -> Any:
        """Dump after a change; generated source calls this."""
        self.forget()
        return self.owner.dump(obj, many=many)

    def _unlearned(self, kind: type) -> Callable[[Any], Any]:
        raise LookupError(f"nothing is generated for {kind!r}")

    # Marshmallow around the inner loop

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """Stand in for marshmallow's own method of this name, between its hooks."""
        program, _ = self.ready()
        if program is None:
            return serialize_as(self.owner.schema, obj, many=many)
        if many and obj is not None:
            return [program.one(each) for each in obj]
        return program.one(obj)
