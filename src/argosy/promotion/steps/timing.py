"""Durations of configurations."""

from __future__ import annotations

from argosy.machinery import duration
from argosy.promotion.steps.kind import StepFault


def seconds(text: str | None, default: float) -> float:
    """Raises StepFault for a text that is no duration."""
    if not text:
        return default
    try:
        return duration.parse(text).total_seconds()
    except duration.DurationError as error:
        raise StepFault(f"timeout: {error}", terminal=True) from None
