"""When many writes arrive at once, each turn of the loop executes a limited share, and other work continues."""

from __future__ import annotations

import asyncio

import pytest

from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.pace import CALLED_AT_ONCE, Pace
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


async def in_line(pace: Pace, loop: Loop) -> list[str]:
    """Whoever comes while a turn is full: one of them with several writes, one after another."""
    done: list[str] = []

    async def write(name: str, each: float = 0.001) -> None:
        await pace.turn()
        done.append(name)
        loop.moment += each

    async def several() -> None:
        for number in range(3):
            await write(f"again {number}")

    async with asyncio.TaskGroup() as group:
        group.create_task(write("first", each=0.01))
        group.create_task(several())
        for name in "abc":
            group.create_task(write(name))
    return done


def test_who_comes_back_for_more_waits_behind_those_who_have_not_had_a_turn() -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        done = runner.run(in_line(Pace(RealClock(), seconds=0.01), loop))
    assert done == ["first", "again 0", "a", "b", "c", "again 1", "again 2"]


async def looks_of_a_crowd(pace: Pace, loop: Loop, count: int) -> int:
    async def write() -> None:
        await pace.turn()
        loop.moment += 0.01

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(write())
    return pace.waits


def test_a_crowd_does_not_look_again_in_each_turn() -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        looks = runner.run(looks_of_a_crowd(Pace(RealClock(), seconds=0.01), loop, 1000))
    assert looks < 1000 * (CALLED_AT_ONCE + 1)


async def some_give_up(pace: Pace, loop: Loop, *, when_called: bool) -> list[int]:
    done: list[int] = []

    async def write(number: int) -> None:
        await pace.turn()
        done.append(number)
        loop.moment += 0.01

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(write(number)) for number in range(6)]
        await RealClock().sleep(0)
        while when_called and not pace._called:  # seen from within: called, and not come yet
            await RealClock().sleep(0)
        for number in (1, 2, 4):
            tasks[number].cancel()
    return done


@pytest.mark.parametrize("when_called", [False, True])
def test_who_gives_up_holds_nobody_up(when_called: bool) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        done = runner.run(some_give_up(Pace(RealClock(), seconds=0.01), loop, when_called=when_called))
    assert done == [0, 3, 5]


def test_a_loop_that_ended_while_some_waited_is_forgotten() -> None:
    pace = Pace(RealClock(), seconds=0.01)

    async def leave_some_waiting(loop: Loop) -> None:
        waiting = [loop.create_task(pace.turn()) for _ in range(3)]
        await pace.turn()
        loop.moment += 0.01
        await RealClock().sleep(0)
        assert not any(task.done() for task in waiting)

    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        runner.run(leave_some_waiting(loop))
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        turns = runner.run(crowd(pace, loop, 4, each=0.004))
    assert len(turns) == 4


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
