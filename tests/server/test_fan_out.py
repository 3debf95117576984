"""Very many streams are woken some at a time, and others have half of the loop."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from argosy.runtime.clock import RealClock, TimerHandle
from argosy.server.fan_out import AT_ONCE, LONGEST_REST_SECONDS, FanOut


class HandClock(RealClock):
    """Time passes by hand, or as long as a stream takes."""

    def __init__(self) -> None:
        self.time = 0.0
        self.turns: list[float] = []
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def monotonic(self) -> float:
        return self.time

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle:
        assert seconds >= 0
        heappush(self._due, (self.time + seconds, next(self._number), callback))
        return Uncancelled()

    def run(self, until: float = float("inf")) -> None:
        while self._due and self._due[0][0] <= until:
            at, _, callback = heappop(self._due)
            self.time = max(self.time, at)
            self.turns.append(self.time)
            callback()


class Uncancelled:
    def cancel(self) -> None:
        raise AssertionError("a fan-out takes nothing back")


class Stream:
    def __init__(self, clock: HandClock, takes: float = 0.0) -> None:
        self._clock, self._takes = clock, takes
        self.woken: list[float] = []

    def wake(self) -> None:
        self.woken.append(self._clock.time)
        self._clock.time += self._takes


def test_a_single_stream_is_woken_at_once_and_once_for_much_news() -> None:
    clock = HandClock()
    fan_out, stream = FanOut(clock), Stream(clock)
    for _ in range(10):
        fan_out.wake(stream)
    clock.run()
    assert stream.woken == [0.0]
    fan_out.wake(stream)
    clock.run()
    assert stream.woken == [0.0, 0.0]


def test_streams_are_woken_some_at_a_time_in_the_order_in_which_news_came() -> None:
    clock = HandClock()
    fan_out, order = FanOut(clock), list[int]()

    class Numbered(Stream):
        def __init__(self, number: int) -> None:
            super().__init__(clock)
            self.number = number

        def wake(self) -> None:
            order.append(self.number)

    for number in range(3 * AT_ONCE):
        fan_out.wake(Numbered(number))
    assert not order
    clock.run()
    assert order == [*range(3 * AT_ONCE)]
    assert len(clock.turns) == 1 + 2 + 1, "a turn for each part, the first with the beginning, and the end"


def test_after_a_round_others_have_the_loop_for_as_long_as_it_took() -> None:
    clock = HandClock()
    fan_out = FanOut(clock)
    streams = [Stream(clock, takes=0.001) for _ in range(50)]
    for stream in streams:
        fan_out.wake(stream)
    clock.run(until=0.0)
    fan_out.wake(streams[0])
    clock.run()
    assert abs(streams[0].woken[1] - 0.1) < 1e-9, "50 ms of waking, 50 ms for others"


def test_what_comes_while_others_have_the_loop_waits_for_the_next_round_however_long_ago_the_last_change_was() -> None:
    clock = HandClock()
    fan_out = FanOut(clock)
    streams = [Stream(clock, takes=0.01) for _ in range(50)]
    for stream in streams:
        fan_out.wake(stream)
    clock.run()
    ended = clock.time
    fan_out.wake(streams[7])
    clock.run()
    assert abs(streams[7].woken[1] - ended - LONGEST_REST_SECONDS) < 1e-9, "no rest is longer"
    clock.time += 1.0
    before = clock.time
    fan_out.wake(streams[7])
    clock.run()
    assert streams[7].woken[2] == before
