"""The ports this package needs; `runtime` has the adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from argosy.machinery.objects import JsonObject

if TYPE_CHECKING:
    from argosy.cluster.http.streaming.raw import ByteStream

T = TypeVar("T")


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle: ...

    async def sleep(self, seconds: float, *, background: bool = False) -> None: ...

    async def external(self, work: Awaitable[T], *, takes: float = 0.0) -> T:
        """Awaits work outside of the event loop, such as in a thread."""
        ...


class Rng(Protocol):
    def uuid(self) -> str: ...

    def uniform(self, low: float, high: float) -> float: ...

    def suffix(self, length: int) -> str: ...

    def token_bytes(self, length: int) -> bytes: ...

    def fork(self, name: str) -> Rng:
        """An independent stream for one purpose, so that draws elsewhere do not shift it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """The options of `pods/log`. Empty and None mean absent."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since_seconds: int | None = None
    since_time: datetime | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None


class LogSource(Protocol):
    """Container logs, provided by the workload simulation."""

    def read(self, pod: JsonObject, options: LogOptions) -> AsyncIterator[bytes]:
        """Chunks of complete lines; ends unless `follow`. Raises StatusError for a container without a log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRequest:
    """A request that came through `services/proxy` or `pods/proxy`; `path` is the rest of the URL, with its slash."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyResponse:
    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


ProxyHandler = Callable[[ProxyRequest], Awaitable[ProxyResponse]]


class CommandConsole(Protocol):
    """The input and output streams of a command in a container."""

    async def read(self) -> bytes:
        """Some input; empty at its end, or when there is none."""
        ...

    async def write(self, data: bytes, *, error: bool = False) -> None: ...


class PodRuntime(Protocol):
    """Simulated Pods from the inside: commands, and HTTP on their ports."""

    async def run(
        self, pod: JsonObject, container: str, command: Sequence[str], console: CommandConsole, *, tty: bool
    ) -> int:
        """Returns the exit code."""
        ...

    def listens(self, pod: JsonObject, port: int) -> bool: ...

    async def answer(self, pod: JsonObject, port: int, request: ProxyRequest) -> ProxyResponse: ...

    def review(self, pod: JsonObject, request: ProxyRequest) -> ProxyResponse | None:
        """The webhook response that a rule defines for the Pod; None without such a rule."""
        ...


class Dialer(Protocol):
    """The port for endpoints outside this process."""

    async def send(self, url: str, address: tuple[str, int], request: ProxyRequest) -> ProxyResponse:
        """Sends a request for `url` to `address`. Raises OSError when nothing answers."""
        ...


ConnectionHandler = Callable[["ByteStream"], Awaitable[None]]
"""Serves one connection until it ends."""


class Backends(Protocol):
    """The backends of a Service or a Pod in this process: our own controllers' endpoints."""

    def service(self, namespace: str, name: str, port: str) -> ProxyHandler | None:
        """`port` is a port's name or number as the Service spells it, or empty for a Service with one port."""
        ...

    def pod(self, namespace: str, name: str, port: str) -> ProxyHandler | None: ...

    def connection(self, namespace: str, pod: str, port: int) -> ConnectionHandler | None:
        """Answers forwarded connections to a Pod's port in a protocol of its own."""
        ...
