"""A Sentry client that knows its release and site, and sends no secret."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS

from twopi_config import Vocabulary
from twopi_config.vocabulary import DEFAULT
from twopi_sentry import request_id as request_ids
from twopi_sentry.ignored_errors import is_common_http
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.collect import collect
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.named_values import Collector
from twopi_sentry.scrubbing.scrubber import Scrubber, reason
from twopi_sentry.scrubbing.sources import configuration, process
from twopi_sentry.sdk_scrubber import scrubber_without, with_names_of
from twopi_sentry.settings import Settings
from twopi_sentry.span_locals import SpanLocals

UNKNOWN = "__UNKNOWN__"
"""The release of an application that does not say its version."""

Hook = Callable[[Any, dict[str, Any]], Any]


def create_client(
    conf: Mapping[str, Any],
    app_version: str = UNKNOWN,
    ignore_common_http: bool = True,
    *,
    request_id: request_ids.Hook | None = None,
    vocabulary: Vocabulary = DEFAULT,
    **options: Any,
) -> sentry_sdk.Client | None:
    """Create a Sentry client from the settings in *conf*, for one application.

    The client is not made the process's own: `inject_sentry` and
    `celery_inject_sentry` bind it to the requests and tasks of one application. To
    report from elsewhere, ``sentry_sdk.get_global_scope().set_client(client)``.

    Secrets are taken out of what is sent: the literal ones of the configuration, the
    current request and Celery task, and the frames of the error are replaced wherever
    they appear in an event, transaction, check-in, log, metric, span or attachment,
    then whatever has the name or the shape of a secret. Where that would take too
    long, or fails, the values are left out and the event says so. Your own
    ``before_send`` hooks run before it.

    Args:
        conf: A mapping such as ``app.config`` or ``celery.conf`` with ``SENTRY_DSN``
            and, if wanted, ``SENTRY_SITE``, the value of the tag ``site``.
        app_version: The release to report.
        ignore_common_http: Whether to leave out HTTP errors below 500 and validation
            errors of marshmallow and webargs.
        request_id: A function that returns the id of the current request, which
            becomes the tag ``request_id`` of events and an attribute of logs. The
            default is the header ``X-Request-ID`` of the request, or of the message
            of the task. What is not 1 to 128 printable ASCII characters is left out.
        vocabulary: What secrets are called; `twopi_config.Vocabulary` takes further
            names, as does the ``denylist`` of sentry-sdk's ``event_scrubber``.
        options: Options for `sentry_sdk.init`, except ``dsn``.

    Returns:
        The client, or ``None`` if *conf* has no ``SENTRY_DSN``.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    settings = Settings.read(conf)
    if settings.dsn is None:
        return None
    options.setdefault("release", str(app_version))
    tags = _Tags(settings.site, request_id or request_ids.current)
    vocabulary = with_names_of(options.get("event_scrubber"), vocabulary)
    if vocabulary.never and not options.get("data_collection"):
        options.setdefault("event_scrubber", scrubber_without(vocabulary, options))
    options["integrations"] = [*options.get("integrations", ()), SpanLocals(vocabulary)]
    _add_hooks(options, _Hooks(conf, tags, ignore_common_http, vocabulary))
    client = sentry_sdk.Client(dsn=settings.dsn, **options)
    atexit.register(_close, weakref.ref(client))
    return client


def _close(reference: weakref.ref[sentry_sdk.Client]) -> None:
    """Send what is left; the SDK does so for the process's own client only."""
    client = reference()
    if client is not None:
        client.close()


class _Tags:
    """The site and the request that something was sent from."""

    def __init__(self, site: str | None, request_id: request_ids.Hook) -> None:
        self.site = {"site": site} if site else {}
        self.request_id = request_id

    def add(self, place: Any, name: str) -> None:
        """Add them to the mapping *name* of *place*; what stands there stays."""
        tags = {**self.site, **request_ids.ask(self.request_id)}
        if tags:
            place[name] = {**tags, **(place.get(name) or {})}


class _Hooks:
    """The last functions that see what is sent."""

    def __init__(
        self,
        conf: Mapping[str, Any],
        tags: _Tags,
        ignore_common_http: bool,
        vocabulary: Vocabulary,
    ) -> None:
        self.tags = tags
        self.ignore_common_http = ignore_common_http
        self.vocabulary = vocabulary
        self.configuration = configuration(conf)
        self.process: KnownSecrets | None = None

    def scrubber(self, hint: Mapping[str, Any]) -> Scrubber:
        known, budget, why = KnownSecrets(), Budget(), None
        try:
            collector = Collector(known, self.vocabulary, budget)
            self.configuration(collector)
            if self.process is None or "exc_info" in hint:  # that is rare enough
                self.process = KnownSecrets()
                process(Collector(self.process, self.vocabulary, budget))
            known.update(self.process)
            collect(hint, known, self.vocabulary, budget)
        except Exception as error:  # noqa: BLE001  its text may hold a secret
            why = reason(error)
        return Scrubber(known, self.vocabulary, budget, why)

    def event(self, then: Hook | None) -> Hook:
        """Return the hook of events, transactions and check-ins."""

        def before_send(event: Any, hint: dict[str, Any]) -> Any:
            if self.ignore_common_http and is_common_http(event, hint):
                return None
            scrubber = self.scrubber(hint)
            event = then(event, hint) if then else event
            if event is None:
                return None
            self.tags.add(event, "tags")
            attachments = hint.get("attachments") or ()
            hint["attachments"] = [scrubber.attachment(each) for each in attachments]
            return scrubber.event(event)

        return before_send

    def telemetry(self, then: Hook | None) -> Hook:
        """Return the hook of logs and metrics."""

        def before_send(item: Any, hint: dict[str, Any]) -> Any:
            scrubber = self.scrubber(hint)
            item = then(item, hint) if then else item
            if item is None:
                return None
            self.tags.add(item, "attributes")
            return scrubber.event(item)

        return before_send

    def span(self, then: Hook | None) -> Hook:
        """Return the hook of streamed spans, which the SDK sends if it raises."""
        scrub = self.telemetry(then)

        def before_send(span: Any, hint: dict[str, Any]) -> Any:
            try:
                scrubbed = scrub(span, hint)
            except Exception:  # noqa: BLE001  of the user's hook
                scrubbed = None
            return scrubbed or {"name": "[Filtered]", "attributes": {}}

        return before_send


def _add_hooks(options: dict[str, Any], hooks: _Hooks) -> None:
    """Put the hooks where this version of the SDK looks for them."""
    experiments = options["_experiments"] = dict(options.get("_experiments") or {})
    made = {
        "before_send": hooks.event,
        "before_send_transaction": hooks.event,
        "before_send_log": hooks.telemetry,
        "before_send_metric": hooks.telemetry,
    }
    lifecycle = options.get("trace_lifecycle") or experiments.get("trace_lifecycle")
    if lifecycle == "stream":
        made["before_send_span"] = hooks.span
    for name, make in made.items():
        place = options if name in DEFAULT_OPTIONS else experiments
        place[name] = make(options.pop(name, None) or experiments.pop(name, None))
