"""Of a crowd of writes at once, each turn of the loop carries out what fits into it, and everything else goes on."""

from __future__ import annotations

import asyncio

from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.pace import Pace
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.clock import RealClock
from tests.kit.world import World

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


class Loop(asyncio.SelectorEventLoop):
    """Its time moves only when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def time(self) -> float:
        return self.moment


async def crowd(pace: Pace, loop: Loop, count: int, each: float) -> list[int]:
    """Of `count` writes that are asked for at once: in which turn of the loop each was carried out."""
    turn, done = 0, asyncio.Event()
    turns: list[int] = []

    async def write() -> None:
        await pace.turn()
        turns.append(turn)
        loop.moment += each
        if len(turns) == count:
            done.set()

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(write())
        while not done.is_set():
            await RealClock().sleep(0)
            turn += 1
    return turns


def test_a_turn_ends_with_the_write_that_fills_it() -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        turns = runner.run(crowd(Pace(RealClock(), seconds=0.01), loop, 12, each=0.004))
    assert [turns.count(turn) for turn in sorted(set(turns))] == [3, 3, 3, 3]


def test_writes_that_take_longer_than_a_turn_have_one_each_in_the_order_in_which_they_came() -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        turns = runner.run(crowd(Pace(RealClock(), seconds=0.01), loop, 5, each=0.5))
    assert turns == sorted(set(turns))


def config_map(number: int) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number}", "namespace": "default"}}


def test_every_write_of_a_client_in_the_same_process_asks_for_its_turn() -> None:
    with World() as world:
        handlers = world.cluster.api
        assert isinstance(handlers, RequestHandlers)
        asked: list[None] = []
        pace = handlers._pace  # seen from within
        turn = pace.turn

        async def counted() -> None:
            asked.append(None)
            await turn()

        pace.turn = counted  # type: ignore[method-assign]
        for number in range(3):
            world.run(world.client.write(requests.create(CONFIG_MAPS, config_map(number), dry_run=number == 2)))
        assert len(asked) == 3
        assert pace.waits == 0  # nothing takes time in virtual time
