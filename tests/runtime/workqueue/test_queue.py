"""The work queue: one worker a key, coalescing, delays and doubling retries."""

from __future__ import annotations

import asyncio

import pytest

from argosy.machinery.objects import Key
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from argosy.runtime.workqueue.queue import CONTINUED_IN_A_ROW, QueueClosed, WorkQueue

A, B = Key("ns", "a"), Key("ns", "b")
PLAIN = Backoff(first=1.0, longest=10.0, jitter=0.0)


def test_a_key_added_many_times_is_handed_out_once() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[Key]:
        queue = WorkQueue(clock, rng)
        for key in (A, B, A, A, B):
            queue.add(key)
        queue.shut_down()
        return [await queue.get() for _ in range(len(queue))]

    assert run_virtual(main) == [A, B]


def test_a_key_that_changes_while_worked_on_comes_again_but_not_before_it_is_done() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        queue = WorkQueue(clock, rng)
        queue.add(A)
        assert await queue.get() == A
        queue.add(A)
        assert len(queue) == 0
        queue.done(A)
        assert await queue.get() == A
        queue.done(A)
        assert queue.is_idle

    run_virtual(main)


def test_a_key_that_rests_is_handed_out_once_after_its_rest_and_nobody_waits_for_it() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[tuple[Key, float]]:
        queue, taken = WorkQueue(clock, rng), []
        queue.add(A)
        await queue.get()
        queue.rest(A, 5)
        queue.add(A)
        queue.done(A)
        queue.add(A)
        queue.add_after(A, 1)
        queue.add(B)
        for _ in range(2):
            taken.append((await queue.get(), clock.monotonic()))
            queue.done(taken[-1][0])
        assert queue.is_idle
        return taken

    assert run_virtual(main) == [(B, 0.0), (A, 5.0)]


def test_a_rest_brings_no_turn_of_its_own() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> int:
        queue = WorkQueue(clock, rng)
        queue.add(A)
        await queue.get()
        queue.rest(A, 5)
        queue.done(A)
        await clock.sleep(10)
        return len(queue)

    assert run_virtual(main) == 0


def test_of_several_delays_of_a_key_the_earliest_counts() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[float]:
        queue = WorkQueue(clock, rng)
        queue.add_after(A, 30)
        queue.add_after(A, 10)
        queue.add_after(A, 20)
        times = []
        await queue.get()
        times.append(clock.monotonic())
        queue.done(A)
        await clock.settle()
        times.append(float(len(queue)))
        return times

    assert run_virtual(main) == [10.0, 0.0]


def test_a_due_key_comes_before_changes_and_a_retry_after_them() -> None:
    late, retried, polled = (Key("ns", name) for name in ("late", "retried", "polled"))

    async def main(clock: VirtualClock, rng: SeededRng) -> list[Key]:
        queue = WorkQueue(clock, rng, PLAIN)
        queue.retry(retried, at_most=1.0)
        queue.add_after(polled, 1, background=True)
        queue.add_after(late, 1)
        queue.add(A)
        await clock.sleep(2)
        queue.add(B)
        queue.shut_down()
        return [await queue.get() for _ in range(len(queue))]

    assert run_virtual(main) == [late, A, retried, polled, B]


def test_a_key_that_continues_comes_before_first_turns_but_does_not_hold_them_up_for_ever() -> None:
    waiting = [Key("ns", f"waiting-{number}") for number in range(3)]

    async def main(clock: VirtualClock, rng: SeededRng) -> list[Key]:
        queue, taken = WorkQueue(clock, rng), list[Key]()
        for key in (A, *waiting):
            queue.add(key)
        while len(queue):
            key = await queue.get()
            taken.append(key)
            if key == A and len(taken) < 2 * CONTINUED_IN_A_ROW:
                queue.continues(key)
                queue.add(key)
            queue.done(key)
        return taken

    taken = run_virtual(main)
    assert taken[: CONTINUED_IN_A_ROW + 1] == [A] * (CONTINUED_IN_A_ROW + 1)
    assert taken[CONTINUED_IN_A_ROW + 1] == waiting[0]
    assert [key for key in taken if key != A] == waiting


def test_a_forgotten_key_continues_nothing() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[Key]:
        queue = WorkQueue(clock, rng)
        queue.continues(B)
        queue.forget(B)
        queue.add(A)
        queue.add(B)
        return [await queue.get() for _ in range(2)]

    assert run_virtual(main) == [A, B]


def test_retries_double_up_to_the_longest_and_start_over_when_forgotten() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> list[float]:
        queue = WorkQueue(clock, rng, PLAIN)
        delays = [queue.retry(A) for _ in range(6)]
        queue.forget(A)
        return [*delays, queue.retry(A), queue.retry(B, at_least=7)]

    assert run_virtual(main) == [1, 2, 4, 8, 10, 10, 1, 7]


def test_jitter_spreads_retries_but_stays_in_its_bounds() -> None:
    rng = SeededRng(3)
    delays = {Backoff(first=4, longest=100, jitter=0.5).delay(2, rng) for _ in range(100)}
    assert len(delays) > 90
    assert all(8 <= delay <= 12 for delay in delays)


def test_a_failure_count_beyond_all_reason_still_gives_the_longest_delay() -> None:
    assert PLAIN.delay(100_000, SeededRng(1)) == 10.0


def test_shut_down_hands_out_what_is_ready_and_drops_what_waits() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        queue = WorkQueue(clock, rng)
        queue.add(A)
        queue.add_after(B, 5)
        queue.shut_down()
        assert await queue.get() == A
        with pytest.raises(QueueClosed):
            await queue.get()

    run_virtual(main)


def test_a_waiting_worker_that_is_cancelled_as_its_key_comes_passes_the_key_on() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> Key:
        queue = WorkQueue(clock, rng)
        async with asyncio.TaskGroup() as tasks:
            first, second = tasks.create_task(queue.get()), tasks.create_task(queue.get())
            await clock.sleep(1)
            queue.add(A)
            first.cancel()
        return second.result()

    assert run_virtual(main) == A


def test_a_delay_below_the_clock_s_resolution_is_no_spin() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> float:
        queue = WorkQueue(clock, rng)
        for _ in range(5):
            queue.add_after(A, 1e-9)
            queue.done(await queue.get())
        return clock.monotonic()

    assert run_virtual(main) >= 0.005
