"""HTTP/1.1: the cluster's connection with the limits and headers of this server."""

from __future__ import annotations

from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.cluster.http.protocol import Connection
from argosy.machinery.status import StatusError

BODY_LIMIT: Final = 50 * 1024 * 1024
ANSWER_SECONDS: Final = 600.0
"""Waiting for a refresh may take as long as rendering does."""


class ApiConnection(Connection):
    """Who sends a body is not asked before it is there: signing in takes one, too."""

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._header_size = 0
        length = (self._headers.get("content-length") or ["0"])[0]
        if not length.isdecimal() or int(length) > self._limit():
            raise _too_large(self._limit())
        if "100-continue" in (self._headers.get("expect") or ()):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limit():
            raise _too_large(self._limit())
        self._body.append(body)

    def _limit(self) -> int:
        return BODY_LIMIT

    def is_stuck(self, now: float) -> bool:
        return self.answering and self.streaming is None and now - self.progress > ANSWER_SECONDS

    def _head(self, response: Response, *, last: bool, audit_id: str = "") -> str:
        head = super()._head(response, last=last, audit_id=audit_id)
        return head.replace("Cache-Control: \r\n", "", 1) if not response.cache_control else head


def _too_large(limit: int) -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", f"the body is larger than {limit} bytes")


def header_map(request: Request) -> dict[str, str]:
    return {name: values[0] if len(values) == 1 else ", ".join(values) for name, values in request.headers.items()}
