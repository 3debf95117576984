"""Refuses writes of a replica that is not, or no longer, allowed to write."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.unexpected import Shown
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient


@dataclass(frozen=True, slots=True)
class Turn:
    """Which controller processes which key in this task. `owns`: the controller's own check before it starts."""

    controller: str
    key: Key
    owns: Callable[[Key], bool]

    @property
    def is_ours(self) -> bool:
        """Whether the key is still this replica's."""
        return self.owns(self.key)


WORKING_ON: ContextVar[Turn | None] = ContextVar("working_on", default=None)
"""Set for each turn, and for each question that writes."""


class FencedOff(Shown):
    """This replica lost its Lease: another one may be working on the same object."""


class FencedClient(WrappingClient):
    """Calls `is_valid` before each write (of `LeaseHolder`, or `Membership.may_write`); reads are always allowed."""

    def __init__(self, inner: Client, is_valid: Callable[[], bool]) -> None:
        super().__init__(inner)
        self._is_valid = is_valid

    async def write(self, request: Write) -> JsonObject:
        if not self._is_valid() and not request.dry_run:
            raise FencedOff(f"{request}: the lease of this replica is not valid")
        return await super().write(request)
