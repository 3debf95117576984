"""Rooms are loaded with the first object of their kinds, and not before."""

from __future__ import annotations

import sys
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from argosy.cli.rooms.loading import ROOMS, Context, Parts, Room, Rooms
from argosy.machinery.controller import NOTHING, Controller, Decision
from argosy.machinery.objects import Resource
from tests.kit.world import CONFIG_MAPS, SECRETS, World, config_map

ABSENT = Resource("example.org", "v1", "absent", "Absent")


def test_a_room_is_built_with_its_first_object_whatever_else_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def decide(name: str, now: datetime) -> Decision:
        seen.append(name)
        return NOTHING

    def build(context: Context) -> Parts:
        built.append(context.namespace)
        look = lambda snapshot, key: key.name if snapshot.object(SECRETS, key) else None  # noqa: E731
        return Parts(controllers=(Controller(name="test", kind=SECRETS, look=look, decide=decide),))

    built: list[str] = []
    module: Any = ModuleType("a_room")
    module.build = build
    monkeypatch.setitem(sys.modules, "a_room", module)
    with World() as world:
        context = Context(
            client=world.client,
            caches=world.caches,
            clock=world.clock,
            rng=world.rng,
            doors=None,  # type: ignore[arg-type]  # this room asks nobody
            renderer=None,  # type: ignore[arg-type]
            jq=None,  # type: ignore[arg-type]
            environ={},
            namespace="argosy",
        )
        rooms = Rooms(context, is_ready=lambda: True, rooms=(Room("a", "a_room", (ABSENT, SECRETS)),))
        world.supervisor.add("rooms", rooms.run)
        world.pass_time(5)
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        world.pass_time(5)
        assert built == []
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
        world.run(world.client.create(SECRETS, secret))
        world.pass_time(5)
        assert built == ["argosy"]
        assert seen == ["s"]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_has_a_build(room: Room) -> None:
    __import__(room.module)
    assert callable(sys.modules[room.module].build)
