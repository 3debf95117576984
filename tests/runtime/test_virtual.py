"""Virtual time: exact, ordered, still while outside work is open, and the same for the same seed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import START, Ending, Limits, VirtualClock, VirtualProcess, run_virtual
from argosy.runtime.virtual_loop import EndOfTimeError, LivelockError, StuckError, VirtualTimeError


def test_a_sleep_ends_at_exactly_its_time_and_takes_no_real_time() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> datetime:
        await clock.sleep(0.1)
        await clock.sleep(0.2)
        await clock.sleep(3600 * 24 * 365)
        return clock.now()

    assert run_virtual(main) == START + timedelta(days=365, milliseconds=300)


def test_asyncio_timeouts_follow_virtual_time_too() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> datetime:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90):
                await asyncio.Event().wait()
        return clock.now()

    assert run_virtual(main) == START + timedelta(seconds=90)


def test_timers_of_one_instant_run_in_the_order_in_which_they_were_set() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[int]:
        ran: list[int] = []
        for number in range(50):
            clock.call_later(5, partial(ran.append, number))
        await clock.sleep(5)
        return ran

    assert run_virtual(main) == list(range(50))


def test_a_cancelled_timer_does_not_run_and_keeps_nothing_alive() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[list[str], datetime]:
        ran: list[str] = []
        second = clock.call_later(5, lambda: ran.append("second"))
        clock.call_later(4, second.cancel)
        clock.call_later(1000, lambda: ran.append("late")).cancel()
        settled = await clock.settle()
        return ran, settled.at

    assert run_virtual(main) == ([], START + timedelta(seconds=4))


def test_a_run_is_quiet_when_only_background_timers_are_left() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[Ending, datetime, int]:
        beats = 0

        async def heart() -> None:
            nonlocal beats
            while True:
                await clock.sleep(10, background=True)
                beats += 1

        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(heart())
            tasks.create_task(clock.sleep(35))
            settled = await clock.settle()
            beating.cancel()
        return settled.ending, settled.at, beats

    assert run_virtual(main) == (Ending.QUIET, START + timedelta(seconds=35), 3)


def test_a_goal_ends_the_run_at_the_first_instant_where_it_holds() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[Ending, datetime]:
        seen: list[int] = []
        for second in range(1, 100):
            clock.call_later(second, partial(seen.append, second))
        settled = await clock.settle(lambda: 7 in seen)
        assert seen[-1] == 7
        return settled.ending, settled.at

    assert run_virtual(main) == (Ending.GOAL, START + timedelta(seconds=7))


def test_a_deadline_ends_the_wait_for_a_goal_that_never_holds() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[Ending, datetime]:
        settled = await clock.settle(lambda: False, within=timedelta(minutes=3))
        return settled.ending, settled.at

    assert run_virtual(main) == (Ending.DEADLINE, START + timedelta(minutes=3))


def test_time_stops_while_outside_work_is_open_then_moves_by_what_it_takes() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[tuple[str, float]]:
        log: list[tuple[str, float]] = []
        clock.call_later(1, lambda: log.append(("timer", clock.monotonic())))
        log.append((await clock.external(asyncio.to_thread(lambda: "thread"), takes=5), clock.monotonic()))
        return log

    assert run_virtual(main) == [("timer", 1.0), ("thread", 5.0)]


def test_results_of_outside_work_come_in_the_order_in_which_it_began() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[str]:
        gate = threading.Event()
        order: list[str] = []

        async def work(name: str, call: object) -> None:
            await clock.external(asyncio.to_thread(call))  # type: ignore[arg-type]
            order.append(name)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work("first", lambda: gate.wait(30)))
            tasks.create_task(work("second", gate.set))
        return order

    assert run_virtual(main) == ["first", "second"]


def test_child_processes_run_as_outside_work() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> bytes:
        async def child() -> bytes:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-S", "-c", "print('hello')", stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            return output

        return await clock.external(child())

    assert run_virtual(main) == b"hello\n"


def test_deadlines_inside_outside_work_are_real() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> float:
        async def hangs() -> None:
            async with asyncio.timeout(0.02):
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            await clock.external(hangs())
        return clock.monotonic()

    assert run_virtual(main) == 0.0


def test_an_error_of_outside_work_reaches_its_caller() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async def fails() -> None:
            raise LookupError("gone")

        await clock.external(fails(), takes=3)

    with pytest.raises(LookupError, match="gone"):
        run_virtual(main)


def test_cancelled_outside_work_lets_time_move_again() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> float:
        started = asyncio.Event()

        async def hangs() -> None:
            started.set()
            await asyncio.Event().wait()

        async with asyncio.TaskGroup() as tasks:
            held = tasks.create_task(clock.external(hangs()))
            await started.wait()
            held.cancel()
        await clock.sleep(9)
        return clock.monotonic()

    assert run_virtual(main) == 9.0


def test_a_thread_outside_of_external_is_refused() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        await asyncio.to_thread(int)

    with pytest.raises(VirtualTimeError, match=r"a thread was started .* outside of Clock\.external"):
        run_virtual(main)


def test_a_livelock_is_stopped_and_names_what_ran() -> None:
    async def spinning_controller(clock: VirtualClock) -> None:
        while True:
            await clock.sleep(0)

    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(spinning_controller(clock), name="spinner")

    with pytest.raises(LivelockError, match=r"spinner in .*spinning_controller"):
        run_virtual(main, limits=Limits(rounds_per_instant=2000))


def test_a_wait_for_what_can_never_come_is_an_error() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        await asyncio.Event().wait()

    with pytest.raises(StuckError, match="no timer is set"):
        run_virtual(main)


def test_an_endless_run_ends_at_its_last_instant() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        while True:
            await clock.sleep(60, background=True)

    with pytest.raises(EndOfTimeError, match="past the end of the run, 3600 s"):
        run_virtual(main, limits=Limits(duration=timedelta(hours=1)))


def test_a_start_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"), VirtualProcess(start=datetime(2030, 1, 1)):  # noqa: DTZ001
        pass


def test_several_coroutines_may_share_one_world() -> None:
    with VirtualProcess(start=datetime(2031, 5, 4, tzinfo=UTC)) as process:
        process.run(process.clock.sleep(60))
        process.run(process.clock.sleep(60))
        assert process.clock.now() == datetime(2031, 5, 4, 0, 2, tzinfo=UTC)


SCENARIO = textwrap.dedent(
    """
    import asyncio
    from argosy.runtime.virtual import run_virtual

    async def worker(clock, rng, name, log, crowd):
        try:
            for _ in range(20):
                await clock.sleep(round(rng.uniform(0, 3)))
                log.append((clock.monotonic(), name, rng.suffix(5)))
            if name == "w3":
                raise ValueError
            await asyncio.Event().wait()
        finally:
            log.append((clock.monotonic(), name, "ended"))

    async def main(clock, rng):
        log, crowd = [], set()
        try:
            async with asyncio.TaskGroup() as tasks:
                for n in range(40):
                    tasks.create_task(worker(clock, rng.fork(f"w{n}"), f"w{n}", log, crowd))
        except* ValueError:
            pass
        return log

    for line in run_virtual(main, seed=11):
        print(*line)
    """
)


def test_a_seed_gives_the_same_run_in_every_process_whatever_the_hash_seed() -> None:
    def run(hash_seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run([sys.executable, "-c", SCENARIO], env=environment, check=True, capture_output=True).stdout

    first = run("1")
    assert first.count(b"ended") == 40
    assert run("2") == first
