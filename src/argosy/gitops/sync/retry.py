"""Whether a failed operation is tried again, and when (spec 1.3, 1.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from argosy.machinery import duration
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse


def may_retry(state: JsonObject) -> bool:
    """Only an operation that failed by itself; a negative limit is no limit."""
    limit = int(((state.get("operation") or {}).get("retry") or {}).get("limit") or 0)
    return state.get("phase") in ("Failed", "Error") and (limit < 0 or int(state.get("retryCount") or 0) < limit)


def next_retry_at(state: JsonObject) -> datetime:
    """min(maxDuration, duration * factor ^ retryCount) after the attempt ended."""
    backoff = ((state.get("operation") or {}).get("retry") or {}).get("backoff") or {}
    first, longest = _seconds(backoff.get("duration"), 5.0), _seconds(backoff.get("maxDuration"), 180.0)
    factor, count = backoff.get("factor") or 2, int(state.get("retryCount") or 0)
    wait = longest if count > 64 else min(longest, first * float(factor) ** count)
    return parse(str(state["finishedAt"])) + timedelta(seconds=wait)


def _seconds(text: object, default: float) -> float:
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
