"""Webhooks outside of this process, over HTTPS: the real adapter of `webhooks.Caller`.

Socket timeouts are real ones even in virtual time; a rehearsal is given no caller at all.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp

from argosy.cluster.admission.webhooks import CallFailed

ANSWER_LIMIT = 3 * 1024 * 1024
"""Bytes of an answer that are read at most."""


class HttpCaller:
    """`close` when the cluster has stopped. Certificates are always checked, redirects never followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, ca_bundle: bytes, seconds: float) -> bytes:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise CallFailed("a webhook's url must be https://host[:port]/path, without user or password")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                ssl=context_of(ca_bundle),
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise CallFailed(f'Post "{url}": the webhook answered {answer.status}')
                return await _limited(answer)
        except TimeoutError:
            raise CallFailed(f'Post "{url}": no answer within {seconds:g} s') from None
        except (aiohttp.ClientError, ssl.SSLError, OSError) as error:
            raise CallFailed(f'Post "{url}": {type(error).__name__}') from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in answer.content.iter_chunked(65536):
        size += len(chunk)
        if size > ANSWER_LIMIT:
            raise CallFailed(f"the answer is larger than {ANSWER_LIMIT} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


@lru_cache(maxsize=64)
def context_of(ca_bundle: bytes) -> ssl.SSLContext:
    """Trusts the bundle alone, or the system's authorities without one. Raises CallFailed for a bundle that is none."""
    try:
        return ssl.create_default_context(cadata=ca_bundle.decode("ascii") if ca_bundle else None)
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise CallFailed("its caBundle holds no PEM certificates") from None
