"""Secrets that `twopi_config.Settings` declares are known by value."""

import pytest
import sentry_sdk
from flask import Flask

from twopi_config import Secret, Settings
from twopi_sentry import inject_sentry


class Mail(Settings):
    host: str
    entry: Secret


class Shop(Settings):
    mail: Mail
    peers: list[Secret]
    places: dict[str, Secret]


ENTRY, PEER, PLACE = "orchid under glass, 4 stems", "zq81-f0aa-77", "zq55:0b1c"


@pytest.mark.parametrize("in_configuration", [True, False])
def test_a_declared_secret_is_known_however_deep(in_configuration, recording, dsn):
    app = Flask("shop")
    settings = Shop(
        mail=Mail(host="mail.shop.example", entry=Secret(ENTRY)),
        peers=[Secret(PEER)],
        places={"north": Secret(PLACE)},
    )
    if in_configuration:
        settings.to_flask(app)
    else:
        app.extensions["twopi_config"] = settings
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)
    seen = f"{ENTRY} | {PEER} | {PLACE} | mail.shop.example"

    @app.get("/")
    def view():
        sentry_sdk.add_breadcrumb(message=seen, data={"x": [seen]})
        raise RuntimeError("as seen before")

    app.test_client().get("/")

    [event] = recording.events
    [crumb] = event["breadcrumbs"]["values"]
    hidden = "[Filtered] | [Filtered] | [Filtered] | mail.shop.example"
    assert crumb["message"] == hidden
    assert crumb["data"] == {"x": [hidden]}
    assert [each for each in (ENTRY, PEER, PLACE) if recording.leaks(each)] == []
