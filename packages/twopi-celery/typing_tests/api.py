from typing import assert_type

from celery import Celery
from flask import Flask
from sqlalchemy.orm import Session, scoped_session

from twopi_celery import (
    ConfigurationError,
    create_celery,
    create_db_session,
    filesystem_broker,
    init_app,
)

settings = filesystem_broker("queue")
celery = create_celery("shop", settings, True, set_as_current=False)
assert_type(create_db_session(celery), scoped_session[Session])


@celery.task
def add(a: int, b: int) -> int:
    return a + b


add.delay(1, 2)
app = Flask("shop")
other: Celery = init_app(app, celery)
init_app(app, inject_version=False)

try:
    create_celery("shop", "shop.settings:Production")
except ConfigurationError as error:
    assert_type(error.settings, tuple[str, ...])
