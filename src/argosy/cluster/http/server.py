"""The listening server: accepts connections, checks for slow and revoked ones, stops gracefully."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import format_datetime
from typing import Any

from argosy.cluster.http.exchange import Request
from argosy.cluster.http.http1.connection import Connection, Handler, pause
from argosy.cluster.ports import Clock, Rng

SWEEP_SECONDS = 5.0
"""How often slow and revoked connections are checked; revoked rights take effect within 10 s (security rule 11)."""
DRAIN_SECONDS = 5.0
BACKLOG = 512
HANDSHAKE_SECONDS = 10.0
ACCEPT_LOG_SECONDS = 60.0
_log = logging.getLogger(__name__)


class HttpServer:
    """Created by `serve`; `address` is host:port as bound."""

    def __init__(self, handler: Handler, clock: Clock, rng: Rng, knows: Callable[[Request], bool]) -> None:
        self.handler = handler
        self.knows = knows
        self.address = ""
        self.port = 0
        self.connections: set[Connection] = set()
        self.draining = False
        self._clock = clock
        self._rng = rng
        self._date = ""
        self._date_at = -1.0
        self._tasks = asyncio.TaskGroup()

    def new_audit_id(self) -> str:
        return self._rng.uuid()

    def common_headers(self, audit_id: str) -> str:
        loop_time = asyncio.get_running_loop().time()
        if loop_time - self._date_at >= 1.0 or not self._date:
            self._date, self._date_at = format_datetime(self._clock.now(), usegmt=True), loop_time
        return f"Audit-Id: {audit_id or self._rng.uuid()}\r\nDate: {self._date}\r\n"

    def begin(self, connection: Connection) -> asyncio.Task[None]:
        return self._tasks.create_task(connection.serve())

    @property
    def url(self) -> str:
        return f"https://{self.address}"

    def sweep(self, now: float) -> None:
        for connection in [*self.connections]:
            if connection.is_overdue(now) or connection.is_revoked():
                connection.transport.abort()
            elif connection.is_stuck(now):
                connection.expire()


@asynccontextmanager
async def serve(
    handler: Handler,
    *,
    clock: Clock,
    rng: Rng,
    tls: ssl.SSLContext | None,
    host: str = "127.0.0.1",
    port: int = 0,
    drain_seconds: float = DRAIN_SECONDS,
    knows: Callable[[Request], bool] = lambda _request: True,
) -> AsyncIterator[HttpServer]:
    """Listens until the block exits; then ends watches cleanly, lets running requests finish, and closes the rest.

    `knows` says whether credentials are valid, for clients that send large bodies (default: all are valid).
    Without `tls` the server speaks plain HTTP: for benchmarks and tests on loopback only.
    """
    server = HttpServer(handler, clock, rng, knows)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(QuietAccepting(loop.get_exception_handler()))
    listener = await loop.create_server(
        lambda: Connection(server),
        host,
        port,
        ssl=tls,
        backlog=BACKLOG,
        start_serving=False,
        ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
    )
    bound = listener.sockets[0].getsockname()
    server.port = bound[1]
    server.address = (
        f"[{bound[0]}]:{bound[1]}" if listener.sockets[0].family == socket.AF_INET6 else f"{bound[0]}:{bound[1]}"
    )
    async with server._tasks:  # noqa: SLF001  # the group's life is this block
        sweeper = _Sweeper(server, loop)
        failure: Exception | None = None
        try:
            await listener.start_serving()  # this may fail, too: another process may have bound the same port first
            yield server
        except Exception as error:
            failure = error  # raised outside of the group, which would wrap it
        finally:
            sweeper.stop()
            listener.close()
            await _drain(server, loop, drain_seconds)
            await listener.wait_closed()
    if failure is not None:
        raise failure


class QuietAccepting:
    """Logs once a minute that no connection can be accepted: asyncio logs it for each waiting one, with a traceback."""

    def __init__(self, otherwise: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None) -> None:
        self._otherwise = otherwise
        self._logged_at = -math.inf

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "accept() out of system resource" not in str(context.get("message")):
            (self._otherwise or _default)(loop, context)
        elif loop.time() - self._logged_at >= ACCEPT_LOG_SECONDS:
            self._logged_at = loop.time()
            _log.error(
                "no connection can be accepted: %s; clients wait until others have gone", context.get("exception")
            )


def _default(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    loop.default_exception_handler(context)


class _Sweeper:
    def __init__(self, server: HttpServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server, self._loop = server, loop
        self._handle = loop.call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._server.sweep(self._loop.time())
        self._handle = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def stop(self) -> None:
        self._handle.cancel()


async def _drain(server: HttpServer, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    server.draining = True
    for connection in [*server.connections]:
        connection.finish()
    deadline = loop.time() + seconds
    while server.connections and loop.time() < deadline:
        await pause(loop, 0.01)
    for connection in [*server.connections]:
        connection.transport.abort()
