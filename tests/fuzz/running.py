"""Runs a target for a number of examples, or of seconds."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import Target

BATCH = 400
PHASES = (Phase.reuse, Phase.generate, Phase.shrink)


def examples(target: Target, count: int) -> None:
    """Raises what the target raised, with the smallest input that shows it."""

    @settings(
        max_examples=count, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck), print_blob=True
    )
    @given(target.inputs)
    def once(data: Any) -> None:
        began = time.process_time()
        with contextlib.suppress(*target.refusals):
            target.run(data)
        took = time.process_time() - began
        assert took < target.seconds, f"took {took:.1f} s, the limit is {target.seconds:g} s"

    once()


def for_seconds(target: Target, seconds: float) -> int:
    """How many examples that were."""
    began, count = time.perf_counter(), 0
    batch = 20
    while time.perf_counter() - began < seconds:
        examples(target, batch)
        count += batch
        batch = min(BATCH, batch * 2)
    return count
