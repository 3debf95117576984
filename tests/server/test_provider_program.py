"""Sign-in by a real provider in a process of its own: keys, clocks, audiences, refreshing, groups."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.kit import oidc_provider
from tests.kit.argocd_server import Api, argocd_server
from tests.kit.ports import free_port

pytestmark = pytest.mark.e2e


class Program:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = aiohttp.ClientSession()

    async def control(self, **changes: Any) -> str:
        """A token as the provider makes them now."""
        async with self.http.post(f"{self.url}/control", json=changes) as answer:
            return str((await answer.json())["token"])

    async def ready(self) -> None:
        for _ in range(600):
            try:
                await self.control()
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)  # noqa: TID251  # of a real program
            else:
                return
        raise AssertionError("the provider does not answer")


@asynccontextmanager
async def provider() -> AsyncIterator[Program]:
    port = free_port()
    process = subprocess.Popen([sys.executable, oidc_provider.__file__, str(port)])  # noqa: ASYNC220
    program = Program(port)
    try:
        await program.ready()
        yield program
    finally:
        await program.http.close()
        process.terminate()
        process.wait()


async def configured(api: Api, program: Program, **more: Any) -> None:
    config = {"name": "P", "issuer": program.url, "clientID": "argo", "clientSecret": "$oidc.secret", **more}
    await api.secret("argocd-secret", {"oidc.secret": "s3cret"})
    await api.configure("argocd-cm", {"url": api.server.url, "oidc.config": json.dumps(config)})
    await api.configure("argocd-rbac-cm", {"policy.csv": "g, team, role:readonly"})
    for _ in range(200):
        status, found = await api.call("GET", "/api/v1/settings", token="")
        if status == 200 and found.get("oidcConfig"):
            return
        await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    raise AssertionError("the settings were not taken")


async def who(api: Api, token: str) -> dict[str, Any]:
    _, found = await api.call("GET", "/api/v1/session/userinfo", token=token)
    return dict(found)


class Browser:
    """Its cookies, and nothing else of a browser."""

    def __init__(self, api: Api) -> None:
        self.api, self.cookies = api, dict[str, str]()

    async def get(self, url: str) -> tuple[int, str, Any]:
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        async with self.api.http.get(url, headers={"Cookie": header}, allow_redirects=False) as answer:
            for name, morsel in answer.cookies.items():
                self.cookies[name] = morsel.value
            text = await answer.text()
            return answer.status, answer.headers.get("Location", ""), text

    async def sign_in(self) -> None:
        status, there, _ = await self.get(f"{self.api.server.url}/auth/login")
        assert status == 303
        status, back, text = await self.get(there)
        assert status in (302, 303), text
        status, _, text = await self.get(back)
        assert status == 303, text

    async def who(self) -> dict[str, Any]:
        status, _, text = await self.get(f"{self.api.server.url}/api/v1/session/userinfo")
        return dict(json.loads(text)) if status == 200 else {}

    async def may_read(self) -> bool:
        status, _, _ = await self.get(f"{self.api.server.url}/api/v1/projects/default")
        return status == 200


def test_keys_rotate_clocks_differ_and_audiences_count(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with provider() as program, argocd_server(tmp_path) as api:
            await configured(api, program)
            first = await program.control()
            assert (await who(api, first)).get("username") == "u@example.com"
            rotated = await program.control(rotate=True)
            found = {}
            for _ in range(300):  # keys are asked for again seldom enough that nobody can make us ask in a loop
                found = await who(api, rotated)
                if found.get("loggedIn"):
                    break
                await asyncio.sleep(0.1)  # noqa: TID251  # of a real server
            assert found.get("loggedIn"), "a new key is fetched"
            assert not (await who(api, first)).get("loggedIn"), "the old key does not count any more"
            assert (await who(api, await program.control(skew=45))).get("loggedIn"), "a clock that is a little ahead"
            assert not (await who(api, await program.control(skew=600))).get("loggedIn"), "of the future"
            assert not (await who(api, await program.control(skew=-700))).get("loggedIn"), "too old"
            assert not (await who(api, await program.control(skew=0, audience="other"))).get("loggedIn")

    asyncio.run(scenario())


def test_a_browser_is_refreshed_until_its_session_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with provider() as program, argocd_server(tmp_path) as api:
            await configured(api, program, refreshTokenThreshold="5m")
            await program.control(lifetime=120)
            browser = Browser(api)
            await browser.sign_in()
            first = browser.cookies["argocd.token"]
            assert "argocd.provider" in browser.cookies
            assert "refresh" not in browser.cookies["argocd.provider"], "what it holds is encrypted"
            answers = await asyncio.gather(*(browser.who() for _ in range(5)))
            assert all(answer["username"] == "u@example.com" for answer in answers), "a refresh token counts once"
            assert browser.cookies["argocd.token"] != first, "the token that is about to end was refreshed"
            stranger = Browser(api)
            stranger.cookies = {"argocd.provider": browser.cookies["argocd.provider"]}
            assert not (await stranger.who()).get("loggedIn"), "it is not a sign-in"
            kept = browser.cookies["argocd.provider"]
            browser.cookies["argocd.provider"] = kept[:-6] + ("AAAAA=" if not kept.endswith("AAAAA=") else "BBBBB=")
            assert (await browser.who())["username"] == "u@example.com", "a broken one refreshes nothing"

    asyncio.run(scenario())


def test_groups_come_from_user_info_where_that_is_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with provider() as program, argocd_server(tmp_path) as api:
            await configured(api, program, enableUserInfoGroups=True, userInfoCacheExpiration="0s")
            await program.control(groups_in_token=False)
            browser = Browser(api)
            await browser.sign_in()
            assert (await browser.who())["groups"] == ["team"]
            assert await browser.may_read()
            await program.control(groups=[])
            assert not await browser.may_read(), "who left the group lost its rights"
            await program.control(groups=["team"], tokens={})
            assert not await browser.may_read(), "the provider does not know the access token any more"

    asyncio.run(scenario())
