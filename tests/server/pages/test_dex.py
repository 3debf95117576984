"""Sign-in by a connector of `dex.config`, all steps of a browser and of a command, against a real server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.kit.argocd_server import Api, argocd_server
from tests.kit.hosts_of_users import CLIENT, SECRET, Users

VERIFIER = "v" * 48


async def configured(api: Api, users: Users) -> None:
    users.answers = {
        "/api/v4/user": {"id": 9, "username": "bob", "name": "Bob", "email": "b@x.test", "confirmed_at": "2026"},
        "/oauth/userinfo": {"groups": ["ops"]},
    }
    users.claims = {"sub": "u1", "email": "u@x.test", "email_verified": True}
    keys = {"clientID": CLIENT, "clientSecret": "$dex.word"}
    connectors = [
        {"type": "gitlab", "id": "gl", "name": "GitLab", "config": {**keys, "baseURL": users.url}},
        {"type": "oidc", "id": "any", "name": "Any", "config": {**keys, "issuer": users.url}},
        {"type": "linkedin", "id": "in", "name": "LinkedIn", "config": {}},
    ]
    await api.secret("argocd-secret", {"dex.word": SECRET})
    await api.configure("argocd-cm", {"url": api.server.url, "dex.config": json.dumps({"connectors": connectors})})
    await api.configure("argocd-rbac-cm", {"policy.csv": "g, ops, role:readonly"})
    for _ in range(200):
        status, found = await api.call("GET", "/api/v1/settings", token="")
        if status == 200 and found.get("dexConfig"):
            return
        await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    raise AssertionError("the settings were not taken")


class Browser:
    """Keeps cookies, and goes where it is sent as long as that is the server."""

    def __init__(self, api: Api, users: Users) -> None:
        self._api, self._users = api, users
        self.cookies: dict[str, str] = {}

    async def get(self, url: str, **query: str) -> tuple[int, str, str]:
        """Status, Location and body of one request."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self._api.http.get(
            url, params=query, allow_redirects=False, headers={"Cookie": cookie} if cookie else {}
        ) as answer:
            for name, morsel in answer.cookies.items():
                self.cookies[name] = morsel.value
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def follow(self, url: str) -> str:
        """Until somewhere else than the server and the host of users; the user agrees to everything."""
        for _ in range(10):
            if url.startswith(self._users.url):
                callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
                status, location, body = await self.get(callback, **self._users.agree(url))
            else:
                status, location, body = await self.get(url)
            assert status == 303, (status, url, body)
            if not location.startswith((self._api.server.url, self._users.url)) or "/applications" in location:
                return location
            url = location
        raise AssertionError("sent about for ever")


def test_a_browser_and_a_command_sign_in_by_connectors(tmp_path: Path) -> None:
    async def story() -> None:
        users = Users()
        async with users.serving(), argocd_server(tmp_path) as api:
            await configured(api, users)
            await a_browser_signs_in(api, users)
            await a_command_signs_in(api, users)
            await wrong_ways_end(api, users)

    asyncio.run(story())


async def a_browser_signs_in(api: Api, users: Users) -> None:
    browser, home = Browser(api, users), f"{api.server.url}/applications"
    status, chooser, _ = await browser.get(f"{api.server.url}/auth/login", return_url=home)
    assert status == 303
    status, _, body = await browser.get(chooser)
    assert (status, [name in body for name in ("GitLab", "Any", "LinkedIn")]) == (200, [True, True, True])
    assert await browser.follow(f"{chooser}&connector_id=gl") == home
    status, found = await api.call("GET", "/api/v1/session/userinfo", token=browser.cookies["argocd.token"])
    assert (status, found["loggedIn"], found["username"], found["groups"]) == (200, True, "b@x.test", ["ops"])
    status, _, _ = await browser.get(f"{api.server.url}/auth/logout")
    assert status in (200, 303)
    status, _ = await api.call("GET", "/api/v1/applications", token=browser.cookies.get("argocd.token", "x.y.z"))
    assert status == 401


async def a_command_signs_in(api: Api, users: Users) -> None:
    """As `argocd login --sso` does: discovery, a browser, the code, the token."""
    status, told = await api.call("GET", "/api/dex/.well-known/openid-configuration", token="")
    assert (status, told["issuer"]) == (200, f"{api.server.url}/api/dex")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    redirect = "http://localhost:8085/auth/callback"
    query = {
        "client_id": "argo-cd-cli",
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": "openid profile email groups federated:id",
        "state": "mine",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "connector_id": "any",
    }
    address = f"{told['authorization_endpoint']}?" + "&".join(f"{name}={value}" for name, value in query.items())
    back = parse_qs(urlsplit(await Browser(api, users).follow(address)).query)
    assert back["state"] == ["mine"]
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": redirect}
    form |= {"client_id": "argo-cd-cli", "code_verifier": VERIFIER}
    async with api.http.post(told["token_endpoint"], data=form) as answer:
        assert answer.status == 200
        given: dict[str, Any] = await answer.json()
    async with api.http.post(told["token_endpoint"], data=form) as again:
        assert (again.status, (await again.json())["error"]) == (400, "invalid_grant")
    async with api.http.get(told["jwks_uri"]) as answer:
        keys = KeySet.import_key_set(await answer.json())
    assert jwt.decode(given["id_token"], keys, algorithms=["ES256"]).claims["federated_claims"]["user_id"] == "u1"
    status, found = await api.call("GET", "/api/v1/session/userinfo", token=given["id_token"])
    assert (status, found["loggedIn"], found["username"]) == (200, True, "u@x.test")


async def wrong_ways_end(api: Api, users: Users) -> None:
    dex, other = f"{api.server.url}/api/dex", Browser(api, users)
    for url, wanted in (
        (f"{dex}/auth?client_id=argo-cd&redirect_uri=https://evil.test/&response_type=code&scope=openid", 400),
        (f"{dex}/callback?code=x&state=y", 400),
        (f"{dex}/elsewhere", 404),
    ):
        status, location, body = await other.get(url)
        assert (status, location) == (wanted, ""), url
        assert SECRET not in body
    started = Browser(api, users)
    _, chooser, _ = await started.get(f"{api.server.url}/auth/login")
    _, away, _ = await started.get(f"{chooser}&connector_id=any")
    status, _, _ = await other.get(f"{dex}/callback", **users.agree(away))
    assert status == 400, "an answer counts in the browser that asked alone"
    status, _, body = await started.get(f"{chooser}&connector_id=in")
    assert (status, "type 'linkedin' is not known here" in body) == (500, True)
