"""Sign-in by a provider: all steps of a browser, and tokens that must be refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.kit.argocd_server import Api, argocd_server


class ProviderProgram:
    """An OpenID Connect provider on loopback, with one user; it demands PKCE."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})]
        self.codes: dict[str, dict[str, str]] = {}
        self.issuer = ""
        self.asked = 0

    def claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())  # noqa: TID251  # of a real server
        found = {"iss": self.issuer, "sub": "u1", "aud": "argo", "iat": now, "exp": now + 600, "email": "u@example.com"}
        return {**found, "groups": ["team"], **more}

    def token(self, **more: Any) -> str:
        key = self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": str(key.kid)}, self.claims(**more), key)

    def authorise(self, location: str) -> dict[str, str]:
        """As the user who agrees: what the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.codes["c1"] = asked
        return {"code": "c1", "state": asked["state"]}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._told)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _told(self, request: web.Request) -> web.Response:
        urls = {"authorization_endpoint": "/authorise", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return web.json_response({"issuer": self.issuer} | {name: self.issuer + path for name, path in urls.items()})

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or form.get("client_secret") != "s3cret":
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self.token(nonce=asked["nonce"])})


async def _configured(api: Api, provider: ProviderProgram) -> None:
    config = {"name": "P", "issuer": provider.issuer, "clientID": "argo", "clientSecret": "$oidc.secret"}
    config["logoutURL"] = f"{provider.issuer}/out?id_token_hint={{{{token}}}}&to={{{{logoutRedirectURL}}}}"
    await api.secret("argocd-secret", {"oidc.secret": "s3cret"})
    await api.configure("argocd-cm", {"url": api.server.url, "oidc.config": json.dumps(config)})
    await api.configure("argocd-rbac-cm", {"policy.csv": "g, team, role:readonly"})
    for _ in range(100):
        status, found = await api.call("GET", "/api/v1/settings", token="")
        if status == 200 and found.get("oidcConfig"):
            return
        await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    raise AssertionError("the settings were not taken")


async def _signed_in(api: Api, token: str) -> bool:
    status, found = await api.call("GET", "/api/v1/session/userinfo", token=token)
    return status == 200 and found.get("loggedIn") is True


def test_a_browser_signs_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        provider = ProviderProgram()
        async with provider.serving(), argocd_server(tmp_path) as api:
            await _configured(api, provider)
            url = f"{api.server.url}/auth/login?return_url={api.server.url}/applications"
            async with api.http.get(url, allow_redirects=False) as sent:
                assert sent.status == 303
                assert sent.headers["Location"].startswith(f"{provider.issuer}/authorise?")
                state = sent.cookies["argocd.oauthstate"].value
            given = provider.authorise(sent.headers["Location"])
            back = f"{api.server.url}/auth/callback"
            async with api.http.get(back, params=given, allow_redirects=False) as lost:
                assert lost.status == 400, "without the cookie the answer is nobody's"
            cookie = {"Cookie": f"argocd.oauthstate={state}"}
            async with api.http.get(back, params=given, headers=cookie, allow_redirects=False) as done:
                assert done.status == 303, await done.text()
                assert done.headers["Location"] == f"{api.server.url}/applications"
                token = done.cookies["argocd.token"].value
            status, found = await api.call("GET", "/api/v1/session/userinfo", token=token)
            assert (status, found["username"], found["groups"]) == (200, "u@example.com", ["team"])
            status, _ = await api.call("GET", "/api/v1/projects/default", token=token)
            assert status == 200, "its group may read"
            async with api.http.get(back, params=given, headers=cookie, allow_redirects=False) as again:
                assert (again.status, "was used" in await again.text()) == (400, True), "a state counts once"
            given = {**provider.authorise(sent.headers["Location"]), "code": "c1"}
            async with api.http.get(back, params=given, headers=cookie, allow_redirects=False) as again:
                assert again.status == 400, "with another code, too"
            away = {"Cookie": f"argocd.token={token}"}
            async with api.http.post(f"{api.server.url}/auth/logout", headers=away, allow_redirects=False) as out:
                hint = f"id_token_hint={token}&to={api.server.url}"
                assert (out.status, out.headers["Location"]) == (303, f"{provider.issuer}/out?{hint}")
            own = {"Cookie": f"argocd.token={api.token}"}
            async with api.http.post(f"{api.server.url}/auth/logout", headers=own, allow_redirects=False) as out:
                assert out.headers["Location"] == api.server.url, "an account of ours is unknown to the provider"
            for target in (
                "https://evil.example.com/",
                "//evil.example.com",
                "/\\evil.example.com",
                "javascript:x",
                "http://[",
                "/\u00fc",
                f"{api.server.url}.evil.example.com/",
                f"{api.server.url}@evil.example.com/",
            ):
                async with api.http.get(
                    f"{api.server.url}/auth/login", params={"return_url": target}, allow_redirects=False
                ) as refused:
                    assert refused.status == 400, target

    asyncio.run(scenario())


def test_tokens_that_do_not_count(tmp_path: Path) -> None:
    async def scenario() -> None:
        provider = ProviderProgram()
        async with provider.serving(), argocd_server(tmp_path) as api:
            await _configured(api, provider)
            now = int(time.time())  # noqa: TID251  # of a real server
            assert await _signed_in(api, provider.token())
            assert await _signed_in(api, provider.token(aud=["other", "argo"]))
            assert await _signed_in(api, provider.token(exp=now - 30)), "clocks differ a little"
            spoilt: dict[str, dict[str, Any]] = {
                "another audience": {"aud": "other"},
                "no audience": {"aud": None},
                "too old": {"exp": now - 120},
                "of the future": {"iat": now + 600},
                "another issuer": {"iss": "https://example.com"},
                "a project's role": {"sub": "proj:default:admin"},
                "a role": {"sub": "role:admin"},
                "a local account": {"sub": "admin"},
                "no subject": {"sub": ""},
                "no end": {"exp": None},
            }
            for why, changed in spoilt.items():
                assert not await _signed_in(api, provider.token(**changed)), why
            assert not await _signed_in(api, _with_public_key_as_secret(provider)), "HMAC with the public key"
            assert not await _signed_in(api, _unsigned(provider)), "no signature"
            head, _, tail = provider.token().partition(".")
            assert not await _signed_in(api, f"{head}.{tail[:-4]}AAAA"), "a changed signature"

    asyncio.run(scenario())


def test_a_group_of_a_provider_is_no_role_or_account_of_ours(tmp_path: Path) -> None:
    """Who may name a team or a group at the provider must not name the administrator's role."""

    async def scenario() -> None:
        provider = ProviderProgram()
        async with provider.serving(), argocd_server(tmp_path) as api:
            await _configured(api, provider)
            groups = ["role:admin", "admin", "proj:default:owner", "team"]
            token = provider.token(groups=groups)
            status, found = await api.call("GET", "/api/v1/session/userinfo", token=token)
            assert (status, found["groups"]) == (200, ["team"])
            status, found = await api.call("GET", "/api/v1/account/can-i/clusters/delete/x", token=token)
            assert (status, found["value"]) == (200, "no")
            status, found = await api.call("GET", "/api/v1/account/can-i/clusters/get/x", token=token)
            assert (status, found["value"]) == (200, "yes"), "what its own group may"

    asyncio.run(scenario())


