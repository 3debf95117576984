"""A controller as one might write it without the engine: for rooms with known faults, and for tests of lower layers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.caches.informer import Cache
from argosy.runtime.chance import Rng
from argosy.runtime.clients.fencing import WORKING_ON, Turn
from argosy.runtime.clock import Clock
from argosy.runtime.workqueue.queue import WorkQueue


def own_key(obj: JsonObject) -> Iterable[Key]:
    return (key_of(obj),)


class ByHand:
    """Works on keys one at a time each; one whose reconcile function raises is tried again later."""

    def __init__(
        self,
        name: str,
        reconcile: Callable[[Key], Awaitable[None]],
        clock: Clock,
        rng: Rng,
        *,
        workers: int = 4,
        owns: Callable[[Key], bool] = lambda key: True,
    ) -> None:
        self.queue = WorkQueue(clock, rng.fork(f"queue/{name}"))
        self._name, self._reconcile, self._workers, self._owns = name, reconcile, workers, owns

    def watch(self, cache: Cache, keys: Callable[[JsonObject], Iterable[Key]] = own_key) -> None:
        def changed(old: JsonObject | None, new: JsonObject | None) -> None:
            for obj in (old, new):
                for key in keys(obj) if obj is not None else ():
                    self.queue.add(key)

        cache.on_change(changed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._workers):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            WORKING_ON.set(Turn(self._name, key, self._owns))
            try:
                if self._owns(key):
                    await self._reconcile(key)
                self.queue.forget(key)
            except Exception:
                self.queue.retry(key)
            finally:
                self.queue.done(key)
