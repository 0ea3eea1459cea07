"""Secrets in the places that sentry-sdk's automatic integrations add to a report."""

import asyncio
import http.server
import importlib.util
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import types
import urllib.request
from contextlib import suppress

import pytest
import sentry_sdk
from flask import Flask
from sentry_sdk.consts import DEFAULT_OPTIONS

from twopi_config.vocabulary import DEFAULT
from twopi_sentry import inject_sentry
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.scrubber import Scrubber

PII = {"send_default_pii": True}
MODES = {
    "plain": {},
    "with PII": {**PII, "_experiments": {"record_sql_params": True}},
}
if "data_collection" in DEFAULT_OPTIONS:
    MODES["collecting"] = {"data_collection": {"user_info": True}}
if "trace_lifecycle" in DEFAULT_OPTIONS:
    MODES["streamed"] = {**PII, "trace_lifecycle": "stream"}
LOGS = {"enable_logs": True} if "enable_logs" in DEFAULT_OPTIONS else {}


class Planted:
    """New secrets, by where they are put."""

    def __init__(self):
        self.places = {}
        self.request = self("header of the request")

    def __call__(self, place):
        assert not DEFAULT.is_secret_name(place)
        self.places[place] = f"Zq{secrets.token_hex(8)}z"
        return self.places[place]


ANSWER = b'{"content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}'


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture(name="server", scope="module")
def server_on_this_machine():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def urls(planted, server):
    """Return URLs with secrets in each part that a span or breadcrumb shows."""
    return [
        f"http://me:{planted('user info')}@{server}/?a=1",
        f"http://{server}/?access_token={planted('query')}&a=1",
        f"http://{server}/?X-Amz-Signature={planted('signed')}",
        f"http://{server}/#id_token={planted('fragment')}",
        f"http://{server}/bot{planted.request}/send",
        f"http://{server}/?q={planted.request}",
    ]


def use_stdlib(planted, server):
    for url in urls(planted, server):
        with suppress(OSError, ValueError):
            urllib.request.urlopen(url, timeout=60).close()


def use_subprocess(planted, server):
    del server
    run = [sys.executable, "-c", "", f"--password={planted('flag')}"]
    subprocess.run(run, check=True)
    run = [sys.executable, "-c", "", "--api-token", planted("word after a flag")]
    subprocess.run(run, check=True)
    subprocess.run([sys.executable, "-c", "", planted.request], check=True)


def use_httpx(planted, server):
    httpx = pytest.importorskip("httpx")
    with httpx.Client() as client:
        for url in urls(planted, server):
            client.get(url)


def use_httpx2(planted, server):
    httpx2 = pytest.importorskip("httpx2")
    with httpx2.Client() as client:
        for url in urls(planted, server):
            client.get(url)


def use_aiohttp(planted, server):
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with aiohttp.ClientSession() as session:
            for url in urls(planted, server):
                async with session.get(url) as response:
                    await response.read()

    asyncio.run(main())


def use_boto3(planted, server):
    boto3 = pytest.importorskip("boto3")
    client = boto3.client(
        "s3",
        region_name="x",
        endpoint_url=f"http://{server}",
        aws_access_key_id=planted("id of the pair"),
        aws_secret_access_key=planted("half of the pair"),
        aws_session_token=planted("third of the pair"),
    )
    with suppress(Exception):
        client.put_object(Bucket="b", Key=planted.request, Body=b"x")
    signed = client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"})
    use = urllib.request.Request(signed)
    urllib.request.urlopen(use, timeout=60).close()


def use_redis(planted, server):
    del server
    redis = pytest.importorskip("redis")
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    url = f"redis://:{planted('server')}@127.0.0.1:1/0"
    with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
        for command in (
            ["SET", "api_token", planted("value behind its name")],
            ["SET", b"password", planted("bytes").encode(), "EX", 60],
            ["HSET", "user:1", "name", "ada", "password", planted("field")],
            ["SET", "conf", json.dumps({"secret": planted("JSON")})],
            ["GET", f"session:{planted.request}"],
            ["MGET", "a", f"x:{planted.request}"],
            ["AUTH", "me", planted("auth command")],
            ["CONFIG", "SET", "requirepass", planted("setting")],
            ["ACL", "SETUSER", "me", f">{planted.request}"],
        ):
            with suppress(redis.RedisError):
                client.execute_command(*command)
        with suppress(redis.RedisError):
            pipe = client.pipeline()
            pipe.set("refresh_token", planted("pipeline"))
            pipe.set(planted.request, 1)
            pipe.execute()


