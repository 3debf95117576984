"""What a page shows, live: a snapshot, then patches with a sequence number, as server-sent events.

What is shown is computed anew after changes, at most some times a second, and only what differs is sent. So a slow
reader gets fewer states, never late ones; after a break the page asks again and gets a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import orjson

from argosy.machinery.mergepatch import create_merge_patch
from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.errors import ApiError
from argosy.server.world import World

PAUSE_SECONDS: Final = 0.2
"""Changes within it are one event."""
HEARTBEAT_SECONDS: Final = 15.0
RECHECK_SECONDS: Final = 5.0
"""How often the token and the rights are asked for again (security rule 11)."""


class Changing(Protocol):
    """A cache, or what else says that it changed."""

    def on_change(self, handler: Callable[[JsonObject | None, JsonObject | None], None]) -> Callable[[], None]: ...


class Events:
    """A body of chunks. `show` gives what is to be seen now; it is called when Applications or rights changed."""

    def __init__(
        self, world: World, call: Call, show: Callable[[], Awaitable[JsonObject]], caches: Sequence[Changing] = ()
    ) -> None:
        """`caches`: whose changes may change what is shown; those of Applications when none are named."""
        self._world, self._call, self._show = world, call, show
        self._number = 0
        self._last: JsonObject | None = None
        self._wake = asyncio.Event()
        self._dirty, self._ends = True, False
        watched: Sequence[Changing] = caches or (world.gitops.plane.applications,)
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
        clock = self._world.clock
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
                await self._world.authentication.caller(self._call.headers)
        except ApiError:
            return False
        return self._call.still_permitted()

    async def _event(self) -> bytes | None:
        self._dirty = False
        now = await self._show()
        if self._last is None:
            body, name = now, "snapshot"
        else:
            patch = patched(self._last, now)
            if not patch:
                return None
            body, name = patch, "patch"
        self._last = now
        self._number += 1
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (self._number, name.encode(), orjson.dumps(body))


def patched(before: JsonObject, after: JsonObject) -> JsonObject:
    """A JSON merge patch; of `rows`, which are a list, those that differ and the order."""
    if "rows" not in before or "rows" not in after:
        return create_merge_patch(before, after)
    old = {_key(row): row for row in before["rows"]}
    changed = [row for row in after["rows"] if old.get(_key(row)) != row]
    order = [_key(row) for row in after["rows"]]
    patch = create_merge_patch(_without_rows(before), _without_rows(after))
    if changed:
        patch["changed"] = changed
    if order != list(old):
        patch["order"] = order
    return patch


def _key(row: JsonObject) -> str:
    return f"{row['namespace']}/{row['name']}"


def _without_rows(page: JsonObject) -> dict[str, Any]:
    return {name: value for name, value in page.items() if name != "rows"}
