"""`SQLAlchemyStore.check` says at the start what would go wrong later."""

import os

import pytest
from sqlalchemy import create_engine

from twopi_token_auth import ConfigurationError, StoreUnavailableError
from twopi_token_auth.stores import sql_connections
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore


def test_a_missing_table_is_named(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    store = SQLAlchemyStore(engine, table="logins")
    with pytest.raises(ConfigurationError, match=r"no table logins: call create_all"):
        store.check()

    store.create_all()
    store.check()
    engine.dispose()
    with pytest.raises(StoreUnavailableError):
        SQLAlchemyStore(create_engine("sqlite:////nowhere/at/all.db")).check()


@pytest.fixture
def make_store(request):
    made = []

    def make_store(name, **arguments):
        engine = create_engine(os.environ[f"TWOPI_TEST_{name}_URL"], **arguments)
        store = SQLAlchemyStore(engine, table="twopi_token_auth_check")
        store.create_all()
        made.append((store, engine))
        return store

    yield make_store
    for store, engine in made:
        store.metadata.drop_all(engine)
        engine.dispose()


@pytest.mark.services
@pytest.mark.parametrize("name", ["POSTGRES", "MARIADB"])
def test_the_usual_servers_are_fine(make_store, name):
    make_store(name).check()


@pytest.mark.services
def test_a_charset_that_lacks_characters_is_named(make_store):
    store = make_store("MARIADB", connect_args={"charset": "latin1"})

    with pytest.raises(ConfigurationError, match="charset=utf8mb4"):
        store.check()


@pytest.mark.services
def test_a_pooler_of_transactions_is_named(make_store, monkeypatch):
    """It tells the client another process id than that of the server."""
    real = sql_connections.text

    def other_server(statement):
        return real(statement.replace("pg_backend_pid()", "pg_backend_pid() + 1"))

    store = make_store("POSTGRES")
    ready = make_store("POSTGRES", connect_args={"prepare_threshold": None})
    monkeypatch.setattr(sql_connections, "text", other_server)
    with pytest.raises(ConfigurationError, match="'prepare_threshold': None"):
        store.check()
    ready.check()