def use_pymongo(planted, server):
    del server
    pytest.importorskip("pymongo")
    from pymongo.monitoring import CommandStartedEvent
    from sentry_sdk.integrations.pymongo import CommandTracer

    commands = [
        {"find": "users", "filter": {"token": planted("filter")}},
        {"insert": "users", "documents": [{"a": 1, "password": planted("document")}]},
        {"update": "users", "updates": [{"u": {"$set": {"otp": planted("update")}}}]},
        {"find": "users", "filter": {"x": planted.request}},
        {"find": planted.request, "filter": {}},
        {"aggregate": "u", "pipeline": [{"$group": {"secret": planted("pipeline")}}]},
    ]
    for at, command in enumerate(commands):
        name = next(iter(command))
        event = CommandStartedEvent(command, "shop", at, ("h", 27017), at)
        tracer = CommandTracer()
        tracer.started(event)
        done = types.SimpleNamespace(request_id=at, command_name=name)
        tracer.succeeded(done)


def use_clickhouse(planted, server):
    del server
    pytest.importorskip("clickhouse_driver")
    from sentry_sdk.integrations import clickhouse_driver as integration

    connection = types.SimpleNamespace(
        database="shop", host="h", port=1, user="me", password=planted("connection")
    )
    client = types.SimpleNamespace(connection=connection)
    send = integration._wrap_start(lambda *_, **__: None)
    end = integration._wrap_end(lambda _: [("a", planted.request)])
    for query, params in [
        ("SELECT %(token)s", {"token": planted("parameter")}),
        (f"SELECT 1 WHERE password = '{planted('literal')}'", {}),
        (f"SELECT '{planted.request}'", {"x": planted.request}),
    ]:
        send(connection, query, None, params)
        end(client)


def use_sqlalchemy(planted, server):
    del server
    sa = pytest.importorskip("sqlalchemy")
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE users (id INTEGER, password TEXT)")
        for sql, values in [
            (f"SELECT 1 FROM users WHERE password = '{planted('literal')}'", {}),
            (f"UPDATE users SET id = 1, password='{planted('set')}'", {}),
            (f"SELECT '{planted.request}'", {}),
            ("SELECT :password", {"password": planted("parameter")}),
            ("SELECT :x", {"x": planted.request}),
        ]:
            connection.execute(sa.text(sql), values)
        users = sa.table("users", sa.column("id"), sa.column("password"))
        where = users.c.password == planted("expression")
        connection.execute(sa.select(users).where(where))
        connection.execute(users.insert(), {"id": 1, "password": planted("row")})
    engine.dispose()


def use_asyncpg(planted, server):
    del server
    pytest.importorskip("asyncpg")
    from sentry_sdk.integrations import asyncpg as integration

    async def query(*_, **__):
        return None

    async def main():
        run = integration._wrap_execute(query)
        await run(None, f"ALTER ROLE a PASSWORD '{planted('role')}'")
        await run(None, f"SELECT 1 WHERE token = '{planted('literal')}'")
        await run(None, f"SELECT '{planted.request}'")

    asyncio.run(main())


def use_loguru(planted, server):
    del server
    pytest.importorskip("loguru")
    from loguru import logger

    class Account:
        def __init__(self, value):
            self.password = value

    def log_in(account, x):
        return account.password / x

    logger.error("bad: password={}", planted("message"))
    logger.bind(api_token=planted("bound")).error("bound")
    logger.error("by name {token}", token=planted("by name"))
    logger.info("crumb for {}", f"https://me:{planted('breadcrumb')}@h/")
    logger.warning("seen {}", planted.request)
    logger.bind(x={"a": planted.request}).error("seen")
    with logger.contextualize(session_token=planted("context")):
        logger.error("in a context")
    try:
        log_in(Account(planted("diagnosed")), planted.request)
    except TypeError:
        logger.exception("cannot")
        logger.opt(exception=True).warning("cannot")


