"""One request to an API server and its response: authentication, trust, retries, and what an error may reveal.

Owns one pool of connections. Refusals are raised as StatusError, an unreachable server as Unreachable; neither
message ever contains a header, a body or a URL with its user info.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import Shown
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.http.connection import Connection, without_user_info
from argosy.runtime.http.credentials import ClientCertificate, CredentialError, Proof
from argosy.runtime.http.frames import FrameError
from argosy.runtime.http.retries import pause_before_retry
from argosy.runtime.http.transport_metrics import TransportMetrics

REQUEST_SECONDS = 60.0
CONNECT_SECONDS = 15.0
MESSAGE_LIMIT = 4 << 20
"""Maximum bytes of one web socket message."""
AT_ONCE = 64
"""Concurrent requests of one client, without its watches."""

Query = dict[str, str]
Headers = list[tuple[str, str]]


class Unreachable(Shown, ConnectionError):
    """No response: the server is down, refused the connection, or could not prove its identity."""


class Exchange:
    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        rng: Rng,
        user_agent: str,
        session: aiohttp.ClientSession | None,
        missing: Callable[[], None],
    ) -> None:
        """`session`: connections of another owner, to be used and not to be closed. `missing`: a resource type is
        no longer served."""
        self.connection = connection
        self._clock = clock
        self._rng = rng
        self._user_agent = user_agent
        self._missing = missing
        self._where = without_user_info(connection.server)
        self._impersonate = connection.impersonate.headers()
        self._contexts: dict[ClientCertificate | None, ssl.SSLContext] = {}
        self._session = session
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._metrics = TransportMetrics(self._where, clock)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: JsonValue = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        safe: bool = False,
    ) -> JsonObject:
        payload = None if body is None else orjson.dumps(body)
        attempt, renewed = 1, False
        while True:
            try:
                return await self._once(method, path, query or {}, payload, content_type, accept)
            except (StatusError, Unreachable) as error:
                if isinstance(error, StatusError) and error.code == 401 and not renewed:
                    renewed = True
                    if self.connection.credential.refused():
                        self._metrics.retried(method, "401")
                        continue
                pause = pause_before_retry(error, attempt, safe or method == "GET", self._rng)
                if pause is None:
                    raise
                attempt += 1
                self._metrics.retried(method, str(error.code) if isinstance(error, StatusError) else "<error>")
                await self._clock.sleep(pause)

    async def _once(
        self, method: str, path: str, query: Query, payload: bytes | None, content_type: str, accept: str
    ) -> JsonObject:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
        # Waiting for its turn is not part of the request's own time. Watches, which stay open, go through `opened`.
        with self._metrics.waiting(method):
            await self._turns.acquire()
        try:
            async with self.opened(method, path, query, payload, content_type, accept, timeout) as response:
                answer = await response.read()
                self._metrics.exchanged(method, len(payload or b""), len(answer))
                if response.status >= 300:
                    raise self.refusal(response, answer)
        finally:
            self._turns.release()
        try:
            document = orjson.loads(answer)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise StatusError(502, "InternalError", f"{self._where} did not answer {method} {path} with a JSON object")
        return document

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        path: str,
        query: Query,
        payload: bytes | None,
        content_type: str,
        accept: str,
        deadline: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            proof = await self.connection.credential.proof()
            headers = self._headers(proof, accept, content_type if payload is not None else "")
            async with self.session().request(
                method,
                self.connection.server + path,
                params=query,
                data=payload,
                headers=headers,
                timeout=deadline,
                proxy=self.connection.proxy_for(),
                ssl=self._context(proof.certificate),
                server_hostname=self.connection.trust.server_name or None,
                allow_redirects=False,
            ) as response:
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, FrameError, CredentialError) as error:
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(f"{self._where}: {method} {path}: {_why(error)}") from None

    @asynccontextmanager
    async def socket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A web socket, such as of `pods/exec`. Raises StatusError when the server refuses it, Unreachable."""
        try:
            proof = await self.connection.credential.proof()
            async with self.session().ws_connect(
                self.connection.server + path,
                params=query,
                headers=self._headers(proof, "*/*", ""),
                protocols=protocols,
                timeout=aiohttp.ClientWSTimeout(ws_close=CONNECT_SECONDS),
                proxy=self.connection.proxy_for(),
                ssl=self._context(proof.certificate),
                server_hostname=self.connection.trust.server_name or None,
                max_msg_size=MESSAGE_LIMIT,
            ) as opened:
                yield opened
        except aiohttp.WSServerHandshakeError as error:
            raise StatusError(error.status, _REASONS.get(error.status, ""), "the server refused the stream") from None
        except (aiohttp.ClientError, TimeoutError, OSError, CredentialError) as error:
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(f"{self._where}: GET {path}: {_why(error)}") from None

    def _headers(self, proof: Proof, accept: str, content_type: str) -> Headers:
        headers = [("Accept", accept), ("User-Agent", self._user_agent), *self._impersonate]
        if content_type:
            headers.append(("Content-Type", content_type))
        if proof.authorization is not None:
            headers.append(("Authorization", proof.authorization.reveal()))
        return headers

    def _context(self, certificate: ClientCertificate | None) -> ssl.SSLContext | bool:
        if self.connection.server.startswith("http:"):
            return True
        was_kept = certificate in self._contexts
        before = next((one.chain for one in self._contexts if one is not None), "")
        self._metrics.context(was_kept=was_kept, replaced="" if was_kept else before)
        if not was_kept:
            self._contexts = {certificate: self.connection.trust.context(certificate)}
        return self._contexts[certificate]

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                trace_configs=[self._metrics.tracing()],
            )
        return self._session

    def refusal(self, response: aiohttp.ClientResponse, answer: bytes) -> StatusError:
        error = _refusal(response.status, response.headers, answer)
        if error.code == 404 and not error.details.get("name"):
            self._missing()
        return error


def _refusal(status: int, headers: Mapping[str, str], answer: bytes) -> StatusError:
    retry_after = headers.get("Retry-After") or ""
    try:
        document: Any = orjson.loads(answer)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict) and document.get("kind") == "Status":
        error = StatusError.from_status(document, status)
    else:
        # Not the body: a proxy's page is of no use to a user, and may reveal too much to a log.
        error = StatusError(status, _REASONS.get(status, ""), f"the server answered {status} without saying why")
    if retry_after.isdigit() and not error.retry_after:
        error.retry_after = int(retry_after)
    return error


_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Gone",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def _why(error: Exception) -> str:
    if isinstance(error, CredentialError | FrameError):
        return str(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", "") or "not valid"
        return f"the server's certificate is not trusted: {reason}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
