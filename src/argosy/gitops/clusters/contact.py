"""Whether a cluster's objects can be listed, and whether it is still reachable.

Its informers retry forever by themselves, so they show neither a refusal nor the loss of a cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from argosy.gitops.clusters.live_state import LiveObjects
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import Shown, shown
from argosy.runtime.caches.informer_cache import InformerCache
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

FILLING_SECONDS: Final = 60.0
"""Within which a cluster's objects must have been listed."""

FILLING_LOOK: Final = 2.0
"""Between two checks of what a cluster refuses to list."""

PULSE_SECONDS: Final = 15.0
PULSES_MISSED: Final = 3
"""Consecutive failures until a cluster counts as unreachable: a restart is not reported."""

FORBIDDEN: Final = 403


class NotConnected(Shown):
    """The cluster cannot be reached; the text says why."""


async def filled(live: LiveObjects, parts: Iterable[InformerCaches], clock: Clock) -> None:
    """Waits until all is read. Raises NotConnected with the missing kind: at once if the server refuses it."""
    every = tuple(parts)
    async with asyncio.TaskGroup() as tasks:
        looks = tasks.create_task(_refusals(every, clock), name="what a cluster refuses to tell")
        await live.wait_synced()
        looks.cancel()


async def _refusals(parts: tuple[InformerCaches, ...], clock: Clock) -> None:
    ends = clock.monotonic() + FILLING_SECONDS
    while True:
        await clock.sleep(FILLING_LOOK, background=True)
        is_late = clock.monotonic() >= ends
        empty = [cache for part in parts for cache in part.all if not cache.synced]
        if found := [cache for cache in empty if is_late or cache.trouble.is_refused]:
            raise NotConnected(_unread(found))


def _unread(caches: list[InformerCache]) -> str:
    """Upstream's words. A cache with an error comes before one that only waits."""
    first = min(caches, key=lambda cache: (not cache.trouble.last_error, cache.resource.qualified))
    why = first.trouble.last_error or f"no answer within {FILLING_SECONDS:g} s"
    more = f" (and {len(caches) - 1} more kinds)" if len(caches) > 1 else ""
    return f"failed to load initial state of resource {first.resource.qualified}: {why}{more}"


async def look_after(client: Client, clock: Clock) -> None:
    """Raises NotConnected once the API server has not answered several times in a row."""
    missed = 0
    while True:
        await clock.sleep(PULSE_SECONDS, background=True)
        failure = await _silence(client)
        missed = missed + 1 if failure else 0
        if missed >= PULSES_MISSED:
            raise NotConnected(failure)


async def _silence(client: Client) -> str:
    """Why the server does not serve us; "" if it does."""
    try:
        async with asyncio.timeout(PULSE_SECONDS):
            dict((await client.served(fresh=True)).version)
    except TimeoutError:
        return f"it gave no answer within {PULSE_SECONDS:g} s"
    except Exception as error:
        is_answer = isinstance(error, StatusError) and error.code == FORBIDDEN  # its version may need more permissions
        return "" if is_answer else shown(error)
    return ""