def use_celery(planted, server):
    del server
    celery = pytest.importorskip("celery")
    app = celery.Celery("shop", broker="memory://", set_as_current=False)

    @app.task(name="mail", shared=False)
    def mail(address, token, **_):
        raise RuntimeError(address)

    mail.apply(args=["ada", planted("positional")], kwargs={"otp": planted("keyword")})
    mail.delay(planted.request, planted("sent"), password=planted("sent by keyword"))
    mail.apply_async(["ada", "x"], headers={"authorization": planted("message header")})


def use_huey(planted, server):
    del server
    huey = pytest.importorskip("huey").MemoryHuey("shop", immediate=True)

    @huey.task()
    def mail(address, token, **_):
        raise RuntimeError(address)

    @huey.task()
    def send(address, token, **_):
        return address

    logging.getLogger("huey").addHandler(logging.NullHandler())
    mail("ada", planted("positional"), otp=planted("keyword"))
    send(planted.request, planted("sent"), password=planted("sent by keyword"))


def mail_by_rq(address, token, **_):
    raise RuntimeError(address)


def send_by_rq(address, token, **_):
    return address


def use_rq(planted, server):
    del server
    rq = pytest.importorskip("rq")
    redis = pytest.importorskip("redis")
    if (url := os.environ.get("TWOPI_TEST_REDIS_URL")) is None:
        pytest.skip("needs a Redis server")
    client = sentry_sdk.get_client()
    with redis.Redis.from_url(url) as connection:
        queue = rq.Queue(f"q{secrets.token_hex(4)}", connection=connection)
        queue.enqueue(mail_by_rq, "ada", planted("positional"), otp=planted("keyword"))
        sent = (planted.request, planted("sent"))
        queue.enqueue(send_by_rq, *sent, password=planted("sent by keyword"))
        worker = rq.SimpleWorker([queue], connection=connection)
        worker.log_result_lifespan = False
        worker.work(burst=True, logging_level="CRITICAL")
        queue.delete()
    assert sentry_sdk.get_client() is client


def use_huggingface(planted, server):
    hub = pytest.importorskip("huggingface_hub")
    client = hub.InferenceClient(f"http://{server}/", token=planted("client"))
    with suppress(Exception):
        client.text_generation(f"say {planted.request}", details=True)
    with suppress(Exception):
        content = f"password={planted('prompt')}"
        client.chat_completion([{"role": "user", "content": content}])


def use_openai(planted, server):
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(
        api_key=planted("client"), base_url=f"http://{server}/", max_retries=0
    )
    with suppress(Exception):
        content = f"password={planted('prompt')} {planted.request}"
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": content}]
        )


def use_anthropic(planted, server):
    anthropic = pytest.importorskip("anthropic")
    client = anthropic.Anthropic(
        api_key=planted("client"), base_url=f"http://{server}/", max_retries=0
    )
    with suppress(Exception):
        content = f"password={planted('prompt')} {planted.request}"
        client.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": content}]
        )


def use_langchain(planted, server):
    del server
    pytest.importorskip("langchain_core")
    from langchain_core.language_models.fake import FakeListLLM
    from langchain_core.tools import tool

    FakeListLLM(responses=[planted.request]).invoke(f"password={planted('prompt')}")

    @tool
    def look(token: str, x: str) -> str:
        """Look."""
        return x

    look.invoke({"token": planted("argument"), "x": planted.request})


def use_graphene(planted, server):
    del server
    graphene = pytest.importorskip("graphene")

    class Query(graphene.ObjectType):
        me = graphene.String(token=graphene.String(), x=graphene.String())

        def resolve_me(self, info, token, x):
            raise ValueError(x)

    schema = graphene.Schema(query=Query)
    schema.execute(f'{{ me(token: "{planted("argument")}", x: "{planted.request}") }}')
    query = "query q($t: String, $x: String) { me(token: $t, x: $x) }"
    schema.execute(query, variables={"t": planted("variable"), "x": planted.request})


def use_strawberry(planted, server):
    del server
    strawberry = pytest.importorskip("strawberry")

    @strawberry.type
    class Query:
        @strawberry.field
        def me(self, token: str, x: str) -> str:
            raise ValueError(x)

    schema = strawberry.Schema(Query)
    query = f'{{ me(token: "{planted("argument")}", x: "{planted.request}") }}'
    schema.execute_sync(query)


