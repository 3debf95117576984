"""Streams end when their caller may no longer see their content."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argosy.server.dispatch import Asked
from argosy.server.errors import ApiError, Code
from argosy.server.schema.facts import methods
from tests.kit.argocd_server import Api, argocd_server

SECONDS = 10.0


async def _watch(api: Api, token: str) -> Code:
    method = methods()["application.ApplicationService/Watch"]
    messages = api.server.dispatcher.stream(Asked(method, {}, {"authorization": f"Bearer {token}"}, "127.0.0.1"))
    try:
        async for _ in messages:
            pass
    except ApiError as error:
        return error.code
    finally:
        await messages.aclose()
    return Code.OK


def test_a_stream_ends_when_its_account_is_switched_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(60):
            watching = asyncio.create_task(_watch(api, api.token))  # noqa: TID251  # ends with the test
            await asyncio.sleep(0.5)  # noqa: TID251  # of a real server
            assert not watching.done()
            await api.configure("argocd-cm", {"admin.enabled": "false"})
            assert await asyncio.wait_for(watching, SECONDS) is Code.UNAUTHENTICATED

    asyncio.run(scenario())


def test_a_stream_ends_when_its_token_is_revoked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(60):
            watching = asyncio.create_task(_watch(api, api.token))  # noqa: TID251  # ends with the test
            await asyncio.sleep(0.5)  # noqa: TID251  # of a real server
            status, _ = await api.call("POST", "/auth/logout", headers={"Cookie": f"argocd.token={api.token}"})
            assert status < 400
            assert await asyncio.wait_for(watching, SECONDS) is Code.UNAUTHENTICATED

    asyncio.run(scenario())
