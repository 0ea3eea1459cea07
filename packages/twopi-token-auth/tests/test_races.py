"""One refresh token, presented by many at once: one rotation, and nobody logged out."""

import os
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from twopi_token_auth import SessionError, SessionManager, SessionSettings, SessionToken
from twopi_token_auth.sessions.refresh_token import make_session_id

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


def test_a_token_from_before_the_grace_ends_the_session(store):
    now = datetime.now(UTC)
    manager = make_manager(store)
    manager._clock = lambda: now
    grant = manager.start(make_session_id())
    (successor,) = set(renew_at_once(manager, grant.refresh_token))
    now += timedelta(seconds=91)

    answers = renew_at_once(manager, grant.refresh_token)

    assert {answer.code for answer in answers} <= {"reused", "revoked"}
    assert "reused" in {answer.code for answer in answers}
    with pytest.raises(SessionError, match="revoked"):
        manager.renew(successor)


PROGRAM = """
import sys
import threading
from twopi_token_auth import SessionManager, SessionToken

job, kind, url, name, secret = sys.argv[1:]
if kind == "REDIS":
    import redis
    from twopi_token_auth.stores.redis import RedisStore as Store
    store = Store(redis.Redis.from_url(url), prefix=name)
else:
    from sqlalchemy import create_engine
    from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore as Store
    store = Store(create_engine(url), table=name)

class Token(SessionToken):
    def dump(self):
        return super().dump(secret)

manager = SessionManager(store, Token, secrets=lambda: [secret])
store.get("0")
print("ready", flush=True)

if job == "answer":
    for line in sys.stdin:
        answers = []
        def renew():
            answers.append(manager.renew(line.strip()).refresh_token)
        threads = [threading.Thread(target=renew) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(*answers, flush=True)
elif job == "stop":
    advance = store.advance
    def stop(*arguments, **options):
        session = advance(*arguments, **options)
        print(session.counter, flush=True)
        sys.stdin.read()
    store.advance = stop
    manager.renew(sys.stdin.readline().strip())
else:
    token = sys.stdin.readline().strip()
    while True:
        token = manager.renew(token).refresh_token
        print(token, flush=True)
"""
STORES = [
    "sqlite",
    *[
        pytest.param(name, marks=pytest.mark.services)
        for name in ("POSTGRES", "MARIADB", "REDIS")
    ],
]


@pytest.fixture
def start(store, request):
    """Start processes that use the store; they are gone after the test."""
    kind = request.node.callspec.params["store"]
    name = "twopi-token-auth-test:" if kind == "REDIS" else store.table.name
    url = os.environ.get(f"TWOPI_TEST_{kind}_URL")
    if kind == "sqlite":
        url = str(store._engine().url)
    processes = []

    def start(job):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, job, kind, url, name, SECRET],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def say(process, line):
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


@pytest.mark.services
@pytest.mark.parametrize("store", STORES, indirect=True)
def test_four_processes_get_the_same_successor(store, start):
    """Each of them asks in four threads."""
    manager = make_manager(store)
    grant = manager.start(make_session_id())
    processes = [start("answer") for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"

    token = grant.refresh_token
    for number in range(1, ROUNDS + 1):
        for process in processes:
            say(process, token)
        answers = [process.stdout.readline().split() for process in processes]

        assert list(map(len, answers)) == [4] * 4
        (token,) = set().union(*answers)
        assert manager.get(grant.session.id).counter == number


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_process_killed_before_it_answers_loses_no_session(store, start):
    """It has renewed the session, and nobody has got the new refresh token."""
    manager = make_manager(store)
    grant = manager.start(make_session_id())
    process = start("stop")
    say(process, grant.refresh_token)
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "1\n"

    process.kill()

    again = manager.renew(grant.refresh_token)
    assert again.session.counter == 1
    assert manager.renew(again.refresh_token).session.counter == 2


@pytest.mark.services
@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_process_killed_at_any_moment_loses_no_session(store, start):
    rng = random.Random(ROUNDS)
    manager = make_manager(store)
    token = manager.start(make_session_id()).refresh_token
    for _ in range(max(2, ROUNDS // 10)):
        process = start("renew")
        say(process, token)
        assert process.stdout.readline() == "ready\n"
        for _ in range(rng.randrange(1, 20)):
            token = process.stdout.readline().strip()

        process.kill()

        seen = process.stdout.read().splitlines(keepends=True)
        token = [token, *(line.strip() for line in seen if line.endswith("\n"))][-1]
        token = manager.renew(token).refresh_token
