"""The HTTP client for URLs from users: the only way by which they are fetched (spec/security.md rule 13).

A host name is resolved once, every address checked, and the connection made to a checked address, so that a name cannot
mean one thing when checked and another when connected to. Redirects are followed here, each checked like the first;
credentials are sent only to the host that they belong to. Bodies are counted while they arrive.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from argosy.sources.egress.answers import Answer
from argosy.sources.egress.policy import EgressPolicy
from argosy.sources.egress.tls import tls_context
from argosy.sources.port import AccessDenied, Credentials, Rejected, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.urls import proxy_for

REDIRECTS: Final = 5
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TIMEOUT_SECONDS: Final = 60.0
LONGEST_SECONDS = 600.0
"""For one request, however long its caller would wait: connections to a silent host are a shared resource."""
CONNECTIONS: Final = 4096
CONNECTIONS_PER_HOST: Final = 32
"""A host that is slow to respond delays only its own requests."""

PIECE: Final = 256 * 1024
"""Bytes of a body that are read at a time."""

Sink = Callable[[bytes], Awaitable[None]]
"""Receives the body of a good response (2xx) in pieces, so that it is never all in memory; the Answer has none."""

Begun = Callable[[Answer], None]
"""Called for a good response (2xx) before its body arrives."""

_WANTED: Final = frozenset(
    ("accept", "accept-encoding", "accept-language", "content-type", "if-none-match", "if-modified-since", "range",
     "user-agent")
)  # fmt: skip


class _Judging(AbstractResolver):
    """Resolves with the system resolver, and returns only if every address may be connected to."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for result in found:
            if reason := self._policy.refusal(result["host"]):
                raise _Refused(f"{host}: the address {result['host']} {reason}")
        return found

    async def close(self) -> None:
        await self._inner.close()


class _Refused(Exception):
    """Passes through aiohttp unchanged, since it is not one of its own errors."""


