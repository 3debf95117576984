"""Places are given out fairly: nobody who is quick waits long for those who are slow (security rule 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from argosy.runtime.workqueue.fair_places import PATIENCE, FairPlaces, Share, Speed

Story = Callable[[VirtualClock], Awaitable[None]]


def told(story: Story) -> None:
    async def main(clock: VirtualClock, _rng: SeededRng) -> None:
        await story(clock)

    run_virtual(main)


class Crowd:
    """Work that holds places; `waits` are the seconds until each got its place, by name."""

    def __init__(self, clock: VirtualClock, places: FairPlaces) -> None:
        self.clock, self.places = clock, places
        self.waits: dict[str, float] = {}
        self.order: list[str] = []
        self.sent_away: list[str] = []

    async def work(self, project: str, name: str, seconds: float, *, can_leave: bool = False) -> None:
        began, gone = self.clock.monotonic(), asyncio.Event()

        def leave() -> None:
            self.sent_away.append(name)
            gone.set()

        async with self.places.taken(Share(project, name), send_away=leave if can_leave else None):
            self.waits[name] = self.clock.monotonic() - began
            self.order.append(name)
            timer = self.clock.call_later(seconds, gone.set)
            await gone.wait()
            timer.cancel()


def test_no_more_than_the_places_are_inside_while_all_are_quick() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        async with asyncio.TaskGroup() as tasks:
            for number in range(6):
                tasks.create_task(crowd.work("p", f"r{number}", 1.0))
        assert [crowd.waits[f"r{number}"] for number in range(6)] == [0, 0, 1, 1, 2, 2]

    told(story)


def test_the_project_that_has_fewest_places_comes_first() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 0))
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(crowd.work("many", f"m{number}", 1.0))
            tasks.create_task(crowd.work("few", "f", 1.0))
        assert crowd.waits["f"] == 1

    told(story)


def test_the_repository_that_has_fewest_places_comes_first_within_a_project() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 0))
        places = crowd.places

        async def hold(name: str, label: str) -> None:
            async with places.taken(Share("p", name)):
                crowd.order.append(label)
                await clock.sleep(1.0)

        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(hold("greedy", f"greedy {number}"))
            tasks.create_task(hold("modest", "modest"))
        assert crowd.order.index("modest") == 2

    told(story)


def test_a_slow_source_gives_its_place_to_others_and_continues() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        async with asyncio.TaskGroup() as tasks:
            for number in range(2):
                tasks.create_task(crowd.work("p", f"slow{number}", 90.0))
            tasks.create_task(crowd.work("p", "quick", 0.5))
        assert crowd.waits["quick"] == PATIENCE
        assert not crowd.sent_away

    told(story)


def test_who_was_slow_begins_among_the_spare_places_until_it_is_quick_again() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 1, 1))
        await crowd.work("p", "a", 5.0)
        assert crowd.places.speed(Share("p", "a")) is Speed.SLOW
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crowd.work("p", "a", 1.0))
            tasks.create_task(crowd.work("p", "b", 1.0))
        assert crowd.waits["b"] == 0
        assert crowd.places.speed(Share("p", "a")) is Speed.QUICK

    told(story)


def test_fifty_that_never_end_delay_one_that_is_quick_by_some_seconds_at_most() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        async with asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(crowd.work("hostile", f"h{number}", 90.0, can_leave=True))
            await clock.sleep(20.0)
            tasks.create_task(crowd.work("good", "g", 0.5))
        assert crowd.waits["g"] <= PATIENCE + 0.1

    told(story)


def test_the_same_holds_within_one_project_for_one_that_was_quick_before() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        await crowd.work("default", "g", 0.5)
        async with asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(crowd.work("default", f"h{number}", 90.0, can_leave=True))
            await clock.sleep(20.0)
            tasks.create_task(crowd.work("default", "g", 0.5))
        assert crowd.waits["g"] <= PATIENCE + 0.1

    told(story)


def test_who_is_known_to_be_quick_does_not_even_wait_for_those_of_whom_nothing_is_known() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        await crowd.work("good", "g", 0.5)
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(crowd.work("hostile", f"h{number}", 2.0))
            await clock.sleep(0.5)
            tasks.create_task(crowd.work("good", "g", 0.5))
        assert crowd.waits["g"] == 0

    told(story)


def test_nobody_is_sent_away_while_there_is_room() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 2, 2))
        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                tasks.create_task(crowd.work("p", f"slow{number}", 60.0, can_leave=True))
        assert not crowd.sent_away

    told(story)


def test_who_gives_up_waiting_leaves_its_turn_to_others() -> None:
    async def story(clock: VirtualClock) -> None:
        crowd = Crowd(clock, FairPlaces(clock, 1, 0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crowd.work("p", "first", 1.0))
            await clock.sleep(0.1)
            impatient = tasks.create_task(crowd.work("p", "second", 1.0))
            tasks.create_task(crowd.work("p", "third", 1.0))
            await clock.sleep(0.1)
            impatient.cancel()
        assert crowd.waits["third"] == 0.9

    told(story)
