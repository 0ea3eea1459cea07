import shutil

import pytest
from argon2 import PasswordHasher, profiles
from sqlalchemy import create_engine

from twopi_demo import passwords, seed, settings
from twopi_demo.app import create_app
from twopi_demo.database import engine_of, session

API = "/api/v1"


@pytest.fixture(scope="session")
def cheap_hasher():
    return PasswordHasher.from_parameters(profiles.CHEAPEST)


@pytest.fixture(autouse=True)
def _cheap_passwords(cheap_hasher, monkeypatch):
    passwords._nobody.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", cheap_hasher)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory, cheap_hasher):
    """A database with 300 entries, made once."""
    file = tmp_path_factory.mktemp("seeded") / "punchcard.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap_hasher)
        seed.prepare(engine, 300)
    engine.dispose()
    return file


@pytest.fixture
def make_app(tmp_path, seeded):
    """Return an application on a copy of the database, its tasks done at once."""
    engines = []

    def make(**config):
        shutil.copy(seeded, tmp_path)
        stock = settings.folder_settings(tmp_path)
        app = create_app(
            {"TESTING": True, "task_always_eager": True, **stock, **config}
        )
        with app.app_context():
            engines.append(engine_of(session))
        return app

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def log_in(app):
    """Return a client that is logged in."""

    def log_in(username):
        client = app.test_client()
        credentials = {"username": username, "password": seed.PASSWORD}
        client.tokens = client.post(f"{API}/login", json=credentials).json
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {client.tokens['token']}"
        return client

    return log_in


@pytest.fixture
def ada(log_in):
    """A manager."""
    return log_in("ada")


@pytest.fixture
def bob(log_in):
    """A member, the user 2."""
    return log_in("bob")
