"""Refuses writes of a replica that is not, or no longer, entitled to write."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.client import Client
from argosy.runtime.wrapping import Send, WrappingClient, Write

WORKING_ON: ContextVar[Key | None] = ContextVar("working_on", default=None)
"""The key whose turn it is in this task; set by `Controller`."""


class FencedOff(Exception):
    """This replica lost its Lease: another one may be at work on the same object."""


class FencedClient(WrappingClient):
    """Asks `is_valid` before each write (of `LeaseHolder`, or `Membership.may_write`); reads always pass."""

    def __init__(self, inner: Client, is_valid: Callable[[], bool]) -> None:
        super().__init__(inner)
        self._is_valid = is_valid

    async def _write(self, write: Write, send: Send) -> JsonObject:
        if not self._is_valid() and not write.dry_run:
            raise FencedOff(f"{write}: the lease of this replica is not valid")
        return await send()
