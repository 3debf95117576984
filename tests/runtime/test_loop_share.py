"""All workers together take no more of one turn of the event loop than one may."""

from __future__ import annotations

import asyncio

from argosy.runtime.clock import RealClock
from argosy.runtime.loop_share import TURN_SECONDS, LoopShare


class Worked(RealClock):
    """Time passes with work alone."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time


WORKERS, WORK, TAKES = 20, 400, 0.003


def test_many_workers_hold_the_loop_no_longer_than_one() -> None:
    clock = Worked()
    share, left, turns = LoopShare(clock), [*range(WORK)], list[float]()

    async def worker() -> None:
        while True:
            await share.wait()
            if not left:
                return
            left.pop()
            clock.time += TAKES

    async def everybody_else() -> None:
        while left:
            before = clock.time
            await clock.sleep(0)
            turns.append(clock.time - before)

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WORKERS):
                tasks.create_task(worker())
            tasks.create_task(everybody_else())

    asyncio.run(main())
    assert max(turns) < TURN_SECONDS + TAKES
    assert sum(turns) > 0.9 * WORK * TAKES, "they work in every turn"


def test_nobody_waits_while_nothing_takes_time_and_another_loop_starts_from_zero() -> None:
    clock = Worked()
    share = LoopShare(clock)

    async def asked(times: int) -> list[bool]:
        return [share.is_used_up() for _ in range(times)]

    assert not any(asyncio.run(asked(1000)))
    clock.time += 1.0
    assert not any(asyncio.run(asked(2)))
