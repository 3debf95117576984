"""One event stream for everything that an open page shows: browsers limit connections per host.

`GET /stream?watch=<what>&watch=<what>`: each value is the path and query of a stream, without `/stream/`. Events
are `snapshot`, `patch`, `refused`, `ended` and `rights`. Their data is a list: the watch's number, and the data of its
own stream. A watch that is refused or ends does not affect the others; `ended` without a number ends the session.
`rights`, with an empty list: policies have changed, so what is permitted or was refused may be another now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import orjson

from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.live.stream import HEARTBEAT_SECONDS, PAUSE_SECONDS, RECHECK_SECONDS, Events, is_signed_in
from argosy.server.calls import Call, sign_in
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, invalid

MOST: Final = 50
"""State of one stream."""
Opening = Callable[[Call, str], Awaitable[Events]]
"""The stream for a path and query. Raises ApiError."""


def watching_endpoint(context: ServerContext, opening: Opening) -> Endpoint:
    async def watched(request: ApiRequest) -> Watches:
        places = request.all("watch")
        if not 1 <= len(places) <= MOST:
            raise invalid(f"query: watch: {len(places)} are given, 1 to {MOST} are right")
        found = Watches(context, request.call)
        for place in places:
            await found.add(place, opening)
        return found

    return Endpoint(
        method="GET",
        path="/stream",
        summary="Several streams in one: events with a list of the watch's number and its own stream's data",
        needs=sign_in(),
        parameters=(
            Parameter(
                "watch", "a stream's path and query without `/stream/`, such as `applications?limit=50`", repeated=True
            ),
        ),
        stream=watched,
    )


class Watches:
    """A body of chunks."""

    def __init__(self, context: ServerContext, call: Call) -> None:
        self._context, self._call = context, call
        self._wake = asyncio.Event()
        self._open: dict[int, Events] = {}
        self._ready: list[bytes] = []
        self._asked = self._sent = 0
        self._begun = self._ends = False
        self._quiet = 0.0
        self._rights: object = call.enforcer()

    async def add(self, place: str, opening: Opening) -> None:
        number, self._asked = self._asked, self._asked + 1
        try:
            events = await opening(replace(self._call, permits={}, checked=False), place)
        except ApiError as error:
            self._ready.append(self._refused(number, error))
            return
        events.wakes(self._wake)
        self._open[number] = events

    def __aiter__(self) -> Watches:
        return self

    async def __anext__(self) -> bytes:
        """Reports the end of the session."""
        while not self._ends:
            if self._begun:
                self._quiet += await self._wait()
                if not await is_signed_in(self._context, self._call):
                    self._ends = True
                    return b"event: ended\ndata: []\n\n"
                await self._drop_what_is_forbidden()
                self._report_rights()
            self._begun = True
            for number, events in list(self._open.items()):
                if events.due_in() == 0.0:
                    await self._show(number, events)
            if self._ready:
                chunk, self._ready, self._quiet = b"".join(self._ready), [], 0.0
                return chunk
            if self._quiet >= HEARTBEAT_SECONDS:
                self._quiet = 0.0
                return b": still here\n\n"
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._ends = True
        for events in self._open.values():
            await events.aclose()

    async def _show(self, number: int, events: Events) -> None:
        try:
            state = await events.state()
        except ApiError as error:
            self._ready.append(self._refused(number, error))
            await self._drop(number)
            return
        if state is not None:
            self._sent += 1
            self._ready.append(b"id: %d\nevent: %b\ndata: [%d,%b]\n\n" % (self._sent, state[0], number, state[1]))

    def _report_rights(self) -> None:
        if (rights := self._call.enforcer()) is not self._rights:
            self._rights = rights
            self._ready.append(b"event: rights\ndata: []\n\n")

    async def _drop_what_is_forbidden(self) -> None:
        for number, events in list(self._open.items()):
            if not events.still_permitted():
                self._ready.append(b"event: ended\ndata: [%d]\n\n" % number)
                await self._drop(number)

    async def _drop(self, number: int) -> None:
        await self._open.pop(number).aclose()

    async def _wait(self) -> float:
        """Waits for a change with a time-out; then collects further ones, for each watch as long as its pause."""
        clock = self._context.clock
        began = clock.monotonic()
        due = [found for events in self._open.values() if (found := events.due_in()) is not None]
        alarm = clock.call_later(min([RECHECK_SECONDS, *due]), self._wake.set, background=True)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()
        self._wake.clear()
        due = [found for events in self._open.values() if (found := events.due_in()) is not None]
        await clock.sleep(min([PAUSE_SECONDS, *due]), background=True)
        return clock.monotonic() - began

    def _refused(self, number: int, error: ApiError) -> bytes:
        fault = {"status": error.http_status, "code": error.code.name, "message": error.message}
        return b"event: refused\ndata: [%d,%b]\n\n" % (number, orjson.dumps(fault))
