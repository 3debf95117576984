"""Hook Jobs that end by themselves while a sync or a deletion waits for them."""

from __future__ import annotations

import asyncio

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from tests.kit.world import World

JOBS = Resource("batch", "v1", "jobs", "Job")


def job(name: str, hook: str, policy: str = "", **annotations: str) -> str:
    """A hook Job's YAML; `sync_wave="1"` becomes the annotation `argocd.argoproj.io/sync-wave`."""
    given = {"hook": hook, **({"hook-delete-policy": policy} if policy else {}), **annotations}
    marks = ", ".join(f'argocd.argoproj.io/{k.replace("_", "-")}: "{v}"' for k, v in given.items())
    pod = "{containers: [{name: c, image: busybox}], restartPolicy: Never}"
    head = f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n"
    return f"{head}  annotations: {{{marks}}}\nspec: {{template: {{spec: {pod}}}}}\n"


class Jobs:
    """Ends each hook Job five seconds after it was made, and counts them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: list[str] = []
        self.failing: set[str] = set()
        """Names of those that fail."""
        self.failing_once: set[str] = set()
        cache = world.caches.cache(JOBS)
        cache.on_change(self._heard)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if old is None and new is not None:
            self.made.append(new["metadata"]["name"])
            self.world.clock.call_later(5.0, lambda: self._end(new["metadata"]["name"]))

    def _end(self, name: str) -> None:
        kind = "Failed" if name in self.failing | self.failing_once else "Complete"
        self.failing_once.discard(name)
        self._task = asyncio.get_running_loop().create_task(self._patch(name, {"type": kind, "status": "True"}))

    async def _patch(self, name: str, condition: JsonObject) -> None:
        body = {"status": {"conditions": [{**condition, "message": f"{name} ended"}]}}
        try:
            await self.world.client.patch(JOBS, name, "default", body, PatchType.MERGE, subresource="status")
        except StatusError as error:
            if not error.is_not_found:
                raise
