"""Decides whether a failed request is sent again, and after how long. Pure."""

from __future__ import annotations

from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng

ATTEMPTS = 5
BACKOFF = Backoff(first=0.25, longest=10.0, jitter=0.5)
LONGEST_RETRY_AFTER = 60.0
GATEWAY = (500, 502, 503, 504)


def pause_before_retry(error: Exception, attempt: int, safe: bool, rng: Rng) -> float | None:
    """Seconds, or None: give up. `attempt` counts from 1; `safe`: the request is idempotent.

    429, and a refusal with Retry-After, were not carried out: they may be repeated whatever they were (as client-go).
    After a broken connection, or a gateway's error, the request may have been carried out: only safe ones are repeated.
    """
    if attempt >= ATTEMPTS:
        return None
    backoff = BACKOFF.delay(attempt, rng)
    if isinstance(error, StatusError):
        if error.code == 429 or (error.code >= 500 and error.retry_after):
            return max(backoff, min(float(error.retry_after), LONGEST_RETRY_AFTER))
        return backoff if safe and error.code in GATEWAY else None
    return backoff if safe else None
