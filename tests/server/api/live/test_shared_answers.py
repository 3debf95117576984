"""Open pages with the same content share what is computed, never what only one of them may see, and lose no change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import orjson

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import RealClock
from argosy.server.api.live.shared_answers import OnlyOf, Shared
from argosy.server.api.live.stream import SharedEvents
from argosy.server.calls import Call, Caller
from argosy.server.permissions.enforcement import Enforcer, Subject

Handler = Callable[[JsonObject | None, JsonObject | None], None]


class Cache:
    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.value = 0

    def on_change(self, handler: Handler, *, replay: bool = False) -> Callable[[], None]:
        self.handlers.append(handler)
        return lambda: self.handlers.remove(handler)

    def change(self, name: str = "a") -> None:
        self.value += 1
        for handler in list(self.handlers):
            handler(None, {"metadata": {"name": name, "namespace": "n"}})


class Pages:
    """`made` names whose page was computed, in order."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.cache, self.made, self.seconds = Cache(), list[str](), seconds
        self.enforcer = Enforcer({}, lambda name: None)
        self.shared = Shared(RealClock(), (self.cache,))

        async def caller(headers: Any) -> None: ...

        self.world: Any = SimpleNamespace(clock=RealClock(), authentication=SimpleNamespace(caller=caller))

    def open(self, user: str, question: str = "q") -> SharedEvents:
        call = Call(
            method="m", request={}, caller=Caller(subject=Subject(user), signed_in=True), enforcer=lambda: self.enforcer
        )

        async def show() -> JsonObject:
            self.made.append(user)
            value = self.cache.value
            await self.world.clock.sleep(self.seconds)
            return {"user": user, "value": value}

        return SharedEvents(self.world, call, show, self.shared, question)


async def told(page: SharedEvents) -> JsonObject:
    chunk = await asyncio.wait_for(anext(page), 5)
    return cast(JsonObject, orjson.loads(chunk.partition(b"data: ")[2]))


def test_pages_that_are_alike_are_computed_once_for_each_change() -> None:
    async def run() -> None:
        pages = Pages()
        tabs = [pages.open("alice") for _ in range(50)]
        assert [await told(tab) for tab in tabs] == [{"user": "alice", "value": 0}] * 50
        pages.cache.change()
        assert await asyncio.gather(*(told(tab) for tab in tabs)) == [{"value": 1}] * 50
        assert len(pages.made) <= 4  # twice, unless the machine rests for longer than a moment

    asyncio.run(run())


def test_another_callers_page_is_another_one() -> None:
    async def run() -> None:
        pages = Pages()
        assert await told(pages.open("alice")) == {"user": "alice", "value": 0}
        assert await told(pages.open("bob")) == {"user": "bob", "value": 0}

    asyncio.run(run())


def test_changed_rights_are_asked_for_again() -> None:
    async def run() -> None:
        pages = Pages()
        await told(pages.open("alice"))
        pages.enforcer = Enforcer({}, lambda name: None)
        await told(pages.open("alice"))
        assert pages.made == ["alice", "alice"]

    asyncio.run(run())


def test_what_changes_while_a_page_is_computed_is_reported_afterwards() -> None:
    async def run() -> None:
        pages = Pages(seconds=0.1)
        tabs = [pages.open("alice") for _ in range(5)]

        async def change() -> None:
            await pages.world.clock.sleep(0.05)
            pages.cache.change()

        *seen, _ = await asyncio.gather(*(told(tab) for tab in tabs), change())
        for tab, shown in zip(tabs, seen, strict=True):
            value = (shown or {})["value"]
            while value != 1:
                value = (await told(tab))["value"]

    asyncio.run(run())


def test_a_closed_page_hears_nothing_more() -> None:
    async def run() -> None:
        pages = Pages()
        tab = pages.open("alice")
        await told(tab)
        await tab.aclose()
        pages.cache.change()
        assert [chunk async for chunk in tab] == []

    asyncio.run(run())


def test_only_the_changes_of_one_object_are_heard() -> None:
    cache, heard = Cache(), list[str]()
    forget = OnlyOf(cache, "n", "a").on_change(lambda old, new: heard.append("x"))
    for name in ("b", "a"):
        cache.change(name)
    forget()
    cache.change("a")

    assert heard == ["x"]
