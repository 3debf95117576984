"""Fetches JSON from a configured provider: size-limited, over TLS, without redirects; errors contain no secret."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from argosy.server.connectors.identity import ConnectorError, SettingsError

MOST_BYTES: Final = 4 << 20
TIMEOUT: Final = aiohttp.ClientTimeout(total=20, sock_connect=5)
MOST_PAGES: Final = 100


class Web:
    """`root_ca`: the CA of the provider's certificate, as a file name or as PEM."""

    def __init__(self, name: str, root_ca: str = "", *, insecure: bool = False) -> None:
        self._name = name
        self._context: ssl.SSLContext | bool = True
        if insecure:
            self._context = False
        elif root_ca:
            try:
                text = root_ca if root_ca.lstrip().startswith("-----BEGIN") else Path(root_ca).read_text()
                self._context = ssl.create_default_context(cadata=text)
            except (OSError, ssl.SSLError, ValueError):
                raise SettingsError(f"dex.config: {name}: rootCA is not a certificate") from None

    async def post(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        found, _ = await self._ask("POST", url, None, form, {"Accept": "application/json"})
        return self._object(found)

    async def post_json(self, url: str, body: object, token: str) -> dict[str, Any]:
        headers = {**_bearer(token), "Content-Type": "application/json"}
        found, _ = await self._ask("POST", url, orjson.dumps(body), None, headers)
        return self._object(found)

    async def get(self, url: str, token: str) -> dict[str, Any]:
        found, _ = await self._ask("GET", url, None, None, _bearer(token))
        return self._object(found)

    async def listed(self, url: str, token: str) -> list[dict[str, Any]]:
        """All pages, following the header `Link`; never to another host."""
        host, made = urlsplit(url).netloc, list[dict[str, Any]]()
        for _ in range(MOST_PAGES):
            found, following = await self._ask("GET", url, None, None, _bearer(token))
            if not isinstance(found, list):
                raise ConnectorError(f"{self._name} answered with something that is not a list")
            made += [item for item in found if isinstance(item, dict)]
            if not following or urlsplit(following).netloc != host:
                return made
            url = following
        return made

    async def _ask(
        self, verb: str, url: str, body: bytes | None, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> tuple[Any, str]:
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(
                    verb,
                    url,
                    data=form if form is not None else body,
                    headers=headers,
                    ssl=self._context,
                    allow_redirects=False,
                ) as answer,
            ):
                text = await answer.content.read(MOST_BYTES)
                while len(text) < MOST_BYTES and (more := await answer.content.read(MOST_BYTES - len(text))):
                    text += more
                link = answer.links.get("next")
                following = str(link.get("url") or "") if link else ""
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ConnectorError(f"{self._name} cannot be asked: {type(error).__name__}") from None
        if answer.status // 100 != 2:
            raise ConnectorError(f"{self._name} answers {answer.status}")
        try:
            return orjson.loads(text), following
        except orjson.JSONDecodeError:
            raise ConnectorError(f"{self._name} answered with something that is not JSON") from None

    def _object(self, found: object) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise ConnectorError(f"{self._name} answered with something that is not an object")
        return found


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
