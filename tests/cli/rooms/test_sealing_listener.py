"""The endpoints of Sealed Secrets over plain HTTP: which requests reach the room, and which do not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from argosy.cli.rooms import sealing_listener
from argosy.cli.rooms.sealing_listener import SealingListener
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.runtime.webhooks.server import Address

Doing = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


def listening(ask: sealing_listener.Ask, doing: Doing) -> None:
    async def main() -> None:
        listener = SealingListener(ask, Address("127.0.0.1", 0))
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(listener.run())
            while listener.listens_at is None:
                await asyncio.wait({serving}, timeout=0.01)
            async with aiohttp.ClientSession() as session:
                await doing(session, f"http://127.0.0.1:{listener.listens_at.port}")
            serving.cancel()

    asyncio.run(main())


def test_the_room_gets_path_body_and_caller_and_its_answer_is_returned() -> None:
    asked: list[ProxyRequest] = []

    async def ask(request: ProxyRequest) -> ProxyResponse:
        asked.append(request)
        return ProxyResponse(status=409, body=b"no", content_type="application/x-pem-file")

    async def doing(session: aiohttp.ClientSession, url: str) -> None:
        forged = {"X-Forwarded-For": "9.9.9.9, 10.0.0.1"}
        async with session.post(f"{url}/v1/verify?a=b", data=b"sealed", headers=forged) as answer:
            assert (answer.status, await answer.read()) == (409, b"no")
            assert answer.headers["Content-Type"] == "application/x-pem-file"
        async with session.get(f"{url}/healthz"):
            pass

    listening(ask, doing)
    assert (asked[0].method, asked[0].path, asked[0].query, asked[0].body) == ("POST", "/v1/verify", "a=b", b"sealed")
    assert [one.headers["x-forwarded-for"] for one in asked] == ["10.0.0.1", "127.0.0.1"]


def test_a_flood_and_a_body_beyond_the_limit_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing_listener, "AT_ONCE", 1)
    monkeypatch.setattr(sealing_listener, "SECONDS", 0.3)
    monkeypatch.setattr(sealing_listener, "BODY_LIMIT", 1000)

    async def ask(request: ProxyRequest) -> ProxyResponse:
        await asyncio.Event().wait()
        return ProxyResponse(status=200)

    async def doing(session: aiohttp.ClientSession, url: str) -> None:
        async def status(body: bytes) -> int:
            async with session.post(f"{url}/v1/rotate", data=body) as answer:
                return answer.status

        assert sorted(await asyncio.gather(status(b"a"), status(b"b"))) == [429, 504]
        assert await status(b"x" * 2000) == 413

    listening(ask, doing)
