"""URLs, releases, Celery, Sentry, and the names that could be imported."""

import importlib
import os
import tempfile

from flask import Flask
from sqlalchemy import text

from compat.kit import fact
from twopi_flask_utils.celery import create_celery, create_db_session
from twopi_flask_utils.config import build_url
from twopi_flask_utils.deployment_release import get_release
from twopi_flask_utils.sentry import (
    celery_inject_sentry,
    create_client,
    inject_sentry,
)

for _path in [
    "celery:create_celery create_db_session Celery get_release",
    "config:build_url urlparse",
    "deployment_release:get_release",
    "pagination:paginated pagination_args parser",
    "restful:ExpectedJSONException format_error format_errors get_and_expect_json",
    "restful:output_json jsonify request",
    "testing:AppReqTestHelper CRUDTestHelper PrivilegeTestHelper json",
    "token_auth:ShortlivedTokenMixin auth_required parse_auth_header decorators",
    "token_auth.ShortlivedTokenMixin:ShortlivedTokenMixin UnixTimestamp",
    "token_auth.decorators:auth_required parse_auth_header bearer_re",
    "webargs:BetterFlaskParser handle_validation_error parser use_args use_kwargs",
    "webargs:FlaskParser ValidationError",
]:

    @fact("import " + _path)
    def _(path=_path):
        module, names = path.split(":")
        found = importlib.import_module("twopi_flask_utils." + module)
        return [callable(getattr(found, name)) for name in names.split()]


@fact("import all of a module")
def _():
    names = {}
    exec("from twopi_flask_utils.webargs import *", names)
    exec("from twopi_flask_utils.token_auth import *", names)
    return sorted(name for name in names if name != "__builtins__")


for _args, _options in [
    (("redis://localhost:6379/0",), {}),
    (("redis://localhost:6379/0",), {"port": 6380}),
    (("redis://localhost/0",), {"hostname": "cache", "path": "/1"}),
    (("postgres://u:p@h:5432/db",), {"scheme": "postgresql"}),
    (("postgres://u:p@h/db",), {"username": "v", "password": "q"}),
    (("postgres://u@h/db",), {}),
    (("postgres://u@h/db",), {"password": "p@ss/w:rd"}),
    (("postgres://h/db",), {"username": "u"}),
    (("postgres://h/db",), {"username": "u", "password": "p"}),
    (("redis://:pw@h/0",), {}),
    (("mysql://u:p@h/db?charset=utf8",), {}),
    (("mysql://u:p@h/db?charset=utf8#f",), {"path": "/x"}),
    (("mysql+pymysql://u:p@h/db",), {"path": "/db2"}),
    (("sqlite:///x.db",), {}),
    (("sqlite:////x/y.db",), {}),
    (("amqp://g:g@h//",), {}),
    (("amqp://g:g@h/%2f",), {}),
    (("http://h",), {}),
    (("http://h/a",), {"path": ""}),
    (("http://h",), {"path": "x"}),
    (("http://h/a",), {"port": "8080"}),
    (("http://h:80/a",), {"port": 0}),
    (("http://h:80/a",), {"hostname": ""}),
    (("http://u%40x:p@h/a",), {}),
    (("http://u%40x:p@h/a",), {"port": 1}),
    (("http://u:p@h/a",), {"username": "", "password": ""}),
    (("http://h/a",), {"username": ""}),
    (("http://EXAMPLE.com/A",), {}),
    (("http://[::1]:80/",), {}),
    (("http://h/a;b?c=d",), {}),
    (("//h/p",), {}),
    (("h/p",), {}),
    (("",), {"scheme": "http", "hostname": "h"}),
    (("http://h/a",), {"scheme": ""}),
    (("http://h:80/a",), {"port": ""}),
    (("http://h:x/",), {}),
    (("http://h:99999/",), {}),
    ((None,), {}),
    ((b"http://h/a",), {}),
    (("http://u:p@h:1/a", "ftp", "v", "q", "i", 2, "/b"), {}),
]:

    @fact("build_url {} {}".format(_args, sorted(_options.items())))
    def _(args=_args, options=_options):
        return build_url(*args, **options)


def in_folder(content, sub=None):
    """Return the release in a new folder whose version.txt holds *content*."""
    was = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        if content is not None:
            with open(os.path.join(folder, "version.txt"), "wb") as file:
                file.write(content)
        os.makedirs(os.path.join(folder, sub or "."), exist_ok=True)
        os.chdir(os.path.join(folder, sub or "."))
        try:
            return get_release()
        finally:
            os.chdir(was)


for _content in [
    None,
    b"1.2.3",
    b"1.2.3\n",
    b"  v 1 \r\n",
    b"1.0\nmore\n",
    b"",
    b"\n",
    b"\xef\xbb\xbf1.0\n",
    b"\xff\xfe",
    "vé\n".encode("utf-8"),
]:

    @fact("get_release: {!r}".format(_content))
    def _(content=_content):
        return in_folder(content)


