"""One refresh token, presented by many at once: one rotation, and nobody logged out."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from twopi_token_auth import SessionError, SessionManager, SessionSettings, SessionToken
from twopi_token_auth.refresh import make_session_id

SECRET = "thirty-two bytes, enough for all of HS256"
THREADS = 16
ROUNDS = int(os.environ.get("TWOPI_TEST_ROUNDS", "4"))


class Token(SessionToken):
    def dump(self):
        return super().dump(SECRET)


def make_manager(store, **settings):
    return SessionManager(
        store,
        Token,
        secrets=lambda: [SECRET],
        settings=SessionSettings(**settings),
        clock=lambda: datetime.now(UTC),
    )


def renew_at_once(manager, refresh_token):
    """Return what each thread got: a refresh token, or an error."""
    barrier = threading.Barrier(THREADS)
    answers = []

    def work():
        barrier.wait()
        try:
            answers.append(manager.renew(refresh_token).refresh_token)
        except Exception as error:  # noqa: BLE001
            answers.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_all_get_the_same_successor_and_the_session_lives(store):
    manager = make_manager(store)
    grant = manager.start(make_session_id())
    token = grant.refresh_token

    for number in range(1, ROUNDS + 1):
        answers = renew_at_once(manager, token)

        assert len(answers) == THREADS
        assert len(set(answers)) == 1, answers
        session = manager.get(grant.session.id)
        assert session
        assert session.counter == number
        token = answers[0]


def test_without_grace_one_wins_and_the_session_dies(store):
    for _ in range(ROUNDS):
        manager = make_manager(store, reuse_grace=timedelta(0))
        grant = manager.start(make_session_id())

        answers = renew_at_once(manager, grant.refresh_token)

        won = [answer for answer in answers if isinstance(answer, str)]
        lost = [answer.code for answer in answers if isinstance(answer, SessionError)]
        assert (len(won), len(lost)) == (1, THREADS - 1)
        assert set(lost) <= {"reused", "revoked"}
        assert "reused" in lost
        assert manager.get(grant.session.id) is None


def test_a_log_out_among_renewals_is_final(store):
    manager = make_manager(store)
    for _ in range(ROUNDS):
        grant = manager.start(make_session_id())
        killer = threading.Thread(target=manager.revoke, args=[grant.session.id])

        killer.start()
        answers = renew_at_once(manager, grant.refresh_token)
        killer.join()

        assert manager.get(grant.session.id) is None
        for answer in {*answers, grant.refresh_token}:
            token = answer if isinstance(answer, str) else grant.refresh_token
            with pytest.raises(SessionError, match="revoked"):
                manager.renew(token)


PROGRAM = """
import sys
from datetime import UTC, datetime
from twopi_token_auth import SessionManager, SessionToken

kind, url, name, secret, refresh_token = sys.argv[1:]
if kind == "REDIS":
    import redis
    from twopi_token_auth.stores.redis import RedisStore
    store = RedisStore(redis.Redis.from_url(url), prefix=name)
else:
    from sqlalchemy import create_engine
    from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
    store = SQLAlchemyStore(create_engine(url), table=name)

class Token(SessionToken):
    def dump(self):
        return super().dump(secret)

manager = SessionManager(store, Token, secrets=lambda: [secret])
store.get("0")
print("ready", flush=True)
sys.stdin.readline()
print(manager.renew(refresh_token).refresh_token)
"""


@pytest.mark.services
@pytest.mark.parametrize(
    "store", ["sqlite", "POSTGRES", "MARIADB", "REDIS"], indirect=True
)
def test_four_processes_get_the_same_successor(store, request):
    kind = request.node.callspec.params["store"]
    name = "twopi-token-auth-test:" if kind == "REDIS" else store.table.name
    manager = make_manager(store)
    grant = manager.start(make_session_id())
    url = os.environ.get(f"TWOPI_TEST_{kind}_URL")
    if kind == "sqlite":
        url = str(store._engine().url)
    command = [sys.executable, "-c", PROGRAM, kind, url, name, SECRET]
    command.append(grant.refresh_token)
    processes = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert set(answers) == {manager.renew(grant.refresh_token).refresh_token}
    session = manager.get(grant.session.id)
    assert session
    assert session.counter == 1
