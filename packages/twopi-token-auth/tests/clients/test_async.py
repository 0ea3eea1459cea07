"""What is different in tasks: waiting, giving up, and several event loops."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from twopi_token_auth.clients import (
    LoginRefusedError,
    ServerUnavailableError,
    SessionOverError,
)
from twopi_token_auth.clients.httpx import AsyncSessionAuth, SessionAuth


@pytest.fixture
def auth_of(server, clock):
    def auth_of(client, **options):
        client.auth = AsyncSessionAuth(client, server.url, clock=clock, **options)
        return client.auth

    return auth_of


def test_of_many_tasks_one_renews(server, clock, auth_of):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            await auth_of(client).log_in("ada", "right")
            clock.now += 3600
            server_url = f"{server.origin}/me"
            answers = await asyncio.gather(*(client.get(server_url) for _ in range(16)))
            server.refuse_tokens()
            answers += await asyncio.gather(
                *(client.post(server_url, content=b"x") for _ in range(16))
            )
            return [answer.status_code for answer in answers]

    assert asyncio.run(main()) == [200] * 32
    assert server.renewals() == 2


def test_refused_answers_leave_a_connection_for_the_renewal(server, clock, auth_of):
    async def main():
        limits = httpx.Limits(max_connections=2)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            await auth_of(client).log_in("ada", "right")
            server.refuse_tokens()
            work = (client.get(f"{server.origin}/me") for _ in range(6))
            answers = await asyncio.wait_for(asyncio.gather(*work), 20)
            return {answer.status_code for answer in answers}

    assert asyncio.run(main()) == {200}
    assert server.renewals() == 1


def test_a_task_that_gives_up_does_not_stop_the_others(server, clock, auth_of):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            auth = auth_of(client)
            await auth.log_in("ada", "right")
            clock.now += 3600
            send, gate, asked = auth._send, asyncio.Event(), asyncio.Event()

            async def slow(*call):
                asked.set()
                await gate.wait()
                return await send(*call)

            auth._send = slow
            first, *rest = (
                asyncio.create_task(client.get(f"{server.origin}/me")) for _ in range(5)
            )
            await asked.wait()
            await asyncio.sleep(0)  # the others wait for the first now
            first.cancel()
            rest[0].cancel()
            gate.set()
            answers = await asyncio.gather(first, *rest, return_exceptions=True)
            return [getattr(answer, "status_code", type(answer)) for answer in answers]

    gone = asyncio.CancelledError
    assert asyncio.run(main()) == [gone, gone, 200, 200, 200]
    assert server.renewals() == 1


def test_several_event_loops_share_one_session(server, clock):
    first = httpx.AsyncClient(timeout=60)
    auth = AsyncSessionAuth(first, server.url, clock=clock)

    async def log_in():
        async with first:
            await auth.log_in("ada", "right")

    asyncio.run(log_in())
    clock.now += 3600

    async def work():
        async with httpx.AsyncClient(auth=auth, timeout=60) as client:
            auth._client = client
            return (await client.get(f"{server.origin}/me")).status_code

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(lambda: asyncio.run(work())) for _ in range(4)]
        assert [future.result() for future in futures] == [200] * 4
    assert server.renewals() == 1


def test_the_end_of_a_session_and_of_a_server(server, clock, auth_of):
    async def main():
        saved = []
        async with httpx.AsyncClient(timeout=60) as client:
            auth = auth_of(client, save=saved.append)
            with pytest.raises(LoginRefusedError):
                await auth.log_in("ada", "wrong")
            await auth.log_in("ada", "right", "phone")
            clock.now += 3600
            server.broken["/auth/renew"] = {"status": 503}
            with pytest.raises(ServerUnavailableError):
                await client.get(f"{server.origin}/me")
            server.broken.clear()
            server.end_sessions()
            with pytest.raises(SessionOverError):
                await client.get(f"{server.origin}/me")
            await auth.log_in("ada", "right")
            assert (await client.get(f"{server.origin}/me")).status_code == 200
            await auth.log_out()
            with pytest.raises(SessionOverError):
                await client.get(f"{server.origin}/me")
        return [tokens and tokens.expires_in for tokens in saved]

    assert asyncio.run(main()) == [60, None, 60, None]
    assert server.calls["POST", "/auth/logout", 200] == 1


def test_strangers_and_streams(server, stranger, auth_of):
    async def body():
        yield b"abc"

    async def main():
        async with httpx.AsyncClient(follow_redirects=True, timeout=60) as client:
            await auth_of(client).log_in("ada", "right")
            await client.get(f"{stranger.origin}/open?status=401")
            await client.get(f"{server.origin}/away?to={stranger.origin}/open")
            server.refuse_tokens()
            refused = await client.post(f"{server.origin}/me", content=body())
            again = await client.post(f"{server.origin}/me", content=body())
            return refused.status_code, again.status_code

    assert asyncio.run(main()) == (401, 200)
    assert not any("Bearer" in str(headers) for _, headers, _ in stranger.seen)
    assert server.renewals() == 1


def test_nobody_listens(clock):
    async def main():
        async with httpx.AsyncClient(event_hooks={"response": [fail]}) as client:
            auth = AsyncSessionAuth(client, "http://127.0.0.1:1", refresh_token="x")
            with pytest.raises(ServerUnavailableError, match="ConnectError"):
                await client.get("http://127.0.0.1:1/", auth=auth)

    async def fail(response):
        response.raise_for_status()

    asyncio.run(main())


def test_hooks_that_raise_do_not_get_in_the_way(server, clock):
    async def fail(response):
        response.raise_for_status()

    async def main():
        async with httpx.AsyncClient(event_hooks={"response": [fail]}) as client:
            auth = AsyncSessionAuth(client, server.url, refresh_token="x")
            with pytest.raises(SessionOverError):
                await client.get(f"{server.origin}/me", auth=auth)

    asyncio.run(main())


def test_each_class_is_for_its_client(server):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            auth = SessionAuth(client, server.url, token="x")
            with pytest.raises(RuntimeError):
                await client.get(f"{server.origin}/me", auth=auth)

    asyncio.run(main())
    with httpx.Client() as client, pytest.raises(RuntimeError):
        client.get(f"{server.origin}/me", auth=AsyncSessionAuth(client, server.url))


def test_saving_may_be_asynchronous(server, clock, auth_of):
    saved = []

    async def save(tokens):
        await asyncio.sleep(0)
        saved.append(tokens)

    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            auth = auth_of(client, save=save)
            await auth.log_in("ada", "right")
            clock.now += 3600
            await client.get(f"{server.origin}/me")
            await auth.log_out()

    asyncio.run(main())
    assert [tokens and tokens.expires_in for tokens in saved] == [60, 60, None]


def test_the_token_alone(server, auth_of):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            auth = auth_of(client)
            with pytest.raises(SessionOverError):
                await auth.token()
            await auth.log_in("ada", "right")
            header = {"Authorization": f"Bearer {await auth.token()}"}
            answer = await client.get(f"{server.origin}/me", headers=header, auth=None)
            return answer.json()["user"]

    assert asyncio.run(main()) == "ada"


def test_the_timeout_of_a_request_holds_while_it_waits(server, clock, auth_of):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            await auth_of(client).log_in("ada", "right")
            clock.now += 3600
            server.gate.clear()
            url = f"{server.origin}/me"
            first = asyncio.create_task(client.get(url))
            assert await asyncio.to_thread(server.renewing.wait, 60)
            with pytest.raises(ServerUnavailableError):
                await client.get(url, timeout=0.1)
            server.gate.set()
            return (await first).status_code

    assert asyncio.run(main()) == 200
    assert server.renewals() == 1


def test_a_form_with_files_is_sent_again(server, auth_of):
    async def main():
        async with httpx.AsyncClient(timeout=60) as client:
            await auth_of(client).log_in("ada", "right")
            server.refuse_tokens()
            files = {"report": io.BytesIO(b"abc")}
            return await client.post(f"{server.origin}/me", files=files)

    answer = asyncio.run(main())
    assert answer.status_code == 200
    assert "abc" in answer.json()["body"]
