"""Calls webhooks outside this process over HTTPS: the real adapter of `webhooks.Caller`.

Socket timeouts use real time even when the clock is virtual; a rehearsal is given no caller at all.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from argosy.cluster.admission.webhooks import CallFailed
from argosy.cluster.ports import ProxyRequest, ProxyResponse

PROXY_LIMIT = 32 * 1024 * 1024
SEND_SECONDS = 30.0
_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding"})
ANSWER_LIMIT = 3 * 1024 * 1024
"""The maximum number of response bytes that are read."""


class HttpCaller:
    """Call `close` after the cluster has stopped. Certificates are always verified, redirects never followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, url: str, body: bytes, ca_bundle: bytes, seconds: float, address: tuple[str, int] | None = None
    ) -> bytes:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise CallFailed("a webhook's url must be https://host[:port]/path, without user or password")
        try:
            async with (
                self._at(address) as session,
                session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json", "Accept": "application/json"},
                    ssl=context_of(ca_bundle),
                    timeout=aiohttp.ClientTimeout(total=seconds),
                    allow_redirects=False,
                ) as answer,
            ):
                if answer.status != 200:
                    raise CallFailed(f'Post "{url}": the webhook answered {answer.status}')
                return await _limited(answer)
        except TimeoutError:
            raise CallFailed(f'Post "{url}": no answer within {seconds:g} s') from None
        except (aiohttp.ClientError, ssl.SSLError, OSError) as error:
            raise CallFailed(f'Post "{url}": {type(error).__name__}') from None

    async def send(self, url: str, address: tuple[str, int], request: ProxyRequest) -> ProxyResponse:
        """Calls through a Service proxy; like upstream, certificates are not verified there. Raises OSError."""
        target = f"{url}?{request.query}" if request.query else url
        try:
            async with (
                self._at(address) as session,
                session.request(
                    request.method,
                    target,
                    data=request.body or None,
                    headers={name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP},
                    ssl=False,
                    timeout=aiohttp.ClientTimeout(total=SEND_SECONDS),
                    allow_redirects=False,
                ) as answer,
            ):
                content = await _limited(answer, PROXY_LIMIT)
                media_type = answer.headers.get("Content-Type", "application/octet-stream")
                return ProxyResponse(status=answer.status, body=content, content_type=media_type)
        except (aiohttp.ClientError, ssl.SSLError, CallFailed, ValueError) as error:
            raise OSError(type(error).__name__) from None

    @asynccontextmanager
    async def _at(self, address: tuple[str, int] | None) -> AsyncIterator[aiohttp.ClientSession]:
        """The shared session; a fixed address gets a session of its own that does no name lookup."""
        if address is not None:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=_Fixed(*address))) as own:
                yield own
            return
        if self._session is None:
            self._session = aiohttp.ClientSession()
        yield self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Fixed(AbstractResolver):
    """Resolves every name to one address and port."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        numeric = socket.AI_NUMERICHOST
        return [
            {"hostname": host, "host": self._host, "port": self._port, "family": kind, "proto": 0, "flags": numeric}
        ]

    async def close(self) -> None:
        """Nothing to release."""


async def _limited(answer: aiohttp.ClientResponse, limit: int = ANSWER_LIMIT) -> bytes:
    chunks, size = [], 0
    async for chunk in answer.content.iter_chunked(65536):
        size += len(chunk)
        if size > limit:
            raise CallFailed(f"the answer is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


@lru_cache(maxsize=64)
def context_of(ca_bundle: bytes) -> ssl.SSLContext:
    """Trusts only the bundle, or the system's CAs without one. Raises CallFailed for an invalid bundle."""
    try:
        return ssl.create_default_context(cadata=ca_bundle.decode("ascii") if ca_bundle else None)
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise CallFailed("its caBundle holds no PEM certificates") from None
