"""Shared by the shells of this room: adapters, views of the caches, and the memory for each Application."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.gitops.clusters.connections import Connections
from argosy.gitops.clusters.resolution import Cluster, resolve
from argosy.gitops.comparison.comparer import Comparer
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.comparison.orphan_monitoring import OrphanMonitoring
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.dependencies.index import DependencyIndex
from argosy.gitops.health.custom import Judge
from argosy.gitops.health.custom_checks import CustomChecks, Verdicts
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.manifests.generation import Manifests
from argosy.gitops.ports import KnownTypes
from argosy.gitops.reconcile.progress import Progress
from argosy.gitops.refresh.requests import RefreshRequests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.clock import Clock
from argosy.runtime.events import EventRecorder
from argosy.runtime.slices import Slices

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Memory:
    """A cache for one Application; it can be lost without harm."""

    comparer: Comparer
    requests: RefreshRequests = field(default_factory=RefreshRequests)
    next_wave_at: float = 0.0
    failing_since: datetime | None = None
    """When loading the sources first failed, of consecutive failures."""
    why: Mapping[ResourceKey, str] = field(default_factory=dict)
    verdicts: Verdicts = field(default_factory=dict)
    """Verdicts of users' health checks."""
    judge_at: float | None = None
    """When a verdict may change without any other change; on the monotonic clock."""
    failed_paths: set[str] = field(default_factory=set)
    """jq expressions of ignored differences whose failure was reported."""
    obstacle_for: str = ""
    """This and the next two are maintained by refresh/obstacles.py."""
    obstacle_tries: int = 0
    obstacle_waits: bool = False
    trace: str = ""
    """The trace of what is in progress for it, until that has finished."""


@dataclass(slots=True, kw_only=True)
class ReconcileContext:
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
    """For work that grows with the number of an Application's objects."""
    memory: dict[Key, Memory] = field(default_factory=dict)

    def remember(self, key: Key) -> Memory:
        if (found := self.memory.get(key)) is None:
            found = self.memory[key] = Memory(Comparer(self.known))
        return found

    def requests_of(self, key: Key) -> RefreshRequests:
        """What requested a look at the Application."""
        found = self.memory.get(key)
        return found.requests if found is not None else RefreshRequests()

    def ended(self, key: Key, progress: Progress | None) -> None:
        """A pass has finished, and its result is written."""
        if progress is not None:
            self.remember(key).why = progress.why
            for text in progress.errors:
                log.warning("%s/%s: %s", key.namespace, key.name, text)

    def forget(self, key: Key) -> None:
        """An Application that is deleted, or moved to another replica."""
        self.memory.pop(key, None)
        self.orphans.leave(key)
        self.manifests.forget(instance_name(key, self.namespace))

    def cluster(self, spec: ApplicationSpec) -> Cluster:
        """The Application's destination. Raises InvalidDestination."""
        return resolve(spec.destination, self.plane.settings, self.plane.cluster_book)

    async def judge_for(self, memory: Memory, live: Mapping[ResourceKey, JsonObject]) -> Judge:
        """The health of the objects in `live`, by users' checks if there are any. Records when to check again."""
        settings = self.plane.settings
        found = await self.custom_checks.judge_for(
            live, settings.customizations, memory.verdicts, settings.refresh_seconds
        )
        memory.judge_at = self.clock.monotonic() + found.again_after if found.again_after is not None else None
        return found.judge
