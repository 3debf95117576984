"""Rows of Applications are made before anyone asks, once for each change, and show clusters by their present names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from argosy.server.api.applications.rows import AT_ONCE, SETTLING_SECONDS, ApplicationRow, ApplicationRows
from argosy.server.calls import Call, Caller
from argosy.server.permissions.enforcement import Enforcer, Subject

Changed = Callable[[JsonObject | None, JsonObject | None], None]
SERVER = "https://one.example"


class Cache:
    """As an informer's."""

    def __init__(self) -> None:
        self.present: dict[Key, JsonObject] = {}
        self._handlers = list[Changed]()
        self._version = 0

    def list(self, namespace: str = "") -> list[JsonObject]:
        return list(self.present.values())

    def get(self, key: Key) -> JsonObject | None:
        return self.present.get(key)

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        assert not replay, "10,000 at one go"
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def put(self, name: str, status: str = "Synced") -> None:
        self._version += 1
        metadata = {"namespace": "argocd", "name": name, "resourceVersion": str(self._version)}
        spec = {"project": "default", "destination": {"server": SERVER}}
        self._tell({"metadata": metadata, "spec": spec, "status": {"sync": {"status": status}}})

    def _tell(self, new: JsonObject) -> None:
        old = self.present.get(key_of(new))
        self.present[key_of(new)] = new
        for handler in self._handlers:
            handler(old, new)

    def drop(self, name: str) -> None:
        old = self.present.pop(Key("argocd", name))
        for handler in self._handlers:
            handler(old, None)


class Control:
    """What the rows are made of; `made` names those of which a row was made, in order."""

    def __init__(self, clock: VirtualClock) -> None:
        self.made = list[str]()
        self.apps = Cache()
        self.plane = SimpleNamespace(
            applications=self.apps,
            projects=Cache(),
            settings=SimpleNamespace(application_namespaces=()),
            cluster_book=SimpleNamespace(by_server={}),
            wait_synced=self._synced,
        )
        lookup = SimpleNamespace(server_of=self._server_of, name_of=self._name_of)
        gitops: Any = SimpleNamespace(plane=self.plane, cluster_lookup=lookup)
        configuration = SimpleNamespace(on_change=lambda listener: None)
        context: Any = SimpleNamespace(clock=clock, namespace="argocd", gitops=gitops, configuration=configuration)
        self.rows = ApplicationRows(context)
        self._enforcer = Enforcer({"policy.default": "role:readonly"}, lambda name: None)

    async def _synced(self) -> None: ...

    def _server_of(self, app: JsonObject) -> str:
        if app["metadata"]["name"] == "odd":
            raise TypeError("as an Application that nobody foresaw")
        self.made.append(app["metadata"]["name"])
        return SERVER

    def _name_of(self, server: str) -> str:
        found = self.plane.cluster_book.by_server.get(server)
        return found.name if found is not None else ""

    def rename(self, name: str) -> None:
        self.plane.cluster_book = SimpleNamespace(by_server={SERVER: SimpleNamespace(name=name)})

    async def seen(self) -> list[ApplicationRow]:
        caller = Caller(subject=Subject("alice"), signed_in=True)
        call = Call(method="m", request={}, caller=caller, enforcer=lambda: self._enforcer)
        return [one.row for one in await self.rows.visible(call)]


def test_the_first_page_finds_the_rows_made() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        control = Control(clock)
        names = [f"a{number:04}" for number in range(2 * AT_ONCE + 1)]
        for name in names:
            control.apps.put(name)
        running = asyncio.create_task(control.rows.run())  # noqa: TID251  # cancelled below
        await clock.sleep(SETTLING_SECONDS)
        assert control.made == names
        assert [row["name"] for row in await control.seen()] == names
        assert control.made == names, "none is made again"
        running.cancel()

    run_virtual(main)


def test_several_changes_within_a_second_are_one_row_and_who_asks_meanwhile_sees_them_at_once() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        control = Control(clock)
        control.apps.put("a")
        running = asyncio.create_task(control.rows.run())  # noqa: TID251  # cancelled below
        await clock.sleep(SETTLING_SECONDS)
        for status in ("OutOfSync", "Synced", "Unknown"):
            control.apps.put("a", status)
        await clock.sleep(SETTLING_SECONDS / 2)
        assert control.made == ["a"], "not yet"
        await clock.sleep(SETTLING_SECONDS)
        assert control.made == ["a", "a"]
        control.apps.put("a", "OutOfSync")
        assert [row["sync"] for row in await control.seen()] == ["OutOfSync"]
        await clock.sleep(2 * SETTLING_SECONDS)
        assert control.made == ["a", "a", "a"]
        control.apps.drop("a")
        assert await control.seen() == []
        running.cancel()

    run_virtual(main)


def test_one_application_that_nobody_foresaw_ends_nothing() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        control = Control(clock)
        for name in ("a", "odd", "z"):
            control.apps.put(name)
        running = asyncio.create_task(control.rows.run())  # noqa: TID251  # cancelled below
        await clock.sleep(SETTLING_SECONDS)
        control.apps.put("odd")
        control.apps.put("b")
        await clock.sleep(2 * SETTLING_SECONDS)
        assert control.made == ["a", "z", "b"]
        assert not running.done()
        running.cancel()

    run_virtual(main)


def test_a_list_shows_a_cluster_by_its_new_name() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        control = Control(clock)
        control.apps.put("a")
        assert [row["cluster"] for row in await control.seen()] == [SERVER]
        control.rename("edge")
        assert [row["cluster"] for row in await control.seen()] == ["edge"]
        control.rename("edge")
        made = len(control.made)
        assert [row["cluster"] for row in await control.seen()] == ["edge"]
        assert len(control.made) == made, "another Secret changed, and no name"

    run_virtual(main)


def test_what_changes_while_a_list_is_made_is_in_it() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        control = Control(clock)
        for number in range(3 * AT_ONCE):
            control.apps.put(f"a{number:04}")
        await control.seen()
        for number in range(3 * AT_ONCE):
            control.apps.put(f"a{number:04}", "OutOfSync")
        clock.call_later(0.0, lambda: control.apps.drop("a0000"))
        clock.call_later(0.0, lambda: control.apps.put("new"))
        found = await control.seen()
        assert {row["name"]: row["sync"] for row in found} == {
            **{f"a{number:04}": "OutOfSync" for number in range(1, 3 * AT_ONCE)},
            "new": "Synced",
        }

    run_virtual(main)
