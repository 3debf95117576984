"""Parts that fail are started again, and what is to stop stops."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from argosy.runtime.chance import SeededRng
from argosy.runtime.supervisor import GRACE, Supervisor
from argosy.runtime.virtual import VirtualClock, VirtualProcess, run_virtual


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


class Slow:
    """Begins one piece of work at once."""

    def __init__(self, clock: VirtualClock, seconds: float = 5) -> None:
        self._clock, self._seconds = clock, seconds
        self._done = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        return self._done.is_set()

    async def run(self) -> None:
        await self._clock.sleep(self._seconds)
        self._done.set()

    async def stop(self) -> None:
        await self._done.wait()


def test_leaving_the_supervisor_lets_begun_work_finish() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[bool, float]:
        slow = Slow(clock)
        async with Supervisor(clock, rng) as parts:
            parts.add("slow", slow.run)
            parts.draining["slow"] = slow
            await clock.sleep(1)
        return slow.is_idle, clock.monotonic()

    assert run_virtual(main) == (True, 5.0)


def test_what_does_not_finish_in_its_time_is_left(caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> float:
        slow = Slow(clock, seconds=1000)
        async with Supervisor(clock, rng) as parts:
            parts.add("slow", slow.run)
            parts.draining["slow"] = slow
        return clock.monotonic()

    assert run_virtual(main) == GRACE
    assert "slow" in caplog.text


def test_a_part_that_fails_is_started_again_and_the_others_go_on() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[int, int]:
        starts = ticks = 0

        async def fragile() -> None:
            nonlocal starts
            starts += 1
            if starts < 3:
                raise OSError("disk")
            await asyncio.Event().wait()

        async def steady() -> None:
            nonlocal ticks
            while True:
                await clock.sleep(1, background=True)
                ticks += 1

        async with Supervisor(clock, rng) as parts:
            parts.add("fragile", fragile)
            parts.add("steady", steady)
            await clock.sleep(20)
            assert parts.parts[0].last_error.startswith("OSError in ")
        return starts, ticks

    starts, ticks = run_virtual(main)
    assert starts == 3
    assert ticks >= 19


def test_what_its_block_raises_leaves_it_as_it_is_and_the_parts_stop() -> None:
    process = VirtualProcess(7)
    stopped = []

    async def part() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)

    async def story() -> None:
        supervisor = Supervisor(process.clock, process.rng)
        supervisor.add("part", part)
        with pytest.raises(ValueError, match=r"^a bad flag$"):
            async with supervisor:
                await process.clock.sleep(1)
                raise ValueError("a bad flag")
        assert stopped == [True]

    process.run(story())
    process.close()
