"""How long to wait before a retry: doubling, bounded, and with jitter so that clients do not retry in step."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.runtime.chance import Rng


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds: `first` after the first failure, doubling up to `longest`; a random part of up to `jitter` is added."""

    first: float = 0.2
    longest: float = 300.0
    jitter: float = 0.2

    def delay(self, failures: int, rng: Rng) -> float:
        """`failures` counts from 1."""
        plain = min(self.longest, self.first * 2.0 ** min(max(0, failures - 1), 62))
        return plain + rng.uniform(0.0, plain * self.jitter)
