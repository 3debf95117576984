"""What the shells of this room share: the doors, the caches' views, and what is remembered of each Application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from argosy.gitops.clusters.connections import Connections
from argosy.gitops.clusters.live_state import revision
from argosy.gitops.clusters.resolution import Cluster, resolve
from argosy.gitops.comparison.comparer import Comparer
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.comparison.orphan_monitoring import OrphanMonitoring
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.dependencies.index import DependencyIndex
from argosy.gitops.health.custom import Judge
from argosy.gitops.health.custom_checks import CustomChecks, Verdicts
from argosy.gitops.keys import APPLICATIONS, FIELD_MANAGER, ResourceKey
from argosy.gitops.manifests.generation import Manifests
from argosy.gitops.model import error_messages
from argosy.gitops.ports import KnownTypes
from argosy.gitops.refresh.level import Level
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.events import EventRecorder
from argosy.runtime.slices import Slices

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Memory:
    """What saves work for one Application; nothing is lost when it is."""

    comparer: Comparer
    requested: Level = Level.LATEST
    overdue: bool = False
    recount: bool = False
    """Orphans of its namespace came or went."""
    digest: str = ""
    revisions: tuple[str, ...] = ()
    compared_with_end: tuple[str, str] = ("", "")
    """The end of an operation that the last comparison knew (`operation.end_of`)."""
    spec: JsonObject | None = None
    """As it was when it was compared last; None before the first time."""
    next_wave_at: float = 0.0
    failing_since: datetime | None = None
    """When the sources could not be loaded for the first time in a row."""
    why: dict[ResourceKey, str] = field(default_factory=dict)
    verdicts: Verdicts = field(default_factory=dict)
    """Of users' health checks."""
    judge_at: float | None = None
    """When one of them may be another though nothing changed; of the monotonic clock."""
    failed_paths: set[str] = field(default_factory=set)
    """jq expressions of ignored differences whose failure was told."""
    unblocked: bool = False
    """What refused the last sync has changed since (refresh/obstacles.py keeps these)."""
    obstacle_for: str = ""
    obstacle_tries: int = 0
    obstacle_waits: bool = False
    trace: str = ""
    """The trace of what is under way for it, until that ended."""


@dataclass(slots=True, kw_only=True)
class ReconcileContext:
    client: Client
    clock: Clock
    namespace: str
    known: KnownTypes
    plane: ControlPlane
    clusters: Connections
    manifests: Manifests
    custom_checks: CustomChecks
    jq: JqEvaluation
    events: EventRecorder
    dependency_index: DependencyIndex
    orphans: OrphanMonitoring
    slices: Slices
    """For what grows with the number of an Application's objects."""
    wake: Callable[[Key], None]
    """Looks at an Application again."""
    status_writes: int = 0
    memory: dict[Key, Memory] = field(default_factory=dict)
    written: dict[Key, JsonObject] = field(default_factory=dict)

    def remember(self, key: Key) -> Memory:
        if (found := self.memory.get(key)) is None:
            found = self.memory[key] = Memory(Comparer(self.known))
        return found

    def cluster(self, spec: JsonObject) -> Cluster:
        """Where an Application goes. Raises InvalidDestination."""
        return resolve(spec.get("destination") or {}, self.plane.settings, self.plane.cluster_book)

    async def judge_for(self, memory: Memory, live: Mapping[ResourceKey, JsonObject]) -> Judge:
        """How well the objects in `live` are, by users' checks where there are any. Notes when to judge again."""
        settings = self.plane.settings
        found = await self.custom_checks.judge_for(
            live, settings.customizations, memory.verdicts, settings.refresh_seconds
        )
        memory.judge_at = self.clock.monotonic() + found.again_after if found.again_after is not None else None
        return found.judge

    def latest(self, key: Key) -> JsonObject | None:
        """The cache's view, or our own write while the cache does not show it yet."""
        found, ours = self.plane.applications.get(key), self.written.get(key)
        if ours is not None and (found is None or revision(found) >= revision(ours)):
            del self.written[key]
        elif ours is not None:
            return ours
        return found

    async def write(self, app: JsonObject, patch: JsonObject) -> JsonObject:
        """Conditional on the version that was looked at; the runtime looks again after a conflict."""
        metadata = app["metadata"]
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
        body = {**patch, "metadata": versioned}
        self.status_writes += 1
        made = await self.client.write(
            requests.patch(
                APPLICATIONS, Key(metadata["namespace"], metadata["name"]), body, PatchType.MERGE, manager=FIELD_MANAGER
            )
        )
        self.written[Key(metadata["namespace"], metadata["name"])] = made
        for text in error_messages.new_errors(app.get("status") or {}, made.get("status") or {}):
            log.warning("%s/%s: %s", metadata["namespace"], metadata["name"], text)
        return made

    async def read(self, key: Key) -> JsonObject:
        """What is stored now, for who was told that its view is stale."""
        found = await self.client.get(requests.Get(APPLICATIONS, Key(key.namespace, key.name)))
        self.written[key] = found
        return found
