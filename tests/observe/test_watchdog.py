from __future__ import annotations

import asyncio
import logging
import time

import pytest

from argosy.observe.metrics import Registry
from argosy.observe.watchdog import TOLD_AGAIN_SECONDS, Watchdog, limit_of


class ByHand:
    """Processor time that passes only when a test says so."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def run(watchdog: Watchdog, *turns: float, clock: ByHand) -> None:
    """Turns of the loop that take so long each."""

    async def main() -> None:
        with watchdog.watching():
            for seconds in turns:
                clock.at += seconds
                await asyncio.sleep(0)  # noqa: TID251  # the next turn of the very loop under test

    with asyncio.Runner(loop_factory=watchdog.new_loop) as runner:
        runner.run(main())


def long_turns(registry: Registry) -> str:
    return next(line for line in registry.text().splitlines() if line.startswith("argosy_event_loop_long_turns_total"))


def test_the_longest_turn_is_a_metric() -> None:
    clock, registry = ByHand(), Registry()
    run(Watchdog(0.0, registry=registry, processor_time=clock), 0.0, 0.02, 0.3, 0.1, clock=clock)
    assert "argosy_event_loop_longest_turn_seconds 0.3" in registry.text()


def test_turns_are_counted_from_the_limit_on(caplog: pytest.LogCaptureFixture) -> None:
    clock, registry = ByHand(), Registry()
    with caplog.at_level(logging.WARNING):
        run(Watchdog(0.25, registry=registry, processor_time=clock), 0.0, 0.125, 0.25, 0.5, clock=clock)
    assert long_turns(registry).endswith(" 2")


def test_with_a_limit_of_zero_nothing_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    clock = ByHand()
    with caplog.at_level(logging.WARNING):
        run(Watchdog(0.0, registry=Registry(), processor_time=clock), 0.0, 9.0, clock=clock)
    assert not caplog.records


def test_the_log_names_places_and_no_values(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog(0.05, registry=Registry())

    def hold_the_loop(secret: str) -> None:
        ends = time.thread_time() + 0.3
        while time.thread_time() < ends:
            assert secret

    async def main() -> None:
        with watchdog.watching():
            await asyncio.sleep(0.2)  # noqa: TID251  # until the thread has looked for the first time
            hold_the_loop("hunter2")
            await asyncio.sleep(0)  # noqa: TID251

    with caplog.at_level(logging.WARNING), asyncio.Runner(loop_factory=watchdog.new_loop) as runner:
        runner.run(main())
    assert watchdog.longest >= 0.3
    told = [record.getMessage() for record in caplog.records if "turn of the event loop" in record.getMessage()]
    assert len(told) == 1
    assert "observe/test_watchdog.py" in told[0]
    assert "hold_the_loop" in told[0]
    assert "hunter2" not in told[0]


def test_one_culprit_is_reported_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    assert TOLD_AGAIN_SECONDS >= 30
    clock = ByHand()
    with caplog.at_level(logging.WARNING):
        run(Watchdog(0.25, registry=Registry(), processor_time=clock), 0.0, 0.5, 0.5, 0.5, clock=clock)
    assert len(caplog.records) == 1


def test_what_was_before_the_watch_does_not_count() -> None:
    clock = ByHand()
    watchdog = Watchdog(0.0, registry=Registry(), processor_time=clock)

    async def main() -> None:
        clock.at += 5.0
        await asyncio.sleep(0)  # noqa: TID251
        with watchdog.watching():
            await asyncio.sleep(0)  # noqa: TID251

    with asyncio.Runner(loop_factory=watchdog.new_loop) as runner:
        runner.run(main())
    assert watchdog.longest == 0.0


@pytest.mark.parametrize(("text", "seconds"), [("", 0.1), ("0", 0.0), ("0.5", 0.5), ("-1", 0.0), ("soon", 0.1)])
def test_the_limit_is_a_setting(text: str, seconds: float) -> None:
    assert limit_of({"ARGOSY_EVENT_LOOP_TURN_LIMIT": text}) == seconds
