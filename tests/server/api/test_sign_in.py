"""What one may know without being signed in, over the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit.argocd_server import Api, argocd_server

PLACE = "/api/argosy/v1/sign-in"


async def _settled(api: Api, settings: Mapping[str, str], name: str, value: Any) -> Any:
    await api.configure("argocd-cm", settings)
    for _ in range(100):
        _, found = await api.call("GET", PLACE, token="")
        if found[name] == value:
            return found
        await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    raise AssertionError(f"{name} is {found[name]!r}")


def test_ways_to_sign_in_follow_the_settings(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            _, found = await api.call("GET", PLACE, token="")
            assert found["providers"] == []
            assert found["local"] is True
            oidc = {"oidc.config": json.dumps({"name": "Corporate", "issuer": "https://i.example", "clientID": "a"})}
            provider = {"name": "Corporate", "place": "/auth/login"}
            more = {"ui.signinmessage": "Ask the platform team", "ui.autosignin": "true", "admin.enabled": "false"}
            found = await _settled(api, oidc | more, "providers", [provider])
            assert (found["message"], found["automatic"], found["local"]) == ("Ask the platform team", True, False)
            connectors = {"connectors": [{"type": "github", "id": "g", "name": "GitHub"}]}
            dex = {"oidc.config": "", "dex.config": json.dumps(connectors)}
            await _settled(api, dex, "providers", [{"name": "GitHub", "place": "/auth/login"}])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("cookie", "ended"),
    [
        ("", ""),
        ("argocd.token=a.b.c", "Your session does not count any more: token is malformed"),
        ("{good}", ""),
        ("{revoked}", "Your session was ended: somebody signed out or revoked it."),
    ],
)
def test_a_session_that_ended_is_told_apart_from_none(tmp_path: Path, cookie: str, ended: str) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            revoked = await api.sign_in("admin", await _password(api))
            out = {"Cookie": f"argocd.token={revoked}"}
            async with api.http.post(f"{api.server.url}/auth/logout", headers=out, allow_redirects=False) as answer:
                assert answer.status == 303
            given = cookie.format(good=f"argocd.token={api.token}", revoked=f"argocd.token={revoked}")
            _, found = await api.call("GET", PLACE, token="", headers={"Cookie": given} if given else {})
            assert found["ended"].startswith(ended)
            assert bool(found["ended"]) == bool(ended)

    asyncio.run(scenario())


def test_the_banner_is_for_who_may_read_and_tokens_are_for_all(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await _settled(
                api,
                {"ui.bannercontent": "Secret maintenance", "ui.tokens": "accent: '#0a6d5a'", "ui.signinmessage": "m"},
                "message",
                "m",
            )
            _, nobody = await api.call("GET", "/api/argosy/v1/me", token="")
            assert (nobody["banner"], nobody["tokens"]["light"]) == (None, {"accent": "#0a6d5a"})
            _, admin = await api.call("GET", "/api/argosy/v1/me")
            assert admin["banner"]["content"] == "Secret maintenance"

    asyncio.run(scenario())


async def _password(api: Api) -> str:
    from argosy.machinery import requests
    from argosy.machinery.objects import Key
    from argosy.server.configuration import decoded
    from tests.kit.argocd_server import SECRETS

    found = await api.cluster.client.get(requests.Get(SECRETS, Key("argocd", "argocd-initial-admin-secret")))
    return decoded(found)["password"]
