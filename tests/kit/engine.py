"""Declared controllers in virtual time, on the embedded API server with simulated workloads.

with EngineWorld(sealing.controllers(), crds=crds("bitnami.com")) as world:
    world.create(obj)
    world.run_until(lambda: world.get(SECRETS, Key("default", "a")) is not None)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.api import PatchType
from argosy.machinery.controller import Controller, Question
from argosy.machinery.objects import JsonObject, Key, Kind, Resource, key_of, resource_of
from argosy.machinery.status import StatusError
from argosy.observe.metrics import Registry
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.client import Client
from argosy.runtime.engine import Answerer, Engine
from argosy.runtime.virtual import START
from tests.kit.world import NAMESPACES, World

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)


class EngineWorld(World):
    """`restart` is a process's death and its successor: new caches, a new engine, nothing remembered."""

    def __init__(
        self,
        controllers: Iterable[Controller[Any]],
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        *,
        seed: int = 7,
        crds: Sequence[JsonObject] = (),
        namespaces: Sequence[str] = (),
        wrap: Callable[[Client], Client] = lambda client: client,
        start: datetime | None = None,
    ) -> None:
        """`wrap`: the client as the controllers have it, such as one that injects faults."""
        super().__init__(seed, start or START, crds=crds)
        self._controllers, self._answerers = tuple(controllers), answerers
        self._namespaces, self._wrap = namespaces, wrap
        self._task: asyncio.Task[None] | None = None
        self.engine: Engine
        self.controller_caches: InformerCaches
        self.workloads: Workloads

    def __enter__(self) -> Self:
        super().__enter__()
        for name in self._namespaces:
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        pipeline = PipelineServer(self.cluster.core, self.cluster.on_commit, self.cluster.spawn)
        self.workloads = Workloads(pipeline, self.clock)
        self.run(self._start_workloads())
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()
        self.workloads.stop()
        super().__exit__(*exc_info)

    def start(self) -> None:
        self.run(self._start())

    def kill(self) -> None:
        if self._task is not None:
            task, self._task = self._task, None
            self.run(_cancelled(task))

    def restart(self) -> None:
        self.kill()
        self.start()

    # -- what users do and see -----------------------------------------------------------------------------------------

    def create(self, obj: JsonObject) -> JsonObject:
        return self.run(self.client.create(self.resource(obj), obj))

    def apply(self, obj: JsonObject, manager: str = "user") -> JsonObject:
        return self.run(self.client.apply(self.resource(obj), obj, field_manager=manager, force=True))

    def patch(
        self, kind: Kind, name: str, patch: JsonObject, namespace: str = "default", *, subresource: str = ""
    ) -> JsonObject:
        resource = resource_of(kind)
        return self.run(self.client.patch(resource, name, namespace, patch, PatchType.MERGE, subresource=subresource))

    def delete(self, kind: Kind, name: str, namespace: str = "default") -> None:
        self.run(self.client.delete(resource_of(kind), name, namespace))

    def get(self, kind: Kind, key: Key) -> JsonObject | None:
        """Straight from the server, whatever the caches show."""
        try:
            return self.run(self.client.read(resource_of(kind), key.name, key.namespace))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    def list(self, kind: Kind, namespace: str = "") -> tuple[JsonObject, ...]:
        return self.run(self.client.list(resource_of(kind), namespace)).items

    def resource(self, obj: JsonObject) -> Resource:
        """Of an object, by what the server serves."""
        wanted = (obj["apiVersion"], obj["kind"])
        for found in self.run(self.client.resources()):
            if (found.api_version, found.kind) == wanted:
                return found
        raise AssertionError(f"the server does not serve {wanted}")

    def turns(self, controller: str) -> int:
        return self.engine.turns(controller)

    async def _start_workloads(self) -> None:
        self.workloads.start()

    async def _start(self) -> None:
        client = self._wrap(self.client)
        caches = self.controller_caches = InformerCaches(client, self.clock, self.rng.fork("caches"))
        self.engine = Engine(
            client, caches, self.clock, self.rng, self._controllers, self._answerers, registry=Registry()
        )
        self._task = asyncio.get_running_loop().create_task(_together(caches, self.engine), name="engine")


async def _together(caches: InformerCaches, engine: Engine) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(caches.run())
        tasks.create_task(engine.run())


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


__all__ = ["DEFINITIONS", "NAMESPACES", "EngineWorld", "key_of"]