@fact("get_release: from a folder below")
def _():
    return in_folder(b"1.0", "sub")


@fact("get_release: variables of the environment do not count")
def _():
    os.environ["RELEASE"] = os.environ["GIT_COMMIT"] = "9"
    try:
        return in_folder(None)
    finally:
        del os.environ["RELEASE"], os.environ["GIT_COMMIT"]


class Conf(object):
    CELERY_BROKER_URL = "memory://"
    SQLALCHEMY_DATABASE_URI = "sqlite://"


def conf(**settings):
    return type("Own", (Conf,), settings)


@fact("create_celery")
def _():
    app = create_celery("n", Conf)
    return [app.main, app.conf.broker_url, app.version == get_release()]


@fact("create_celery without a version")
def _():
    apps = (
        create_celery("n", Conf, False),
        create_celery("n", Conf, inject_version=False),
    )
    return [hasattr(app, "version") for app in apps]


@fact("create_celery with an instance")
def _():
    return create_celery("n", Conf()).conf.broker_url


@fact("create_celery with settings of old names")
def _():
    settings = conf(
        CELERY_TASK_SERIALIZER="json",
        CELERY_IGNORE_RESULT=True,
        CELERYD_CONCURRENCY=3,
        CELERY_RESULT_BACKEND="cache+memory://",
        CELERY_TIMEZONE="Australia/Sydney",
    )
    found = create_celery("n", settings).conf
    return [
        found.task_serializer,
        found.task_ignore_result,
        found.worker_concurrency,
        found.result_backend,
        str(found.timezone),
    ]


@fact("create_celery with other arguments")
def _():
    return list(create_celery("n", Conf, include=["os"]).conf.include)


@fact("create_celery keeps settings of one's own")
def _():
    return create_celery("n", conf(MY_SETTING=5)).conf.get("MY_SETTING")


@fact("create_celery without a broker")
def _():
    return create_celery("n", type("Empty", (), {"BROKER_URL": "memory://"})).main


@fact("create_celery with broker=")
def _():
    return create_celery("n", Conf, broker="redis://x").conf.broker_url


@fact("a task runs")
def _():
    app = create_celery("n", conf(CELERY_TASK_ALWAYS_EAGER=True))
    app.conf.task_always_eager = True

    @app.task(shared=False)
    def add(number):
        return number + 1

    return add.delay(1).get()


@fact("create_db_session")
def _():
    session = create_db_session(create_celery("n", Conf))
    names = "query add commit rollback remove registry configure query_property"
    found = [
        type(session).__name__,
        session.execute(text("select 1")).scalar(),
        session().autoflush,
        session().expire_on_commit,
        session() is session(),
        [hasattr(session, name) for name in names.split()],
    ]
    session.remove()
    session.get_bind().dispose()
    return found


@fact("create_db_session without a database")
def _():
    empty = type("Empty", (), {"CELERY_BROKER_URL": "memory://"})
    return create_db_session(create_celery("n", empty))


@fact("create_db_session of postgres:// needs its driver")
def _():
    settings = conf(SQLALCHEMY_DATABASE_URI="postgres://u:p@127.0.0.1:1/db")
    return create_db_session(create_celery("n", settings)).get_bind().name


for _recycle in (100, None):

    @fact("create_db_session, recycle {}".format(_recycle))
    def _(recycle=_recycle):
        settings = conf(SQLALCHEMY_POOL_RECYCLE=recycle)
        session = create_db_session(create_celery("n", settings))
        return session.get_bind().pool._recycle


@fact("an eager task has the session of its caller")
def _():
    app = create_celery("n", Conf)
    app.conf.task_always_eager = True
    session = create_db_session(app)
    before = session()

    @app.task(shared=False)
    def compare():
        return session() is before

    return compare.delay().get()


DSN = "https://public:secret@127.0.0.1:1/1"


def methods(client):
    names = ("captureException", "captureMessage")
    found = client and [callable(getattr(client, name)) for name in names]
    getattr(client, "close", str)()
    return found


@fact("sentry: create_client")
def _():
    return methods(create_client({"SENTRY_DSN": DSN, "SENTRY_SITE": "here"}, "1.0"))


@fact("sentry: create_client without a DSN")
def _():
    return methods(create_client({}))


for _version, _dsn in [("1.0", DSN), ("1.0", None), (None, DSN)]:

    @fact("sentry: inject_sentry, {}, {}".format(_version, _dsn and "a DSN"))
    def _(version=_version, dsn=_dsn):
        app = Flask("shop")
        app.config["SENTRY_DSN"] = dsn
        if version:
            app.version = version
        client = inject_sentry(app)
        extension = app.extensions.get("sentry")
        return [methods(client), extension and methods(extension)]


@fact("sentry: celery_inject_sentry without a DSN")
def _():
    return celery_inject_sentry(create_celery("n", Conf))
