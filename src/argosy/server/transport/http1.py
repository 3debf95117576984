"""HTTP/1.1: the cluster's connection with the limits and headers of this server."""

from __future__ import annotations

from typing import Final, Protocol

from argosy.cluster.http.exchange import Request, Response
from argosy.cluster.http.http1.connection import Connection, Host
from argosy.machinery.status import StatusError
from argosy.server.transport.intake import STRANGER_BODY, Intake

BODY_LIMIT: Final = 50 * 1024 * 1024
ANSWER_SECONDS: Final = 600.0
"""Waiting for a refresh may take as long as rendering does."""


class ApiHost(Host, Protocol):
    intake: Intake


class ApiConnection(Connection):
    """Who sends a body is not asked before it is there: signing in takes one, too. All strangers' have one limit."""

    host: ApiHost

    def __init__(self, host: ApiHost) -> None:
        super().__init__(host)
        self._taken = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._give_back()
        super().connection_lost(exc)

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
        if self._size > STRANGER_BODY and not self._vouched:
            self._vouched = self.host.knows(Request("POST", "/", self._headers, b"", peer=self._peer))
            if not self._vouched and not self.host.intake.take(len(body)):
                raise StatusError(503, "ServiceUnavailable", "too many bodies are being sent at once, try again later")
            self._taken += 0 if self._vouched else len(body)
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._give_back()
        super().on_message_complete()

    def _refuse(self, error: StatusError) -> None:
        super()._refuse(error)
        self._give_back()

    def _give_back(self) -> None:
        self.host.intake.give(self._taken)
        self._taken = 0

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
