"""Long work in slices: short work waits for nobody, long work holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.machinery.pieces import Pieces, at_once, finished
from argosy.runtime.slices import FIRST_SECONDS, SLICE_SECONDS, Slices
from argosy.runtime.virtual import VirtualClock, run_virtual

PIECE = 0.001


class ByHand:
    """A clock that only work moves; `sleep` is a turn of the loop."""

    def __init__(self) -> None:
        self.at = 0.0
        self.turn_began = 0.0
        self.longest = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        self.longest = max(self.longest, self.at - self.turn_began)
        self.turn_began = self.at

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> Any:
        raise AssertionError("no timers here")

    async def external(self, work: Awaitable[Any], *, takes: float = 0.0) -> Any:
        raise AssertionError("nothing outside here")


def work(clock: ByHand, count: int, done: list[str], name: str) -> Pieces[str]:
    for _ in range(count):
        clock.at += PIECE
        yield
    done.append(name)
    return name


def test_short_work_is_done_at_once() -> None:
    clock, done = ByHand(), list[str]()
    slices = Slices(clock)
    assert asyncio.run(slices.run(work(clock, int(FIRST_SECONDS / PIECE) - 1, done, "short"))) == "short"
    assert slices.cuts == 0


def test_long_work_is_cut_into_slices() -> None:
    clock, done = ByHand(), list[str]()
    slices = Slices(clock)
    assert asyncio.run(slices.run(work(clock, 100, done, "long"))) == "long"
    assert slices.cuts == pytest.approx(100 * PIECE / SLICE_SECONDS, abs=1)
    assert clock.longest <= SLICE_SECONDS + FIRST_SECONDS + PIECE


def test_many_long_works_take_turns_and_hold_the_loop_no_longer_than_one() -> None:
    clock, done = ByHand(), list[str]()
    slices = Slices(clock)

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(10):
                tasks.create_task(slices.run(work(clock, 50, done, str(number))))
            while len(done) < 10:
                await clock.sleep(0)

    asyncio.run(main())
    assert done == [str(number) for number in range(10)]
    assert clock.longest <= SLICE_SECONDS + 10 * FIRST_SECONDS + PIECE


def test_what_the_work_raises_is_raised_and_the_next_work_continues() -> None:
    clock, done = ByHand(), list[str]()
    slices = Slices(clock)

    def failing() -> Pieces[None]:
        yield from work(clock, 50, done, "before")
        raise ValueError("no")

    async def main() -> None:
        with pytest.raises(ValueError, match="no"):
            await slices.run(failing())
        assert await slices.run(work(clock, 50, done, "after")) == "after"

    asyncio.run(main())


def test_in_virtual_time_nothing_is_cut() -> None:
    async def main(clock: VirtualClock, _rng: object) -> None:
        slices = Slices(clock)
        assert await slices.run(work(ByHand(), 10_000, [], "all")) == "all"
        assert slices.cuts == 0

    run_virtual(main)


def test_pieces_can_be_done_at_once() -> None:
    assert finished(work(ByHand(), 100, [], "all")) == "all"
    assert finished(at_once(3)) == 3
