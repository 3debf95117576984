"""Loads each room when the first object of one of its kinds appears.

A room costs import time and memory, which a process without its objects never pays. To add one: a module
`cli/rooms/<room>.py` with `build(context) -> Parts`, and a line in ROOMS.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.workqueue.queue import WorkQueue

if TYPE_CHECKING:
    from argosy.cli.outside import Doors
    from argosy.machinery.controller import Controller
    from argosy.render.jq.port import JqEvaluator
    from argosy.render.port import Renderer
    from argosy.runtime.engine import Answerer, Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a room may be built from."""

    client: Client
    caches: InformerCaches
    clock: Clock
    rng: Rng
    doors: Doors
    renderer: Renderer
    jq: JqEvaluator
    environ: Mapping[str, str]
    namespace: str
    """The control plane's namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A built room, ready for the engine."""

    controllers: tuple[Controller[Any], ...]
    answerers: Mapping[type[Any], Answerer] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None
    answer: Callable[[ProxyRequest], Awaitable[ProxyResponse]] | None = None
    """Answers requests to the room's Service through the API server's proxy."""
    serve: Callable[[], Coroutine[Any, Any, None]] | None = None
    """Runs next to the controllers until cancelled, such as a listener."""


@dataclass(frozen=True, slots=True)
class Room:
    """`module` has `build`; any object of `kinds` loads it, or if `names` is set, only objects with one of them."""

    name: str
    module: str
    kinds: tuple[Resource, ...]
    names: frozenset[str] = frozenset()


CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
ROLLOUTS: Final = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
EXPERIMENTS: Final = Resource("argoproj.io", "v1alpha1", "experiments", "Experiment")
ANALYSIS_RUNS: Final = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
CERTIFICATE_KINDS: Final = (
    Resource("cert-manager.io", "v1", "certificates", "Certificate"),
    Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest"),
    Resource("cert-manager.io", "v1", "issuers", "Issuer"),
    Resource("cert-manager.io", "v1", "clusterissuers", "ClusterIssuer", namespaced=False),
)
WAREHOUSES: Final = Resource("kargo.akuity.io", "v1alpha1", "warehouses", "Warehouse")
PROJECTS: Final = Resource("kargo.akuity.io", "v1alpha1", "projects", "Project", namespaced=False)
CLUSTER_CONFIGS: Final = Resource("kargo.akuity.io", "v1alpha1", "clusterconfigs", "ClusterConfig", namespaced=False)
ROOMS: Final[tuple[Room, ...]] = (
    Room("applicationsets", "argosy.cli.rooms.applicationsets", (APPLICATION_SETS,)),
    Room("analysis", "argosy.cli.rooms.analysis", (ANALYSIS_RUNS,)),
    Room("promotion", "argosy.cli.rooms.promotion", (PROJECTS, WAREHOUSES, CLUSTER_CONFIGS)),
    Room("rollouts", "argosy.cli.rooms.rollouts", (ROLLOUTS, EXPERIMENTS)),
    Room("sealing", "argosy.cli.rooms.sealing", (NAMESPACES,)),  # its keys must exist before anything can be sealed
    Room("certs", "argosy.cli.rooms.certs", CERTIFICATE_KINDS),
    Room(
        "notifications",
        "argosy.cli.rooms.notifications",
        (CONFIG_MAPS,),
        frozenset({"argocd-notifications-cm", "argosy-notifications-cm"}),
    ),
    Room(
        "rollout notifications",
        "argosy.cli.rooms.rollout_notifications",
        (CONFIG_MAPS,),
        frozenset({"argo-rollouts-notification-configmap"}),
    ),
)
LOADING_SECONDS: Final = 30.0
"""How long a request waits for its room to load."""


class Rooms:
    """`run` runs until cancelled. `owns`: whether this replica is responsible for a controller's key."""

    def __init__(
        self,
        context: Context,
        *,
        is_ready: Callable[[], bool],
        owns: Callable[[str, Key], bool] | None = None,
        rooms: tuple[Room, ...] = ROOMS,
        shaped: Callable[[str, Parts], Parts] = lambda room, parts: parts,
    ) -> None:
        """`shaped`: replaces a room's parts before they run."""
        self._context, self._is_ready, self._owns, self._rooms = context, is_ready, owns, rooms
        self._shaped = shaped
        self._engine: Engine | None = None
        self.loaded: dict[str, Parts] = {}

    async def run(self) -> None:
        """Runs after the process is ready, so that it does not delay the start."""
        if not self._rooms:
            return
        while not self._is_ready():
            await self._context.clock.sleep(0.05, background=True)
        from argosy.runtime.engine import Engine

        context = self._context
        engine = Engine(context.client, context.caches, context.clock, context.rng, owns=self._owns)
        for parts in self.loaded.values():  # this part of the process was restarted
            engine.add(parts.controllers, parts.answerers)
        self._engine = engine
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(engine.run())
            for parts in self.loaded.values():
                if parts.serve is not None:
                    tasks.create_task(parts.serve())
            for room in self._rooms:
                if room.name not in self.loaded:
                    tasks.create_task(self._load(room, engine), name=f"room {room.name}")

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.stop()

    async def answer(self, room: str, request: ProxyRequest) -> ProxyResponse:
        """The answer of the named room's service, once it is loaded."""
        clock = self._context.clock
        until = clock.monotonic() + LOADING_SECONDS
        while (parts := self.loaded.get(room)) is None or parts.answer is None:
            if clock.monotonic() >= until:
                return ProxyResponse(status=503, body=b"starting\n")
            await clock.sleep(0.1, background=True)
        return await parts.answer(request)

    def queues(self) -> Iterator[tuple[str, WorkQueue]]:
        """Per controller, by name."""
        if self._engine is not None:
            yield from self._engine.queues()

    def wake_all(self) -> None:
        """The assignment of keys to replicas has changed."""
        if self._engine is not None:
            self._engine.wake_all()

    def close(self) -> None:
        for parts in self.loaded.values():
            parts.close()

    async def _load(self, room: Room, engine: Engine) -> None:
        await self._first_object(room, engine)
        # Beside the loop: reading a room's modules takes up to half a second.
        module = await self._context.clock.external(asyncio.to_thread(import_module, room.module))
        build: Callable[[Context], Parts] = module.build
        parts = self.loaded[room.name] = self._shaped(room.name, build(self._context))
        engine.add(parts.controllers, parts.answerers)
        log.debug("%s is loaded", room.name)
        if parts.serve is not None:
            await parts.serve()

    async def _first_object(self, room: Room, engine: Engine) -> None:
        some = asyncio.Event()

        def changed(old: JsonObject | None, new: JsonObject | None) -> None:
            if new is not None and (not room.names or new["metadata"]["name"] in room.names):
                some.set()

        async def watch(kind: Resource) -> None:
            await engine.wait_served(kind)
            forgets.append(self._context.caches.cache(kind).on_change(changed))

        forgets: list[Callable[[], None]] = []
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(watch(kind)) for kind in room.kinds]
            await some.wait()
            for task in watching:
                task.cancel()
        for forget in forgets:
            forget()
