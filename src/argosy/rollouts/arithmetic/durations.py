"""How long a pause step lasts."""

from __future__ import annotations

from datetime import timedelta

from argosy.apis.rollouts.steps import Pause
from argosy.machinery.duration import DurationError, nanoseconds


def pause_seconds(pause: Pause) -> int:
    """Whole seconds: a number or its text, or a Go duration; 0 if absent, -1 if invalid."""
    value = pause.duration
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        whole = nanoseconds(value)
    except DurationError:
        return -1
    return whole // 10**9 if whole >= 0 else -(-whole // 10**9)


def pause_length(pause: Pause) -> timedelta | None:
    """None means until somebody resumes it."""
    return None if pause.duration is None else timedelta(seconds=pause_seconds(pause))
