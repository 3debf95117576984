"""One request and its response, as values: what the protocol passes to the front, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from argosy.cluster.http.representation.encode import to_bytes
from argosy.cluster.http.representation.negotiate import JSON
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

if TYPE_CHECKING:
    from argosy.cluster.http.streaming.raw import ByteStream

NO_CACHE = "no-cache, private"
BODY_LIMIT = 3_145_728
"""Maximum bytes of a request body; more are 413 (spec section 2)."""
PLAIN_TEXT = "text/plain; charset=utf-8"


class Chunks(Protocol):
    """A body that is read later. Whoever takes it must close it, even if nothing was read."""

    def __aiter__(self) -> Chunks: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Request:
    """`headers` has lower-case names, each with all of its values in order."""

    method: str
    target: str
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    certificate: Sequence[tuple[str, str]] | None = None
    """Subject attributes (`commonName`, `organizationName`) of a client certificate that TLS has verified."""
    host: str = ""
    """The address the server listens on, for `/api`."""
    audit_id: str = ""
    peer: str = ""
    """The address of the client, without port."""

    def header(self, name: str) -> str:
        values = self.headers.get(name)
        if not values:
            return ""
        return values[0] if len(values) == 1 else ", ".join(values)


@dataclass(slots=True)
class Response:
    """`body` is complete, or an iterator of chunks; `headers` are those beyond Content-Type and the common ones."""

    status: int
    body: bytes | Chunks
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list)
    cache_control: str = NO_CACHE
    upgrade: Callable[[ByteStream], Awaitable[None]] | None = None
    """For a 101: takes over the connection, which is closed when it returns."""
    still_allowed: Callable[[], bool] | None = None
    """For streams: whether the client may still read; asked repeatedly while the stream is open (security rule 11)."""


def status_response(error: StatusError, *, pretty: bool = False) -> Response:
    return Response(error.code, to_bytes(error.status, pretty=pretty), headers=retry_after(error))


def retry_after(error: StatusError) -> list[tuple[str, str]]:
    return [("Retry-After", str(error.retry_after))] if error.retry_after else []


def json_response(body: JsonObject, code: int = 200) -> Response:
    return Response(code, to_bytes(body))


def text_response(text: str, code: int = 200) -> Response:
    return Response(code, text.encode(), PLAIN_TEXT)


def page_not_found() -> Response:
    return Response(404, b"404 page not found\n", PLAIN_TEXT, [("X-Content-Type-Options", "nosniff")])


def body_too_large() -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {BODY_LIMIT}")
