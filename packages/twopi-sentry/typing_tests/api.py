from typing import assert_type

import sentry_sdk
from celery import Celery
from flask import Flask

from twopi_sentry import (
    ConfigurationError,
    celery_inject_sentry,
    create_client,
    inject_sentry,
)

app = Flask(__name__)
try:
    assert_type(inject_sentry(app), sentry_sdk.Client | None)
    inject_sentry(app, ignore_common_http=False, traces_sample_rate=0.1)
except ConfigurationError as error:
    assert_type(error.name, str)
assert_type(celery_inject_sentry(Celery("a")), sentry_sdk.Client | None)
assert_type(
    create_client(app.config, "1.0", ignore_common_http=True), sentry_sdk.Client | None
)
