"""Work that must be done exactly once, whatever the API server answers meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.clients.fencing import FencedOff
from argosy.runtime.clock import Clock

BACKOFF = Backoff(first=0.5, longest=60.0, jitter=0.5)
QUIET_FAILURES = 3
"""Consecutive failures; more are logged."""

log = logging.getLogger(__name__)


async def until_done(work: Callable[[], Awaitable[object]], clock: Clock, rng: Rng) -> None:
    """Retries, with increasing pauses, until the API server has accepted it."""
    failures = 0
    while True:
        try:
            await work()
            return
        except (StatusError, OSError, FencedOff) as error:
            failures += 1
            if failures == QUIET_FAILURES:
                log.warning("tried again until it works: %s", described(error))
            await clock.sleep(BACKOFF.delay(failures, rng), background=failures > QUIET_FAILURES)
