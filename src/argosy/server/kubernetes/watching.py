"""Watches a kind for one caller, in the Kubernetes API's format."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

import orjson

from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError

RECHECK_SECONDS: Final = 5.0
"""How often the token is checked (security rule 11); rights are checked at each change."""
Show = Callable[[JsonObject], JsonObject | None]
"""The object as the caller sees it; None if they may not see it."""


class Changes:
    """A body in chunks, one event per line."""

    def __init__(
        self, context: ServerContext, dispatcher: Dispatcher, call: Call, events: AsyncIterator[WatchEvent], show: Show
    ) -> None:
        self._context, self._call = context, call
        self._mailbox, self._pump = dispatcher.pump(_frames(events, show))
        self._checked_at = context.clock.monotonic()
        self._ended = False

    def __aiter__(self) -> Changes:
        return self

    async def __anext__(self) -> bytes:
        while not self._ended:
            frame = await self._frame()
            if not await self._may_go_on():
                self._ended = True
                refusal = StatusError(401, "Unauthorized", "the sign-in does not count any more")
                return _line({"type": "ERROR", "object": refusal.status})
            if frame is not None:
                return _line(frame)
            self._ended = self._mailbox.is_over
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._ended = True
        self._pump.cancel()

    async def _frame(self) -> JsonObject | None:
        """None if nothing came for a while, or at the end."""
        alarm = self._context.clock.call_later(RECHECK_SECONDS, self._mailbox.wake, background=True)
        try:
            return await self._mailbox.take()
        finally:
            alarm.cancel()

    async def _may_go_on(self) -> bool:
        now = self._context.clock.monotonic()
        if now - self._checked_at < RECHECK_SECONDS:
            return True
        self._checked_at = now
        try:
            await self._context.authentication.caller(self._call.headers)
        except ApiError:
            return False
        return True


async def _frames(events: AsyncIterator[WatchEvent], show: Show) -> AsyncGenerator[JsonObject, None]:
    try:
        async for event in events:
            found = event.object if event.type == "BOOKMARK" else show(event.object)
            if found is not None:
                yield {"type": event.type, "object": found}
    except StatusError as error:
        yield {"type": "ERROR", "object": error.status}


def _line(frame: JsonObject) -> bytes:
    return orjson.dumps(frame) + b"\n"
