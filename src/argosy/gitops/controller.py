"""Puts the room together: its engine and controllers, cluster connections, and who is notified of what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.clusters.connections import Connect, Connections
from argosy.gitops.clusters.destination import Destination, follow_definitions
from argosy.gitops.clusters.event_metrics import EventMetrics
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.lookup import ClusterLookup
from argosy.gitops.clusters.version_label import VersionLabels
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.comparison.orphan_monitoring import OrphanMonitoring
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.control_plane.ownership import Ownership
from argosy.gitops.control_plane.served_namespaces import ServedNamespaces
from argosy.gitops.control_plane.setting_problems import SettingProblems
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.dependencies.index import DependencyIndex
from argosy.gitops.health.custom_checks import CustomChecks
from argosy.gitops.hydrator.answers import Answers
from argosy.gitops.hydrator.controller import controllers as hydrator
from argosy.gitops.keys import (
    IN_CLUSTER,
    ResourceKey,
)
from argosy.gitops.manifests.generation import Manifests
from argosy.gitops.manifests.signatures import Integrity
from argosy.gitops.ports import KnownTypes, Replicas
from argosy.gitops.projects import finalizer as project_finalizer
from argosy.gitops.projects.default_project import ensure_default_project
from argosy.gitops.reconcile.answers import CONTROLLER, Passes
from argosy.gitops.reconcile.controller import REPORTER, controller
from argosy.gitops.reconcile.look import Look
from argosy.gitops.reconcile.reconciliation import Reconciliation
from argosy.gitops.refresh.polling import Polling
from argosy.gitops.refresh.repository_limits import RepositoryLimits
from argosy.gitops.refresh.triggers import Triggers
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.render.jq.port import JqEvaluator
from argosy.render.lua.port import LuaEvaluator
from argosy.render.port import Renderer
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.clients.access import Access
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Engine
from argosy.runtime.engine.subscriptions import Work
from argosy.runtime.persistence import until_done
from argosy.runtime.slices import Slices
from argosy.runtime.workqueue.queue import WorkQueue
from argosy.sources.port import ChartRepository, GitRemote, GitWriter
from argosy.sources.signatures import Verifier


class GitOps:
    """`run` until cancelled. `access` and `caches` are for the control plane's own cluster."""

    def __init__(
        self,
        access: Access,
        caches: InformerCaches,
        renderer: Renderer,
        git: GitRemote,
        charts: ChartRepository,
        clock: Clock,
        rng: Rng,
        known_types: KnownTypes,
        namespace: str = "argocd",
        *,
        writer: Callable[[], GitWriter] | None = None,
        lua: LuaEvaluator | None = None,
        jq: JqEvaluator | None = None,
        workers: int = 10,
        connect: Connect | None = None,
        replicas: Replicas | None = None,
        signatures: Verifier | None = None,
        slices: Slices | None = None,
    ) -> None:
        """`lua` runs users' health checks; without it, the objects they check are Unknown. `jq` runs users' jq; without
        it, applications that need it are not compared. `signatures` None: projects that require them cannot be synced.
        `writer` None: nothing is hydrated.
        """
        self._client = client = access.client
        self._caches = caches
        self._clock = clock
        self._rng = rng = rng.fork("gitops")
        self._namespace = namespace
        self._engine = Engine(client, caches, clock, rng, owns=self._is_of_this_replica)
        self.plane = ControlPlane(caches, namespace, self._plane_changed)
        self.cluster_lookup = ClusterLookup(self.plane)
        self._namespaces = ServedNamespaces(self.plane)
        self._ownership = Ownership(self.plane, replicas, self.cluster_lookup.of)
        self._triggers = Triggers(
            self.plane,
            clock,
            remember=lambda key: self.context.remember(key),
            enqueue=self._wake,
            cluster_of=self.cluster_lookup.of,
            all_awake=self._all_awake,
            owns=self.owns,
        )
        self._slices = slices = slices or Slices(clock)
        self.live = LiveObjects(client, caches, self._triggers.live_changed, slices, EventMetrics(IN_CLUSTER, clock))
        self.manifests = Manifests(renderer, git, charts, Integrity(signatures, clock), clock, slices)
        here = Destination(IN_CLUSTER, self.live, access, known_types)
        self.clusters = self._connections(here, connect, known_types, clock, rng)
        self.events = self._engine.recorder(REPORTER)
        self._problems = SettingProblems(self.plane, self.events)
        self.context = self._context(known_types, CustomChecks(lua, clock), JqEvaluation(jq))
        limits = RepositoryLimits(clock)
        overdue = self._triggers.overdue
        self._polling = Polling(self.plane, self.manifests, clock, rng, limits, owns=self.owns, overdue=overdue)
        self.passes = Passes(self.context, rng.fork("passes"), self.owns, workers)
        look = Look(self._namespaces.hold, self.context.requests_of, self.plane.applications.malformed)
        self._engine.add(
            (
                controller(look, workers, self.context.forget, self.context.ended),
                project_finalizer.controller(namespace),
            ),
            self.passes.answerers(),
        )
        if writer is not None:
            answers = Answers(self.context, git, writer, rng.fork("hydration"), limits)
            self._engine.add(hydrator(namespace), answers.answerers())

    def _connections(
        self, here: Destination, connect: Connect | None, known: KnownTypes, clock: Clock, rng: Rng
    ) -> Connections:
        return Connections(
            here,
            connect,
            known,
            clock,
            rng,
            settings=self._settings,
            changed=self._triggers.cluster_changed,
            object_changed=self._triggers.live_changed,
            label=VersionLabels(self._client, self.plane.cluster_secret, clock, rng).write,
            slices=self._slices,
        )

    def _context(self, known: KnownTypes, custom_checks: CustomChecks, jq: JqEvaluation) -> ReconcileContext:
        return ReconcileContext(
            clock=self._clock,
            namespace=self._namespace,
            known=known,
            plane=self.plane,
            clusters=self.clusters,
            manifests=self.manifests,
            custom_checks=custom_checks,
            jq=jq,
            events=self.events,
            dependency_index=DependencyIndex(self.plane.applications, self._triggers.if_there, self._namespaces.permit),
            orphans=OrphanMonitoring(self.plane.applications, self._clock, self._namespace, self._triggers.recount),
            slices=self._slices,
        )

    @property
    def queue(self) -> WorkQueue:
        """The work queue of Applications."""
        return self._engine.queue(CONTROLLER)

    @property
    def is_idle(self) -> bool:
        """Whether all queues are empty; keys that wait for a timer do not count."""
        return self._engine.is_idle and not self._engine.awaited_count(Reconciliation)

    @property
    def status_writes(self) -> int:
        return self._engine.writes_count

    def why(self, app: Key) -> dict[ResourceKey, str]:
        """For each object that is out of sync, the reason in one line."""
        memory = self.context.memory.get(app)
        return dict(memory.why) if memory else {}

    async def run(self) -> None:
        await self.plane.wait_synced()
        self.live.expect(_kinds_in_use(self.plane.applications.list()))
        await until_done(lambda: self.live.discover(self.plane.settings), self._clock, self._rng)
        await self.live.wait_synced()
        await until_done(partial(ensure_default_project, self._client, self.plane), self._clock, self._rng)
        with ExitStack() as handlers:
            # Removed when this stops for any reason: after a restart callbacks must not run twice.
            handlers.callback(self.plane.projects.on_change(self._triggers.project_changed))
            await self._run()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._polling.run(self._let_go))
            tasks.create_task(self.clusters.run())
            tasks.create_task(
                follow_definitions(self.live, self._caches, self._settings, self._kinds_changed, self._clock, self._rng)
            )
            tasks.create_task(self._engine.run())

    async def stop(self) -> None:
        """Starts nothing more, and waits for what has started."""
        await self.passes.drain()
        await self._engine.stop()

    # -- what concerns whom ------------------------------------------------------------------------------------------

    def owns(self, key: Key) -> bool:
        """Whether this replica handles the application."""
        return self._ownership.of_application(key)

    def replicas_changed(self) -> None:
        """Applications moved to this replica, or away."""
        self._triggers.everything()

    def on_live_change(self, listener: Callable[[JsonObject], None]) -> Callable[[], None]:
        """Calls `listener` with each changed object of any destination; returns a function to unsubscribe."""
        listeners = self._triggers.listeners
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    async def look_for_commits(self) -> None:
        """One poll, now."""
        await self._polling.look()

    def _settings(self) -> Settings:
        return self.plane.settings

    def _kinds_changed(self) -> None:
        self._triggers.cluster_changed(IN_CLUSTER)

    def _let_go(self) -> None:
        """Closes connections that no application of this replica needs."""
        found = (self.cluster_lookup.of(app) for app in self.plane.applications.list() if self.owns(key_of(app)))
        self.clusters.keep_only({cluster for cluster in found if cluster is not None})

    def _all_awake(self) -> None:
        self._let_go()
        self._engine.wake_all()

    def _plane_changed(self) -> None:
        self._problems.report()
        self._polling.forgive()
        self._triggers.everything()

    # -- Applications ------------------------------------------------------------------------------------------------

    def _is_of_this_replica(self, name: str, key: Key) -> bool:
        return self.owns(key) if name == CONTROLLER else self._ownership.of_key(key)

    def _wake(self, key: Key) -> None:
        self._engine.wake(Work(CONTROLLER, key))


def _kinds_in_use(apps: Iterable[JsonObject]) -> set[tuple[str, str]]:
    """(group, kind) of all objects in the Applications' last reported status."""
    return {(item.group, item.kind) for app in apps for item in read(Application, app).status.resources}
