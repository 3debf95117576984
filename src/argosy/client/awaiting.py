"""Requests that are awaited, over aiohttp."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Self

import aiohttp

from argosy.client.transport import SIGN_IN, Event, Events, Query, Server, Unreachable, answer, target

TIMEOUT_SECONDS: Final = 60.0
LINE_LIMIT: Final = 1 << 24
"""Of a snapshot, in bytes."""


class AwaitingTransport:
    """Within a running loop; `async with` it, or `await close()`."""

    def __init__(self, url: str, token: str = "", *, ca_file: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        """`timeout` in seconds, for each wait for bytes. Raises ValueError for a URL that is none."""
        self._server = Server(url=url.rstrip("/"), token=token, ca_file=ca_file)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout)
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def signed_in(cls, url: str, username: str, password: str, *, ca_file: str = "") -> Self:
        """With a token for the password. Raises ApiError, Unreachable."""
        async with cls(url, ca_file=ca_file) as first:
            found = await first._request("POST", SIGN_IN, {"username": username, "password": password})
        return cls(url, str(found["token"]), ca_file=ca_file)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, method: str, path: str, values: Sequence[str], query: Query, body: Any = None) -> Any:
        """Raises ApiError, Unreachable."""
        return await self._request(method, target(path, values, query), body)

    async def _request(self, method: str, where: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = self._server.headers(has_body=data is not None)
        try:
            async with self._opened().request(
                method, f"{self._server.url}{where}", data=data, headers=headers, allow_redirects=False
            ) as response:
                return answer(response.status, await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"{self._server.url}: {type(error).__name__}: {error}") from None

    async def _stream(self, path: str, values: Sequence[str], query: Query) -> AsyncIterator[Event]:
        """Raises ApiError, Unreachable. Whoever stops reading closes the connection."""
        headers = self._server.headers(has_body=False)
        url = f"{self._server.url}{target(path, values, query)}"
        reading = Events()
        try:
            async with self._opened().get(url, headers=headers, allow_redirects=False) as response:
                if response.status >= 400:
                    answer(response.status, await response.read())
                async for line in response.content:
                    event = reading.feed(line.decode().rstrip("\r\n"))
                    if event is not None:
                        yield event
                        if event.name == "ended":
                            return
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(f"{self._server.url}: {type(error).__name__}: {error}") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            context: ssl.SSLContext | bool = True
            if self._server.ca_file:
                context = ssl.create_default_context(cafile=self._server.ca_file)
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(ssl=context), read_bufsize=LINE_LIMIT
            )
        return self._session
