"""ReplicaSets whose pods come and go in their status alone: quick enough for a thousand stories."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource, key_of
from argosy.machinery.status import StatusError
from tests.kit.world import World

REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
STARTS, READY = 0.1, 2.0
"""Seconds until a pod is counted, and until it is available."""


class ReplicaSets:
    """`broken`: images whose pods never get available. What is taken away is gone at once."""

    def __init__(self, world: World, broken: Iterable[str] = ()) -> None:
        self._world, self._broken = world, frozenset(broken)
        self._tasks: set[asyncio.Task[None]] = set()
        self._generations: dict[str, int] = {}
        world.caches.cache(REPLICA_SETS).on_change(self._heard)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None or self._generations.get(new["metadata"]["uid"]) == new["metadata"]["generation"]:
            return
        self._generations[new["metadata"]["uid"]] = new["metadata"]["generation"]
        wanted, status = int(new["spec"].get("replicas", 1)), new.get("status") or {}
        available = min(wanted, int(status.get("availableReplicas") or 0))
        self._later(STARTS, new, replicas=wanted, available=available)
        if available < wanted and not self._is_broken(new):
            self._later(READY, new, replicas=wanted, available=wanted)

    def _is_broken(self, obj: JsonObject) -> bool:
        return any(one.get("image") in self._broken for one in obj["spec"]["template"]["spec"]["containers"])

    def _later(self, seconds: float, obj: JsonObject, **counts: int) -> None:
        self._world.clock.call_later(seconds, lambda: self._begin(obj, counts))

    def _begin(self, obj: JsonObject, counts: dict[str, int]) -> None:
        if self._generations.get(obj["metadata"]["uid"]) != obj["metadata"]["generation"]:
            return  # it was scaled meanwhile
        task = asyncio.get_running_loop().create_task(self._write(obj, counts))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, obj: JsonObject, counts: dict[str, int]) -> None:
        key, available = key_of(obj), counts["available"]
        status: dict[str, Any] = {"replicas": counts["replicas"], "observedGeneration": obj["metadata"]["generation"]}
        status |= {"readyReplicas": available, "availableReplicas": available}
        try:
            await self._world.client.patch(
                REPLICA_SETS, key.name, key.namespace, {"status": status}, PatchType.MERGE, subresource="status"
            )
        except StatusError as error:
            if not error.is_not_found:
                raise
