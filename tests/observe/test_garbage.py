from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from argosy.observe.garbage import LONG_SECONDS, Garbage, put_off


class Slow:
    """Each reading is so much later than the one before."""

    def __init__(self, step: float) -> None:
        self.at, self.step = 0.0, step

    def __call__(self) -> float:
        self.at += self.step
        return self.at


@pytest.fixture
def settled(request: pytest.FixtureRequest) -> Iterator[Garbage]:
    garbage = Garbage(Slow(request.param))
    garbage.settle()
    yield garbage
    garbage.release()


@pytest.mark.parametrize("settled", [LONG_SECONDS], indirect=True)
def test_what_a_long_pass_found_alive_is_not_looked_at_again(settled: Garbage) -> None:
    before, kept = gc.get_freeze_count(), [[number] for number in range(1000)]
    gc.collect()
    assert settled.set_aside == 1
    assert gc.get_freeze_count() >= before + len(kept)


@pytest.mark.parametrize("settled", [LONG_SECONDS / 2], indirect=True)
def test_after_a_short_pass_all_is_looked_at_as_before(settled: Garbage) -> None:
    gc.collect()
    assert settled.set_aside == 0


@pytest.mark.parametrize("settled", [LONG_SECONDS], indirect=True)
def test_a_thorough_pass_finds_cycles_that_were_set_aside(settled: Garbage) -> None:
    class Ring:
        alive = 0

        def __init__(self) -> None:
            self.me = self
            Ring.alive += 1

        def __del__(self) -> None:
            Ring.alive -= 1

    ring = Ring()
    gc.collect()
    del ring
    gc.collect()
    assert Ring.alive == 1
    settled.thorough()
    assert Ring.alive == 0


def test_no_pass_is_made_between_the_start_and_the_time_when_all_has_settled() -> None:
    put_off()
    try:
        assert not gc.isenabled()
    finally:
        garbage = Garbage()
        garbage.settle()
        garbage.release()
    assert gc.isenabled()


def test_a_thorough_pass_waits_until_the_process_has_grown() -> None:
    garbage = Garbage(Slow(LONG_SECONDS))
    garbage.settle()
    try:
        assert not garbage.thorough_if_grown()
        kept = [[number] for number in range(2 * gc.get_freeze_count())]
        gc.collect()
        assert garbage.thorough_if_grown()
        assert not garbage.thorough_if_grown()
        assert kept
    finally:
        garbage.release()


@pytest.mark.parametrize("settled", [LONG_SECONDS], indirect=True)
def test_after_a_long_pass_the_next_one_comes_before_there_is_much_again(settled: Garbage) -> None:
    """Python would wait for a quarter as many new objects as the long one saw, and then be as long at one go."""
    gc.disable()
    kept: list[object] = [[number] for number in range(200_000)]
    gc.enable()

    async def scenario() -> int:
        gc.collect()
        await asyncio.sleep(0)  # noqa: TID251  # the loop's next turn
        before = settled.set_aside
        kept.extend([number] for number in range(20_000))
        return settled.set_aside - before

    assert asyncio.run(scenario()) >= 1
