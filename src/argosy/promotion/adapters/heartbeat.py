"""Renews the Lease that shows that a controller is alive, so that users of a dead shard see why nothing happens.

Owns Lease `kargo-controller-<shard>` (`-unnamed` without one) in the control namespace. Source: spec/kargo.md 12.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, create, delete, update
from argosy.machinery.status import StatusError
from argosy.promotion.names import CONTROLLER_LABEL
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
RENEWALS: Final = 3
"""Several renewals fit into the Lease's duration: a missed one does not make it expire."""
LAST_SECONDS: Final = 5.0
"""How long shutdown may wait for the Lease to be deleted."""

log = logging.getLogger(__name__)


def renewed(lease: JsonObject | None, key: Key, shard: str, holder: str, seconds: int, now: datetime) -> JsonObject:
    """The Lease as it is to be."""
    moment = timestamps.micros(now)
    spec = dict((lease or {}).get("spec") or {})
    spec |= {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": moment}
    spec.setdefault("acquireTime", moment)
    metadata = dict((lease or {}).get("metadata") or {"namespace": key.namespace, "name": key.name})
    metadata["labels"] = {**(metadata.get("labels") or {}), CONTROLLER_LABEL: shard}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


class Heartbeat:
    def __init__(self, client: Client, clock: Clock, *, namespace: str, shard: str, holder: str, seconds: int) -> None:
        """`seconds`: how long each renewal is valid."""
        self._client, self._clock = client, clock
        self._key = Key(namespace, f"kargo-controller-{shard or 'unnamed'}")
        self._shard, self._holder, self._seconds = shard, holder, seconds

    async def run(self) -> None:
        """Runs until cancelled; then deletes the Lease, unless another replica has taken it over."""
        try:
            while True:
                await self._beat()
                await self._clock.sleep(self._seconds / RENEWALS, background=True)
        finally:
            await self._end()

    async def _beat(self) -> None:
        """A failed renewal is made up for by the next one."""
        try:
            lease = await self._read()
            wanted = renewed(lease, self._key, self._shard, self._holder, self._seconds, self._clock.now())
            await self._client.write(create(LEASES, wanted) if lease is None else update(LEASES, wanted))
        except (StatusError, OSError) as error:
            log.debug("the heartbeat %s was not renewed: %s", self._key, type(error).__name__)

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(LAST_SECONDS):
                lease = await self._read()
                if lease is not None and (lease.get("spec") or {}).get("holderIdentity") == self._holder:
                    await self._client.write(delete(LEASES, lease))
        except (StatusError, OSError, TimeoutError) as error:
            log.debug("the heartbeat %s stays: %s", self._key, type(error).__name__)

    async def _read(self) -> JsonObject | None:
        try:
            return await self._client.get(Get(LEASES, self._key))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise
