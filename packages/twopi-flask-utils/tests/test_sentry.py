"""Clients of Sentry with raven's methods."""

import logging

import pytest
import sentry_sdk
from celery import Celery
from flask import Flask
from sentry_sdk.transport import Transport

from twopi_flask_utils.sentry import celery_inject_sentry, create_client, inject_sentry

DSN = "https://key@sentry.invalid/1"


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self, events):
        super().__init__()
        self.events = events

    def capture_envelope(self, envelope):
        self.events.append(envelope.get_event())


@pytest.fixture(name="events")
def list_of_events():
    return []


@pytest.fixture(name="client")
def client_of_events(events):
    client = create_client({"SENTRY_DSN": DSN}, "1.0", transport=Kept(events))
    yield client
    client.close()


@pytest.mark.filterwarnings("ignore:twopi_flask_utils:DeprecationWarning")
@pytest.mark.parametrize("form", ["handled", "True", "exception", "exc_info"])
def test_capture_exception(client, events, form):
    try:
        int("boom")
    except ValueError as error:
        given = {
            "handled": (),
            "True": (True,),
            "exception": (error,),
            "exc_info": ((ValueError, error, error.__traceback__),),
        }[form]
        number = client.captureException(*given, tags={"shop": "a"}, extra={"cart": 3})

    [event] = events
    assert event["event_id"] == number
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert event["release"] == "1.0"
    assert (event["tags"]["shop"], event["extra"]["cart"]) == ("a", 3)


@pytest.mark.filterwarnings("ignore:twopi_flask_utils:DeprecationWarning")
@pytest.mark.parametrize("level", ["warning", logging.WARNING])
def test_capture_message(client, events, level):
    number = client.captureMessage("%s is low", params=("stock",), level=level)
    client.captureMessage("100 %", data={"extra": {"a": 1}})

    first, second = events
    assert (first["event_id"], first["message"]) == (number, "stock is low")
    assert first["level"] == "warning"
    assert (second["message"], second["extra"]["a"]) == ("100 %", 1)


def test_the_modern_way_is_named(client):
    with pytest.warns(DeprecationWarning, match=r"use sentry_sdk.capture_message\(\)"):
        client.captureMessage("a")


@pytest.mark.filterwarnings("ignore:twopi_flask_utils:DeprecationWarning")
def test_no_secret_leaves_by_these_methods(client, events):
    client.captureMessage("a", extra={"password": "hunter2"})

    assert "hunter2" not in repr(events)


@pytest.mark.filterwarnings("ignore:twopi_flask_utils:DeprecationWarning")
def test_the_scope_of_the_caller_is_left_alone(client):
    client.captureMessage("a", tags={"mine": "1"})

    assert sentry_sdk.get_client() is not client


@pytest.mark.filterwarnings("ignore:twopi_flask_utils:DeprecationWarning")
def test_applications_have_such_clients_too(events):
    app, celery = Flask(__name__), Celery("shop", set_as_current=False)
    app.config["SENTRY_DSN"] = DSN
    celery.conf.update(SENTRY_DSN=DSN)
    transport = Kept(events)

    for client in (
        inject_sentry(app, transport=transport),
        celery_inject_sentry(celery, transport=transport),
    ):
        client.captureMessage("a")
        client.close()
    assert app.extensions["sentry"] is app.extensions["twopi_sentry"]
    assert len(events) == 2


def test_without_a_dsn_there_is_no_client():
    app = Flask(__name__)

    assert create_client({}) is None
    assert inject_sentry(app) is None
    assert "sentry" not in app.extensions
    assert celery_inject_sentry(Celery("shop", set_as_current=False)) is None
