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
