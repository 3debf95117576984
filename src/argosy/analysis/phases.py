"""The phases of measurements, metrics and runs, from best to worst. argo-rollouts: utils/analysis/helpers.go."""

from __future__ import annotations

from typing import Final

SUCCESSFUL: Final = "Successful"
RUNNING: Final = "Running"
PENDING: Final = "Pending"
INCONCLUSIVE: Final = "Inconclusive"
ERROR: Final = "Error"
FAILED: Final = "Failed"

ORDER: Final = (SUCCESSFUL, RUNNING, PENDING, INCONCLUSIVE, ERROR, FAILED)
COMPLETED: Final = frozenset({SUCCESSFUL, INCONCLUSIVE, ERROR, FAILED})
BAD: Final = frozenset({INCONCLUSIVE, ERROR, FAILED})
"""In a metric that counts, these finish the run."""


def is_worse(current: str, new: str) -> bool:
    return _rank(new) > _rank(current)


def _rank(phase: str) -> int:
    return ORDER.index(phase) if phase in ORDER else 0
