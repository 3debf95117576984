"""The livelock guard: bursts pass, endless writing does not."""

from __future__ import annotations

from argosy.runtime.engine.livelock import BURST, PER_SECOND, LivelockGuard


def test_a_burst_passes_and_endless_writing_rests() -> None:
    guard = LivelockGuard()
    assert [guard.wrote("a", 0.0) for _ in range(int(BURST))] == [0.0] * int(BURST)
    assert guard.wrote("a", 0.0) == 1.0 / PER_SECOND
    assert guard.wrote("b", 0.0) == 0.0


def test_a_key_earns_its_writes_back_with_time() -> None:
    guard = LivelockGuard()
    for _ in range(int(BURST)):
        guard.wrote("a", 0.0)
    assert guard.wrote("a", 10.0) == 0.0


def test_a_key_that_has_earned_all_its_writes_back_is_forgotten() -> None:
    guard = LivelockGuard()
    for number in range(1000):
        guard.wrote(number, number / 100)
    assert len(guard) == 100  # those of the last second
    guard.wrote("another", 100.0)
    assert len(guard) == 1
