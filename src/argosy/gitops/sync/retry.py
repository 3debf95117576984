"""Whether a failed operation is retried, and when (spec 1.3, 1.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from argosy.apis.argoproj.application import OperationState
from argosy.apis.schema import read
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse


def may_retry(state: JsonObject) -> bool:
    """Only an operation that failed by itself; a negative limit means no limit."""
    found = read(OperationState, state)
    limit = int(found.operation.retry.limit)
    return found.phase in ("Failed", "Error") and (limit < 0 or int(found.retry_count) < limit)


def next_retry_at(state: JsonObject) -> datetime:
    """min(maxDuration, duration * factor ^ retryCount) after the end of the attempt."""
    found = read(OperationState, state)
    backoff, count = found.operation.retry.backoff, int(found.retry_count)
    first, longest = _seconds(backoff.duration, 5.0), _seconds(backoff.max_duration, 180.0)
    wait = longest if count > 64 else min(longest, first * float(backoff.factor or 2) ** count)
    return parse(found.finished_at) + timedelta(seconds=wait)


def _seconds(text: str, default: float) -> float:
    """A Go duration; a bare number is seconds."""
    if not text:
        return default
    try:
        return float(str(text))
    except ValueError:
        pass
    try:
        return duration.parse(str(text)).total_seconds()
    except duration.DurationError:
        return default
