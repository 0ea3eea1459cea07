"""Calls of tasks that are kept for later: checked now, with ids that stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from celery import Celery, Task, current_app
from celery.canvas import Signature, chord, group, maybe_signature
from kombu.serialization import dumps

from twopi_celery.publishing.options import check_options
from twopi_celery.publishing.result_backend import no_results

Call: TypeAlias = "Task[Any, Any] | Signature[Any] | str"
"""A task, a signature of one, of a chain, a group or a chord; or the name of a task."""


def app_of(task: Call) -> Celery:
    """Return the application that *task* belongs to.

    Args:
        task: A task or a signature; a name is one of the current application.
    """
    app: Celery = getattr(task, "app", None) or current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return app


def freeze(
    task: Call,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    options: Mapping[str, Any],
    **relatives: Any,
) -> tuple[str, Signature[Any]]:
    """Return the id of a call, and the call: it has the same id whenever it is sent.

    Errors are raised here, while the caller can still handle them.

    Args:
        task: A task, a signature, or the name of a task.
        args: Its arguments; a signature's own come after them.
        kwargs: Its keyword arguments.
        options: Those of ``apply_async``.
        **relatives: The *root_id* and *parent_id* of the call, if they are known.

    Raises:
        TypeError: The task does not take these arguments, or Celery not these options.
        NotImplementedError: There is a chord, and no result backend that can do it.
        kombu.exceptions.EncodeError: The arguments cannot be serialized.
    """
    app = app_of(task)
    if isinstance(task, str):
        task = app.tasks.get(task) or app.signature(task)
    check_options(task, options)
    if isinstance(task, Signature):
        call = task.clone(tuple(args), dict(kwargs), **options)
    else:
        if task.typing:
            task.__header__(*args, **kwargs)  # type: ignore[attr-defined]
        if not app.conf.task_always_eager:
            dumps((args, kwargs), options.get("serializer") or task.serializer)
        call = task.signature(tuple(args), dict(kwargs), **options)
    if not app.conf.task_always_eager and any(_is_chord(each) for each in parts(call)):
        app.backend.ensure_chords_allowed()
    with no_results(app):
        return call.freeze(options.get("task_id"), **relatives).id, call


def parts(call: Signature[Any]) -> Iterator[Signature[Any]]:
    """Yield *call*, and all that it is made of.

    Args:
        call: A signature.
    """
    yield call
    for each in _members(call):
        yield from parts(each)


def first_parts(call: Signature[Any]) -> Iterator[Signature[Any]]:
    """Yield *call*, and what of it is published at once: no later links, no body.

    Args:
        call: A signature.
    """
    yield call
    members = _members(call)
    if call.task == "celery.chain":
        members = members[:1]
    elif call.task == "celery.chord":
        members = members[:-1]
    for each in members:
        yield from first_parts(each)


def _members(call: Signature[Any]) -> list[Signature[Any]]:
    """Return the tasks of a chain or group; of a chord, those and the body."""
    if call.task == "celery.chord":
        found = _listed(call.kwargs.get("header")), [call.kwargs.get("body")]
        return [_signature(each) for side in found for each in side if each]
    if call.task in {"celery.chain", "celery.group"}:
        return [_signature(each) for each in call.kwargs["tasks"]]
    return []


def _signature(call: Any) -> Signature[Any]:
    """Return *call*, which is a dictionary if it was kept as JSON."""
    found: Any = maybe_signature(call)
    signature: Signature[Any] = found
    return signature


def _listed(header: Any) -> list[Any]:
    if isinstance(header, Mapping):  # a group
        return [header]
    return list(header or ())


def _is_chord(call: Signature[Any]) -> bool:
    """Return whether this is a chord, or becomes one: a group that a task follows."""
    if isinstance(call, chord) or call.task == "celery.chord":
        return True
    if call.task != "celery.chain":
        return False
    return any(
        isinstance(each, group) or each.task == "celery.group"
        for each in _members(call)[:-1]
    )
