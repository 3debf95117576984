"""An OpenID Connect provider on loopback, with one user; it demands PKCE."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey


class ProviderProgram:
    """`refuses`: the user does not agree."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})]
        self.codes: dict[str, dict[str, str]] = {}
        self.issuer = ""
        self.asked = 0
        self.refuses = False

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
        app.router.add_get("/authorise", self._authorise)
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

    async def _authorise(self, request: web.Request) -> web.Response:
        """As a browser sees it: back at once."""
        given = {"error": "access_denied", "state": request.query["state"]} if self.refuses else None
        given = given or self.authorise(str(request.url))
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(given)}")