class Egress:
    """Fetches under a policy. One TLS session cache and connection pool per kind of TLS verification; `close` it."""

    def __init__(self, policy: EgressPolicy | None = None) -> None:
        self._policy = policy or EgressPolicy()
        self._sessions: dict[tuple[str, ...], aiohttp.ClientSession] = {}

    @property
    def policy(self) -> EgressPolicy:
        return self._policy

    async def get(
        self,
        url: str,
        credentials: Credentials,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        plain_http: bool = True,
        seconds: float = TIMEOUT_SECONDS,
        sink: Sink | None = None,
        begun: Begun | None = None,
    ) -> Answer:
        """One GET with redirects. Anything that identifies the caller is sent only to this URL's host: `authorization`,
        headers that are not about the transport, the client's certificate.

        With `begun` a response is read for as long as it continues: `seconds` then limits the time from piece to piece.

        Any status is returned. Raises Rejected, AccessDenied (TLS) or Unavailable.
        """
        self._check(url, plain_http=plain_http)
        url, user_info = without_user_info(url)
        authorization = authorization or user_info
        origin = origin_of(url)
        for _turn in range(REDIRECTS + 1):
            self._check(url, plain_http=plain_http)
            if origin_of(url) == origin:
                own = {"Authorization": authorization} if authorization else {}
                known, sent = credentials, {**(headers or {}), **own}
            else:
                known, sent = transport_only(credentials), _harmless(headers or {})
            answer = await self._once(url, known, limit, sent, seconds=seconds, sink=sink, begun=begun)
            location = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            if url.startswith("https://") and urljoin(url, location).startswith("http://"):
                raise Rejected(f"{scrub(url)}: redirected from https to http")
            url, _ = without_user_info(urljoin(url, location))
        raise Rejected(f"{scrub(url)}: more than {REDIRECTS} redirects")

    async def post(
        self,
        url: str,
        credentials: Credentials,
        body: bytes,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
    ) -> Answer:
        """One POST; a redirect is returned, so that neither body nor credentials are sent to another host."""
        self._check(url, plain_http=True)
        url, user_info = without_user_info(url)
        authorization = authorization or user_info
        own = {"Authorization": authorization} if authorization else {}
        return await self._once(url, credentials, limit, {**(headers or {}), **own}, body)

    async def request(
        self,
        method: str,
        url: str,
        credentials: Credentials,
        *,
        limit: int,
        body: bytes | Path | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        seconds: float = TIMEOUT_SECONDS,
        server_name: str = "",
        sink: Sink | None = None,
    ) -> Answer:
        """One request of any method. A redirect is returned, as for `post`.

        `body`: a file's content is sent piece by piece. `server_name`: the name that the server's certificate must
        have, when it is not the URL's host.
        """
        self._check(url, plain_http=True)
        url, user_info = without_user_info(url)
        authorization = authorization or user_info
        own = {"Authorization": authorization} if authorization else {}
        sent = {**(headers or {}), **own}
        return await self._once(
            url, credentials, limit, sent, body, method=method, seconds=seconds, server_name=server_name, sink=sink
        )

    async def check_host(self, host: str) -> None:
        """Checks a host for a program that connects by itself. Raises Rejected, or Unavailable for an unknown one."""
        await self.judged_address(host)

    async def judged_address(self, host: str) -> str:
        """An address to connect to for clients of other protocols than HTTP. Raises like `check_host`."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unavailable(f"{scrub(host)}: {error.strerror or 'unknown host'}") from None
        for *_, address in found:
            if reason := self._policy.refusal(str(address[0])):
                raise Rejected(f"{scrub(host)}: the address {address[0]} {reason}")
        return str(found[0][4][0])

    async def close(self) -> None:
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    def _check(self, url: str, *, plain_http: bool) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            _ = parts.port
        except ValueError:
            raise Rejected(f"{scrub(url)}: is not a URL") from None
        if parts.scheme not in (("https", "http") if plain_http else ("https",)) or not host:
            raise Rejected(f"{scrub(url)}: only {'http and ' if plain_http else ''}https URLs can be fetched")
        with contextlib.suppress(ValueError):
            if reason := self._policy.refusal(host):
                raise Rejected(f"{scrub(url)}: the address {host} {reason}")

    async def _once(
        self,
        url: str,
        credentials: Credentials,
        limit: int,
        headers: Mapping[str, str],
        data: bytes | Path | None = None,
        *,
        method: str = "",
        seconds: float = TIMEOUT_SECONDS,
        server_name: str = "",
        sink: Sink | None = None,
        begun: Begun | None = None,
    ) -> Answer:
        verb = method or ("GET" if data is None else "POST")
        if self._policy.read_only and verb not in READING:
            raise Rejected(f"{scrub(url)}: a {verb} is not sent: only reading is allowed here")
        session = self._session(credentials)
        proxy = proxy_for(url, credentials.proxy, credentials.no_proxy)
        if proxy:
            self._check(proxy, plain_http=True)  # a literal address is never resolved, so it is not checked there
        try:
            async with (
                _opened(data) as content,
                session.request(
                    verb,
                    url,
                    data=content,
                    headers={"Accept-Encoding": "identity", **headers},
                    allow_redirects=False,
                    timeout=_timeout(min(seconds, LONGEST_SECONDS), follows=begun is not None),
                    server_hostname=server_name or None,
                    proxy=proxy or None,
                ) as response,
            ):
                is_good = 200 <= response.status < 300
                if begun is not None and is_good:
                    begun(Answer(status=response.status, url=url, headers=_lower(response), body=b""))
                body = await _body(response, url, limit, sink if is_good else None)
                return Answer(status=response.status, url=url, headers=_lower(response), body=body)
        except _Refused as refused:
            raise Rejected(str(refused)) from None
        except aiohttp.InvalidURL:
            raise Rejected(f"{scrub(url)}: is not a URL that can be fetched") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise AccessDenied(f"{scrub(url)}: x509: {scrub(str(error.certificate_error), credentials)}") from None
        except aiohttp.ClientSSLError as error:
            raise AccessDenied(f"{scrub(url)}: x509: {scrub(str(error), credentials)}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            detail = scrub(str(error), credentials) or "no answer in time"
            raise Unavailable(f"{scrub(url)}: {detail}") from None

    def _session(self, credentials: Credentials) -> aiohttp.ClientSession:
        key = (
            str(credentials.insecure), credentials.ca_pem, credentials.tls_client_cert, credentials.tls_client_key,
        )  # fmt: skip
        if key not in self._sessions:
            connector = aiohttp.TCPConnector(
                resolver=_Judging(self._policy),
                ssl=tls_context(credentials),
                limit=CONNECTIONS,
                limit_per_host=CONNECTIONS_PER_HOST,
                use_dns_cache=False,
            )
            self._sessions[key] = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._sessions[key]


def _timeout(seconds: float, *, follows: bool) -> aiohttp.ClientTimeout:
    if follows:
        return aiohttp.ClientTimeout(sock_connect=seconds, sock_read=seconds)
    return aiohttp.ClientTimeout(total=seconds)


def transport_only(credentials: Credentials) -> Credentials:
    """For another host than the credentials' own: transport options, but no identity."""
    return Credentials(
        ca_pem=credentials.ca_pem,
        known_hosts=credentials.known_hosts,
        insecure=credentials.insecure,
        proxy=credentials.proxy,
        no_proxy=credentials.no_proxy,
    )


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that do not identify the caller."""
    return {name: value for name, value in headers.items() if name.lower() in _WANTED}


def origin_of(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def without_user_info(url: str) -> tuple[str, str]:
    """The URL to connect to, and the Authorization header from its user info, or ""."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, ""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    header = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), header


@contextlib.asynccontextmanager
async def _opened(data: bytes | Path | None) -> AsyncIterator[Any]:
    """Reads a file in a thread."""
    if not isinstance(data, Path):
        yield data
        return
    file = await asyncio.to_thread(data.open, "rb")
    try:
        yield file
    finally:
        await asyncio.to_thread(file.close)


async def _body(response: aiohttp.ClientResponse, url: str, limit: int, sink: Sink | None) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise Rejected(f"{scrub(url)}: answered with an encoding that was not asked for")
    if (response.content_length or 0) > limit:
        raise Rejected(f"{scrub(url)}: larger than the limit of {limit} bytes")
    parts: list[bytes] = []
    length = 0
    async for part in response.content.iter_chunked(PIECE):
        length += len(part)
        if length > limit:
            raise Rejected(f"{scrub(url)}: larger than the limit of {limit} bytes")
        if sink is None:
            parts.append(part)
        else:
            await sink(part)
    return b"".join(parts)


def _lower(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
