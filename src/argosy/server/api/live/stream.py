"""Live content of one page: a snapshot, then patches with a sequence number, as server-sent events.

Content is recomputed after changes, at most a few times a second, and only the difference is sent. A slow reader thus
gets fewer states, never outdated ones; after an interruption the page reconnects and gets a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.server.api.live.changes import Changing, patched
from argosy.server.api.live.shared_answers import AGED_SECONDS, Shared
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError

PAUSE_SECONDS: Final = 0.2
"""Changes within it are one event; it ends at the same time for all streams, so that they share computed content."""
HEARTBEAT_SECONDS: Final = 15.0
RECHECK_SECONDS: Final = 5.0
"""Seconds between checks of the token and the rights (security rule 11)."""


class Events:
    """A body of chunks. `show` returns the current content; it is called when Applications or rights have changed."""

    def __init__(
        self,
        context: ServerContext,
        call: Call,
        show: Callable[[], Awaitable[JsonObject]],
        caches: Sequence[Changing] = (),
        *,
        pause: float = PAUSE_SECONDS,
        ages: bool = False,
    ) -> None:
        """`caches`: those whose changes may affect the content; by default, those of Applications.

        `pause`: seconds in which changes are one event. `ages`: the content also changes with the time.
        """
        self._context, self._call, self._show = context, call, show
        self._pause, self._ages = pause, ages
        self._looked_at = self._due_at = 0.0
        self._rights: object = None
        self._number = 0
        self._last: JsonObject | None = None
        self._wake = asyncio.Event()
        self._dirty, self._ends = True, False
        watched: Sequence[Changing] = caches or (context.gitops.plane.applications,)
        self._forgets = [cache.on_change(self._hear, replay=False) for cache in watched]

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> bytes:
        """Ends when the caller may no longer see the content, and reports it."""
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

    def wakes(self, wake: asyncio.Event) -> None:
        """For a reader of several streams: set by each change."""
        self._wake = wake

    def due_in(self) -> float | None:
        """Seconds until there may be new content; None if no change is known."""
        self._check_age()
        if not self._dirty:
            return None
        return 0.0 if self._last is None else max(0.0, self._due_at - self._context.clock.monotonic())

    def _check_age(self) -> None:
        """Changes by time or by rights are reported by no cache."""
        rights, now = self._call.enforcer(), self._context.clock.monotonic()
        is_aged = self._ages and now >= self._looked_at + AGED_SECONDS
        if not self._dirty and (is_aged or rights is not self._rights):
            self._hear(None, None)
        self._rights = rights

    def still_permitted(self) -> bool:
        return self._call.still_permitted()

    def _hear(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._dirty:
            self._due_at = next_tick(self._context.clock.monotonic(), self._pause)
        self._dirty = True
        self._wake.set()

    async def _wait(self) -> float:
        """Waits for a change with a time-out; then collects further ones."""
        clock = self._context.clock
        began = clock.monotonic()
        alarm = clock.call_later(RECHECK_SECONDS, self._wake.set, background=True)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()
        self._wake.clear()
        self._check_age()
        self._wake.clear()
        if self._dirty:
            await clock.sleep(max(0.0, self._due_at - clock.monotonic()), background=True)
        return clock.monotonic() - began

    async def _may_go_on(self) -> bool:
        return await is_signed_in(self._context, self._call) and self._call.still_permitted()

    async def _event(self) -> bytes | None:
        if (state := await self.state()) is None:
            return None
        self._number += 1
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (self._number, *state)

    async def state(self) -> tuple[bytes, bytes] | None:
        """`snapshot` or `patch`, and its JSON; None if nothing differs from what was sent."""
        self._dirty = False
        self._looked_at = self._context.clock.monotonic()
        now = await self._now()
        before, self._last = self._last, now
        if before is None:
            return b"snapshot", orjson.dumps(now)
        if before is not now and (body := self._patch(before, now)):
            return b"patch", body
        return None

    async def _now(self) -> JsonObject:
        return await self._show()

    def _patch(self, before: JsonObject, after: JsonObject) -> bytes:
        found = patched(before, after)
        return orjson.dumps(found) if found else b""


def next_tick(now: float, pause: float) -> float:
    """The next multiple of the pause after now. Pure; seconds."""
    return (now // pause + 1) * pause


async def is_signed_in(context: ServerContext, call: Call) -> bool:
    """Whether the token is still valid; true for callers without one."""
    try:
        if call.caller.signed_in:
            await context.authentication.caller(call.headers)
    except ApiError:
        return False
    return True


class SharedEvents(Events):
    """The content of `question` is computed once for all callers with the same rights."""

    def __init__(
        self,
        context: ServerContext,
        call: Call,
        show: Callable[[], Awaitable[JsonObject]],
        shared: Shared,
        question: Hashable,
        *,
        pause: float = PAUSE_SECONDS,
        ages: bool = False,
    ) -> None:
        self._shared, self._question = shared, (call.caller.subject, question)
        self._since = 0
        """The version of the first change that is not yet shown."""
        super().__init__(context, call, show, (shared,), pause=pause, ages=ages)

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