def test_an_address_that_is_not_verified_gives_no_rights(tmp_path: Path) -> None:
    async def scenario() -> None:
        provider = ProviderProgram()
        async with provider.serving(), argocd_server(tmp_path) as api:
            await _configured(api, provider)
            policy = {"policy.csv": "g, u@example.com, role:admin", "scopes": "[groups, email]"}
            await api.configure("argocd-rbac-cm", policy)

            async def may(**more: Any) -> str:
                token = provider.token(**more)
                status, found = await api.call("GET", "/api/v1/account/can-i/clusters/delete/x", token=token)
                assert status == 200
                return str(found["value"])

            async with asyncio.timeout(60):
                while await may(email_verified=True) != "yes":  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            assert [await may(), await may(email_verified=False)] == ["yes", "no"]

    asyncio.run(scenario())


def test_keys_are_fetched_again_but_not_for_everybody(tmp_path: Path) -> None:
    async def scenario() -> None:
        provider = ProviderProgram()
        async with provider.serving(), argocd_server(tmp_path) as api:
            await _configured(api, provider)
            assert await _signed_in(api, provider.token())
            before = provider.asked
            stranger = ProviderProgram()
            stranger.issuer, stranger.keys = provider.issuer, [RSAKey.generate_key(2048, {"kid": "x"})]
            for _ in range(5):
                assert not await _signed_in(api, stranger.token())
            assert provider.asked - before <= 1

    asyncio.run(scenario())


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _with_public_key_as_secret(provider: ProviderProgram) -> str:
    header = b'{"alg":"HS256","kid":"one"}'
    head = f"{_part(header)}.{_part(json.dumps(provider.claims()).encode())}"
    key = provider.keys[0].as_pem(private=False)
    return f"{head}.{_part(hmac.new(key, head.encode(), hashlib.sha256).digest())}"


def _unsigned(provider: ProviderProgram) -> str:
    header = b'{"alg":"none"}'
    return f"{_part(header)}.{_part(json.dumps(provider.claims()).encode())}."
