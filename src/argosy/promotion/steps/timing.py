"""Durations of configurations."""

from __future__ import annotations

from datetime import timedelta

from argosy.machinery import duration
from argosy.promotion.steps.kind import Run, StepFault


def seconds(text: str | None, default: float) -> float:
    """The value of `timeout`. Raises StepFault if it is not a duration."""
    return _parsed("timeout", text).total_seconds() if text else default


def poll_interval(run: Run, default: timedelta) -> timedelta:
    """Raises StepFault if it is not a duration."""
    given = run.job.config.get("pollInterval")
    return _parsed("pollInterval", given) if given else default


def _parsed(field: str, text: str) -> timedelta:
    try:
        return duration.parse(text)
    except duration.DurationError as error:
        raise StepFault(f"{field}: {error}", terminal=True) from None
