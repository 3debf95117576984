"""The port: accepts connections and passes each to its protocol, by its first bytes.

With TLS, plain HTTP is redirected to https; without TLS, HTTP/2's preface distinguishes gRPC from the rest.
"""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime
from typing import Any, Final, cast

from argosy.cluster.http.exchange import Request
from argosy.cluster.http.http1.connection import Connection, Handler
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.groups import task_group
from argosy.server.transport.http1 import ApiConnection
from argosy.server.transport.http2 import Handle, Http2Connection
from argosy.server.transport.intake import Intake

log = logging.getLogger(__name__)
SWEEP_SECONDS: Final = 5.0
DRAIN_SECONDS: Final = 20.0
GREETING_SECONDS: Final = 10.0
BACKLOG: Final = 512
ACCEPT_RETRY_SECONDS: Final = 1.0
ACCEPT_LOG_SECONDS: Final = 60.0
"""Seconds between two log lines about failing to accept connections."""
TLS_HANDSHAKE: Final = 0x16


class Host:
    """What connections need from the server (`cluster.http.http1.connection.Host`, `http2.Server`)."""

    def __init__(
        self,
        handler: Handler,
        grpc: Handle,
        clock: Clock,
        rng: Rng,
        tasks: asyncio.TaskGroup,
        intake: Intake,
        knows: Callable[[Request], bool],
    ) -> None:
        self.handler, self.grpc, self.intake, self._knows = handler, grpc, intake, knows
        self.address = ""
        self.connections: set[Connection] = set()
        self.http2_connections: set[Http2Connection] = set()
        self.draining = False
        self.secure = False
        self._clock, self._rng, self._tasks = clock, rng, tasks
        self._date, self._date_at = "", -1.0

    def new_audit_id(self) -> str:
        return ""

    def common_headers(self, audit_id: str) -> str:
        now = self._clock.monotonic()
        if now - self._date_at >= 1.0:
            self._date, self._date_at = format_datetime(self._clock.now(), usegmt=True), now
        return f"Date: {self._date}\r\n"

    def knows(self, request: Request) -> bool:
        """Whether it carries one of our tokens; the account's rights are checked later."""
        return self._knows(request)

    def begin(self, connection: Connection) -> asyncio.Task[None]:
        return self._tasks.create_task(connection.serve())

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(_never_raising(work))


async def _never_raising(work: Coroutine[Any, Any, None]) -> None:
    """One broken stream must not stop the server."""
    try:
        await work
    except Exception as error:
        log.error("a stream failed: %s", type(error).__name__)