def use_ariadne(planted, server):
    del server
    ariadne = pytest.importorskip("ariadne")
    query = ariadne.QueryType()

    @query.field("me")
    def me(_, info, token, x):
        raise ValueError(x)

    types = "type Query { me(token: String, x: String): String }"
    schema = ariadne.make_executable_schema(types, query)
    text = "query q($t: String, $x: String) { me(token: $t, x: $x) }"
    data = {
        "query": text,
        "variables": {"t": planted("variable"), "x": planted.request},
    }
    ariadne.graphql_sync(schema, data)
    text = f'{{ me(token: "{planted("argument")}", x: "{planted.request}") }}'
    ariadne.graphql_sync(schema, {"query": text})


def use_gql(planted, server):
    gql = pytest.importorskip("gql")
    from gql.transport.exceptions import TransportQueryError
    from gql.transport.requests import RequestsHTTPTransport

    url = f"http://me:{planted('user info')}@{server}/?token={planted('query')}"

    class Transport(RequestsHTTPTransport):
        def execute(self, *_, **__):
            raise TransportQueryError("no", errors=[{"token": planted("answer")}])

    client = gql.Client(transport=Transport(url))
    query = f'{{ me(token: "{planted("argument")}", x: "{planted.request}") }}'
    with suppress(TransportQueryError):
        try:
            client.execute(gql.gql(query))
        except TransportQueryError:
            sentry_sdk.capture_exception()


USES = {
    name.removeprefix("use_"): each
    for name, each in sorted(globals().items())
    if name.startswith("use_")
}


def not_automatic():
    """Return the installed integrations that give way to those of wider libraries."""
    found = []
    for name, cls in ("openai", "OpenAI"), ("anthropic", "Anthropic"):
        if importlib.util.find_spec(name):
            module = importlib.import_module(f"sentry_sdk.integrations.{name}")
            found.append(getattr(module, f"{cls}Integration")())
    return found


@pytest.mark.filterwarnings("ignore:The send_default_pii option")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("library", USES)
def test_no_secret_leaves_by_an_integration(library, mode, server, recording, dsn):
    planted = Planted()
    seen = []

    def see(event, hint):
        seen.append(json.dumps({**event, "request": None}, default=repr))
        return event

    hooks = dict.fromkeys(["before_send", "before_send_transaction"], see)
    if mode == "streamed":
        hooks["before_send_span"] = see
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(
        app,
        transport=recording,
        traces_sample_rate=1.0,
        integrations=not_automatic(),
        **hooks,
        **MODES[mode],
        **LOGS,
    )

    @app.get("/")
    def view():
        USES[library](planted, server)
        sentry_sdk.capture_message("with breadcrumbs")
        return ""

    headers = {"X-Api-Key": planted.request}
    assert app.test_client().get("/", headers=headers).status_code == 200
    client.flush()

    traced = "span" if mode == "streamed" else "transaction"
    assert {"event", traced} <= {*recording.kinds()}
    assert recording.leaked(planted.places) == []
    assert recording.leaks("values were left out") == []
    shown = [name for name, each in planted.places.items() if each in "".join(seen)]
    assert shown or mode == "plain"


@pytest.mark.parametrize("place", ["breadcrumbs", "spans"])
def test_parameters_of_statements_without_secrets_stay(place):
    def scrubbed(statement, parameters):
        named = {"message": statement, "description": statement}
        found = [{**named, "data": {"db.params": parameters}}]
        event = {place: {"values": found} if place == "breadcrumbs" else found}
        copy = Scrubber(KnownSecrets()).event(event)
        assert event[place] == ({"values": found} if place == "breadcrumbs" else found)
        places = copy[place]["values"] if place == "breadcrumbs" else copy[place]
        return places[0]["data"]["db.params"]

    insert = "INSERT INTO users (id, password) VALUES (?, ?)"
    assert scrubbed(insert, [[7, "ada"], (8, "bob")]) == [
        [7, "[Filtered]"],
        [8, "[Filtered]"],
    ]
    select = "SELECT name FROM orders WHERE name = ? AND primary_key > ?"
    assert scrubbed(select, ["ink", 7]) == ["ink", 7]
    assert scrubbed(select, {"name_1": "ink", "x": 1}) == {"name_1": "ink", "x": 1}
