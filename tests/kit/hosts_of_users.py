"""Loopback stand-ins for who knows users: GitHub, GitLab, Microsoft and an OpenID Connect provider.

Each checks what a real one checks of the code flow: client, secret, redirect, code and PKCE challenge.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET, TOKEN = "client", "hush-hush", "access-0123"


class Users:
    """`answers`: JSON by path, for who has the token; a list is given in pages of two."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.url = ""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})

    def agree(self, location: str) -> dict[str, str]:
        """As the user who agrees: what the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if request.path.endswith(("/token", "/access_token")):
            return await self._token(request)
        if request.path == "/.well-known/openid-configuration":
            urls = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            return web.json_response({"issuer": self.url} | {name: self.url + path for name, path in urls.items()})
        if request.path == "/jwks":
            return web.json_response({"keys": [self._key.as_dict(private=False)]})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({}, status=401)
        found = self.answers.get(request.path)
        if found is None:
            return web.json_response({}, status=404)
        if not isinstance(found, list):
            return web.json_response(found)
        page = int(request.query.get("page", "1"))
        more = found[2 * page :]
        link = {"Link": f'<{self.url}{request.path}?page={page + 1}>; rel="next"'} if more else {}
        return web.json_response(found[2 * (page - 1) : 2 * page], headers=link)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = (
            asked is not None
            and asked["code_challenge"] == challenge
            and form.get("redirect_uri") == asked["redirect_uri"]
            and (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        )
        if not right or asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())  # noqa: TID251  # of a real server
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked.get("nonce")}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.claims}, self._key)
        return web.json_response({"access_token": TOKEN, "id_token": token, "token_type": "bearer"})
