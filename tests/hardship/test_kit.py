"""The kit finds known faults: a room with a fault fails, and the same room without it passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pytest

from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from tests.kit.by_hand import ByHand
from tests.kit.hardship import Committed, Failure, Part, Process, Step, Story, endure
from tests.kit.hardship.run import undisturbed
from tests.kit.world import CONFIG_MAPS, config_map

SEEDS = range(36)


class Copier:
    def __init__(self, controller: ByHand) -> None:
        self.controller = controller
        self.run = controller.run

    def replicas_changed(self) -> None:
        for name in ("a1", "a2"):
            self.controller.queue.add(Key("default", name))


class Copying(Story):
    """Each ConfigMap `a*` is copied to `copy-a*`; `told` counts what was copied, as a status would."""

    name = "copying"

    def prepare(self) -> None:
        self.world.caches.cache(CONFIG_MAPS)
        self.made: list[str] = []

    def start(self, process: Process) -> Part:
        cache, memory = process.caches.cache(CONFIG_MAPS), dict[Key, str]()

        async def reconcile(key: Key) -> None:
            source, present = cache.get(key), cache.get(Key(key.namespace, f"copy-{key.name}"))
            if source is None or not key.name.startswith("a"):
                return
            await self.write(process, memory, key, source["data"]["v"], present)

        controller = ByHand("copy", reconcile, process.clock, process.rng, owns=process.owns)
        controller.watch(cache, lambda obj: (Key("default", obj["metadata"]["name"].removeprefix("copy-")),))
        return Copier(controller)

    async def write(
        self, process: Process, memory: dict[Key, str], key: Key, value: str, present: JsonObject | None
    ) -> None:
        wanted = config_map(f"copy-{key.name}", v=value)
        if present is None:
            await process.client.create(CONFIG_MAPS, wanted)
        elif present["data"] != wanted["data"]:
            metadata = {**wanted["metadata"], "resourceVersion": present["metadata"]["resourceVersion"]}
            await process.client.update(CONFIG_MAPS, {**wanted, "metadata": metadata})

    def steps(self) -> Iterable[Step]:
        for name in ("a1", "a2"):
            yield lambda name=name: self.create(CONFIG_MAPS, config_map(name, v="1"))
        yield lambda: self.patch(CONFIG_MAPS, "a1", {"data": {"v": "2"}})
        yield lambda: self.copies() == {"copy-a1": "2", "copy-a2": "1"}
        yield lambda: self.patch(CONFIG_MAPS, "a2", {"data": {"v": "3"}})
        yield lambda: self.copies() == {"copy-a1": "2", "copy-a2": "3"}

    def copies(self) -> dict[str, str]:
        found = (obj for obj in self.list(CONFIG_MAPS, "default") if obj["metadata"]["name"].startswith("copy-"))
        return {obj["metadata"]["name"]: obj["data"]["v"] for obj in found}

    def outcome(self) -> object:
        return self.copies()


class RemembersTooSoon(Copying):
    """What was written is remembered before it is."""

    name = "remembers too soon"

    async def write(
        self, process: Process, memory: dict[Key, str], key: Key, value: str, present: JsonObject | None
    ) -> None:
        if memory.get(key) != value:
            memory[key] = value
            await super().write(process, memory, key, value, present)


class Swallows(Copying):
    """A conflict counts as success."""

    name = "swallows"

    async def write(
        self, process: Process, memory: dict[Key, str], key: Key, value: str, present: JsonObject | None
    ) -> None:
        try:
            await super().write(process, memory, key, value, present)
        except StatusError as error:
            if not error.is_conflict:
                raise


class Restless(Copying):
    """It writes at every look, and looks again and again."""

    name = "restless"

    async def write(
        self, process: Process, memory: dict[Key, str], key: Key, value: str, present: JsonObject | None
    ) -> None:
        wanted = config_map(f"copy-{key.name}", v=value)
        await process.client.apply(CONFIG_MAPS, wanted, field_manager="copy", force=True)

    def start(self, process: Process) -> Part:
        copier = super().start(process)
        assert isinstance(copier, Copier)

        def again() -> None:
            copier.replicas_changed()
            process.clock.call_later(60.0, again, background=True)

        again()
        return copier


class Blunt(Copying):
    """No write of this room may touch `copy-a2`, and it does."""

    name = "blunt"

    def wrong(self, write: Committed) -> Iterable[str]:
        if write.write.key.name == "copy-a2":
            yield "that one is to be left alone"


class Noted(Copying):
    """It notes what the rules on its writes are shown of each."""

    name = "noted"
    shown: ClassVar[list[tuple[str, str | None, str | None]]] = []

    def wrong(self, write: Committed) -> Iterable[str]:
        before, after = (None if obj is None else obj["data"]["v"] for obj in (write.before, write.after))
        self.shown.append((write.write.key.name, before, after))
        return ()


def test_a_rule_is_shown_what_was_there_before_a_write_and_what_is_there_after_it() -> None:
    Noted.shown.clear()
    undisturbed(Noted)
    assert [change for change in Noted.shown if change[0] == "copy-a2"] == [
        ("copy-a2", None, "1"),
        ("copy-a2", "1", "3"),
    ]


def fails(kind: type[Story]) -> list[str]:
    found = []
    for seed in SEEDS:
        try:
            endure("test", kind, seed)
        except Failure as failure:
            found.append(str(failure))
    return found


def test_a_room_that_looks_again_endures_every_seed() -> None:
    assert not fails(Copying)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (RemembersTooSoon, "did not come"),
        (Swallows, "did not come"),
        (Restless, "nothing changed, and"),
        (Blunt, "that one is to be left alone"),
    ],
)
def test_a_room_with_a_fault_is_found_with_a_command_that_replays_it(kind: type[Story], text: str) -> None:
    found = fails(kind)
    assert any(text in item for item in found)
    assert all("again: make hardship ROOM=" in item for item in found)


def test_the_same_seed_is_the_same_run() -> None:
    one, other = endure("test", Copying, 9), endure("test", Copying, 9)
    assert (one.faults, one.ended_at, one.writes_count) == (other.faults, other.ended_at, other.writes_count)
    assert one.faults != endure("test", Copying, 15).faults