class Greeting(asyncio.Protocol):
    """Waits for the first bytes, then passes the connection on."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        session = transport.get_extra_info("ssl_object")
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(GREETING_SECONDS, self._transport.abort)
        if session is not None and session.selected_alpn_protocol() == "h2":
            self._hand_over(Http2Connection(self._host, self._host.grpc))

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if b"PRI * HTTP/2.0"[: len(self._seen)] == self._seen[:14]:
            if len(self._seen) >= 14:
                self._hand_over(Http2Connection(self._host, self._host.grpc))
        else:
            self._hand_over(ApiConnection(self._host))

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        self._timer.cancel()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._seen:
            protocol.data_received(self._seen)


class ToHttps(asyncio.Protocol):
    """Plain HTTP on a TLS port: 307 to the same URL with https."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._head = b""
        self._timer = asyncio.get_running_loop().call_later(GREETING_SECONDS, self._transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" not in self._head and len(self._head) < 16_384:
            return
        lines = self._head.split(b"\r\n")
        words = lines[0].split(b" ")
        host = next((line[5:].strip() for line in lines[1:] if line[:5].lower() == b"host:"), b"")
        target = words[1] if len(words) == 3 and words[1].startswith(b"/") else b"/"
        status = b"307 Temporary Redirect" if host else b"400 Bad Request"
        location = b"Location: https://" + host + target + b"\r\n" if host else b""
        self._transport.write(
            b"HTTP/1.1 " + status + b"\r\n" + location + b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        self._transport.close()


class Listener:
    """`tls`: returns the current context, or None for plain text; it is called for each connection."""

    def __init__(self, host: Host, tls: Callable[[], ssl.SSLContext | None]) -> None:
        self.host, self._tls = host, tls
        self._loop = asyncio.get_running_loop()
        self._peeking: dict[socket.socket, asyncio.TimerHandle] = {}
        self._told_at = -math.inf
        self._retry: asyncio.TimerHandle | None = None
        self.port = 0

    def listen(self, address: str, port: int, given: socket.socket | None) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = given or socket.create_server((address, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._wait_for_room(error)
                return
            connection.setblocking(False)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls() is None:
                self._start(connection, lambda: Greeting(self.host), None)
            else:
                self._peeking[connection] = self._loop.call_later(GREETING_SECONDS, self._give_up, connection)
                self._loop.add_reader(connection, self._peek, connection)

    def _wait_for_room(self, error: OSError) -> None:
        """The waiting connection keeps the socket readable: accepting again at once would be a busy loop."""
        now = self._loop.time()
        if now - self._told_at >= ACCEPT_LOG_SECONDS:
            self._told_at = now
            log.error("no connection can be accepted, tried again every second: %s", error.strerror)
        self._loop.remove_reader(self._socket)
        self._retry = self._loop.call_later(ACCEPT_RETRY_SECONDS, self._loop.add_reader, self._socket, self._accept)

    def _peek(self, connection: socket.socket) -> None:
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            first = b""
        self._forget(connection)
        if not first:
            connection.close()
        elif first[0] == TLS_HANDSHAKE:
            self._start(connection, lambda: Greeting(self.host), self._tls())
        else:
            self._start(connection, ToHttps, None)

    def _start(
        self, connection: socket.socket, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
    ) -> None:
        self.host.run(self._started(connection, protocol, tls))

    async def _started(
        self, connection: socket.socket, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
    ) -> None:
        more = {"ssl_handshake_timeout": GREETING_SECONDS} if tls else {}
        try:
            await self._loop.connect_accepted_socket(protocol, connection, ssl=tls, **more)
        except (OSError, ssl.SSLError, TimeoutError):
            connection.close()

    def serve(self, connection: socket.socket, handle: Handle, tls: ssl.SSLContext | None) -> None:
        """Serves gRPC on a connection that was not accepted here, with calls of its own."""
        connection.setblocking(False)
        self._start(connection, lambda: Http2Connection(self.host, handle), tls)

    def _forget(self, connection: socket.socket) -> None:
        self._loop.remove_reader(connection)
        if (timer := self._peeking.pop(connection, None)) is not None:
            timer.cancel()

    def _give_up(self, connection: socket.socket) -> None:
        self._forget(connection)
        connection.close()

    def close(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for connection in [*self._peeking]:
            self._give_up(connection)


def sweep(host: Host, now: float) -> None:
    for connection in [*host.connections]:
        if connection.is_overdue(now) or connection.is_revoked():
            connection.transport.abort()
        elif connection.is_stuck(now):
            connection.expire()
    for second in [*host.http2_connections]:
        if second.is_idle(now):
            second.finish()
        if second.is_stuck(now):
            second.transport.abort()


@asynccontextmanager
async def listening(
    handler: Handler,
    grpc: Handle,
    *,
    clock: Clock,
    rng: Rng,
    tls: Callable[[], ssl.SSLContext | None],
    address: str,
    port: int,
    listening_socket: socket.socket | None = None,
    drain_seconds: float = DRAIN_SECONDS,
    intake: Intake | None = None,
    knows: Callable[[Request], bool] = lambda _request: True,
) -> AsyncIterator[Listener]:
    """Serves until the block exits; then accepts no connections, and open ones have `drain_seconds` to finish.

    Raises OSError if the port is not available.
    """
    loop = asyncio.get_running_loop()
    async with task_group() as tasks:
        host = Host(handler, grpc, clock, rng, tasks, intake or Intake(), knows)
        host.secure = tls() is not None
        listener = Listener(host, tls)
        listener.listen(address, port, listening_socket)
        host.address = f"[{address}]:{listener.port}" if ":" in address else f"{address}:{listener.port}"
        sweeper = tasks.create_task(_sweeping(host, clock))
        try:
            yield listener
        finally:
            sweeper.cancel()
            host.draining = True
            listener.close()
            for first in [*host.connections]:
                first.finish()
            for second in [*host.http2_connections]:
                second.finish()
            deadline = loop.time() + drain_seconds
            while (host.connections or host.http2_connections) and loop.time() < deadline:
                await clock.sleep(0.02)
            transports = [item.transport for item in host.connections]
            for transport in [*transports, *(item.transport for item in host.http2_connections)]:
                transport.abort()


async def _sweeping(host: Host, clock: Clock) -> None:
    while True:
        await clock.sleep(SWEEP_SECONDS, background=True)
        sweep(host, asyncio.get_running_loop().time())
