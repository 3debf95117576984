"""Keeps a journal of the writes that went through a client, for rehearsals and tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Recorded:
    at: datetime
    write: Write
    refusal: str = ""
    """The reason of the StatusError, when the server refused."""


class RecordingClient(WrappingClient):
    """`journal` has every write in the order of the responses. It has bodies, and so Secrets: not for logs."""

    def __init__(self, inner: Client, clock: Clock) -> None:
        super().__init__(inner)
        self.journal: list[Recorded] = []
        self._clock = clock

    async def write(self, request: Write) -> JsonObject:
        try:
            answer = await super().write(request)
        except StatusError as error:
            self.journal.append(Recorded(self._clock.now(), request, error.reason))
            raise
        self.journal.append(Recorded(self._clock.now(), request))
        return answer
