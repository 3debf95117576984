"""What workers that share a queue keep to."""

from __future__ import annotations

import asyncio

import pytest

from argosy.cluster.workqueue import Workqueue
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual


def test_an_item_that_waits_holds_up_no_other_one() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        done: list[str] = []

        async def process(item: str) -> None:
            if item.startswith("slow"):
                await clock.sleep(100)
            done.append(item)

        queue: Workqueue[str] = Workqueue("test", clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.run(process, workers=2))
            for item in ("slow", "a", "b", "c"):
                queue.add(item)
            await clock.sleep(1)
            assert done == ["a", "b", "c"]
            await clock.sleep(100)
            assert done == ["a", "b", "c", "slow"]
            queue.close()

    run_virtual(main, seed=1)


def test_no_item_is_with_two_workers_and_none_that_is_added_meanwhile_is_lost() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        running, most, looks = 0, 0, 0

        async def process(item: str) -> None:
            nonlocal running, most, looks
            running, looks = running + 1, looks + 1
            most = max(most, running)
            await clock.sleep(10)
            running -= 1

        queue: Workqueue[str] = Workqueue("test", clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.run(process, workers=3))
            queue.add("one")
            await clock.sleep(5)
            queue.add("one")
            queue.add("one")
            await clock.sleep(50)
            assert (most, looks) == (1, 2)
            queue.close()

    run_virtual(main, seed=1)


def test_an_item_that_fails_is_reported_by_the_kind_of_error_and_its_place_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A text may quote an object, and the object may be a Secret (security rule 9)."""

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async def process(item: str) -> None:
            raise ValueError("canary")

        queue: Workqueue[str] = Workqueue("test", clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.run(process, workers=1))
            queue.add("one")
            await clock.sleep(0.1)
            queue.close()

    run_virtual(main, seed=1)
    assert "test: one failed with ValueError in " in caplog.text
    assert "canary" not in caplog.text


def test_a_worker_that_was_cancelled_while_it_waited_takes_nothing_from_the_others() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        done: list[str] = []

        async def process(item: str) -> None:
            done.append(item)

        queue: Workqueue[str] = Workqueue("test", clock)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(queue.run(process))
            group.create_task(queue.run(process))
            await clock.sleep(1)
            first.cancel()
            await asyncio.wait([first])
            queue.add("a")
            await clock.sleep(1)
            queue.close()
        assert done == ["a"]

    run_virtual(main, seed=1)
