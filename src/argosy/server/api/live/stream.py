"""What a page shows, live: a snapshot, then patches with a sequence number, as server-sent events.

What is shown is computed anew after changes, at most some times a second, and only what differs is sent. So a slow
reader gets fewer states, never late ones; after a break the page asks again and gets a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.server.api.live.changes import Changing, patched
from argosy.server.api.live.shared_answers import Shared
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError

PAUSE_SECONDS: Final = 0.2
"""Changes within it are one event."""
HEARTBEAT_SECONDS: Final = 15.0
RECHECK_SECONDS: Final = 5.0
"""How often the token and the rights are asked for again (security rule 11)."""


class Events:
    """A body of chunks. `show` gives what is to be seen now; it is called when Applications or rights changed."""

    def __init__(
        self,
        context: ServerContext,
        call: Call,
        show: Callable[[], Awaitable[JsonObject]],
        caches: Sequence[Changing] = (),
    ) -> None:
        """`caches`: whose changes may change what is shown; those of Applications when none are named."""
        self._context, self._call, self._show = context, call, show
        self._number = 0
        self._last: JsonObject | None = None
        self._wake = asyncio.Event()
        self._dirty, self._ends = True, False
        watched: Sequence[Changing] = caches or (context.gitops.plane.applications,)
        self._forgets = [cache.on_change(self._hear) for cache in watched]

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> bytes:
        """Ends when the caller may not see this any more, and says so."""
        quiet = 0.0
        while not self._ends:
            if self._last is not None:
                quiet += await self._wait()
                if not await self._may_go_on():
                    self._ends = True
                    return b"event: ended\ndata: {}\n\n"
            if self._dirty and (event := await self._event()) is not None:
                return event
            if quiet >= HEARTBEAT_SECONDS:
                return b": still here\n\n"
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._ends = True
        for forget in self._forgets:
            forget()

    def _hear(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self._dirty = True
        self._wake.set()

    async def _wait(self) -> float:
        """For a change, but not for ever; then for what comes with it."""
        clock = self._context.clock
        began = clock.monotonic()
        alarm = clock.call_later(RECHECK_SECONDS, self._wake.set, background=True)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()
        self._wake.clear()
        if self._dirty:
            await clock.sleep(PAUSE_SECONDS, background=True)
        return clock.monotonic() - began

    async def _may_go_on(self) -> bool:
        try:
            if self._call.caller.signed_in:
                await self._context.authentication.caller(self._call.headers)
        except ApiError:
            return False
        return self._call.still_permitted()

    async def _event(self) -> bytes | None:
        self._dirty = False
        now = await self._now()
        before, self._last = self._last, now
        if before is None:
            name, body = b"snapshot", orjson.dumps(now)
        elif before is now:
            return None
        elif body := self._patch(before, now):
            name = b"patch"
        else:
            return None
        self._number += 1
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (self._number, name, body)

    async def _now(self) -> JsonObject:
        return await self._show()

    def _patch(self, before: JsonObject, after: JsonObject) -> bytes:
        found = patched(before, after)
        return orjson.dumps(found) if found else b""


class SharedEvents(Events):
    """What `question` stands for is computed once for all who have the caller's rights."""

    def __init__(
        self,
        context: ServerContext,
        call: Call,
        show: Callable[[], Awaitable[JsonObject]],
        shared: Shared,
        question: Hashable,
    ) -> None:
        self._shared, self._question = shared, (call.caller.subject, question)
        self._since = 0
        """The version of the first change that is not shown yet."""
        super().__init__(context, call, show, (shared,))

    def _hear(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._dirty:
            self._since = self._shared.version
        super()._hear(old, new)

    async def _now(self) -> JsonObject:
        now, version = await self._shared.of(self._question, self._call.enforcer(), self._since, self._show)
        if version < self._shared.version:
            self._since = version + 1
            super()._hear(None, None)
        return now

    def _patch(self, before: JsonObject, after: JsonObject) -> bytes:
        return self._shared.patch(before, after)
