"""Parts that fail are started again, and what is to stop stops."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import VirtualProcess


def test_a_part_that_fails_is_started_again() -> None:
    process = VirtualProcess(7)
    begun = []

    async def part() -> None:
        begun.append(process.clock.monotonic())
        if len(begun) < 3:
            raise ValueError
        await asyncio.Event().wait()

    async def story() -> None:
        supervisor = Supervisor(process.clock, process.rng)
        supervisor.add("part", part)
        async with supervisor:
            await process.clock.settle(lambda: len(begun) == 3, within=timedelta(minutes=5))
        assert len(begun) == 3
        assert supervisor.parts[0].failures == 2

    process.run(story())
    process.close()


def test_a_part_that_fails_when_it_is_stopped_is_not_started_again() -> None:
    process = VirtualProcess(7)
    begun = []

    async def part() -> None:
        begun.append(process.clock.monotonic())
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    async def story() -> None:
        supervisor = Supervisor(process.clock, process.rng)
        supervisor.add("part", part)
        async with supervisor:
            await process.clock.sleep(1)
        assert len(begun) == 1

    process.run(story())
    process.close()
