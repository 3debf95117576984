"""Puts the room together, and gives each shell its turn at an Application (spec 5).

One look at an Application goes: deletion, then a running operation, then comparison, then automated sync. All state
that must survive is in the Application's status before the effect that depends on it; the rest is remembered only to
save work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial

from argosy.gitops.clusters.connections import Connect, Connecting, Connections
from argosy.gitops.clusters.destination import Destination, follow_definitions
from argosy.gitops.clusters.event_metrics import EventMetrics
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.resolution import VERSION_LABEL, Cluster, InvalidDestination
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.comparison.orphan_monitoring import OrphanMonitoring
from argosy.gitops.comparison.reconciler import ComparisonReconciler
from argosy.gitops.comparison.result import SPEC_TYPES
from argosy.gitops.control_plane.configuration import SECRETS, ControlPlane
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.control_plane.ownership import Ownership
from argosy.gitops.control_plane.settings import CONFIG_MAP, Settings
from argosy.gitops.deletion.reconciler import DeletionReconciler
from argosy.gitops.dependencies.index import DependencyIndex
from argosy.gitops.health.custom_checks import CustomChecks
from argosy.gitops.hydrator.answers import Answers
from argosy.gitops.hydrator.controller import controllers as hydrator
from argosy.gitops.keys import (
    APPLICATIONS,
    IN_CLUSTER,
    PROJECTS,
    REFRESH,
    SKIP_RECONCILE,
    ResourceKey,
    annotations_of,
    instance_name,
)
from argosy.gitops.manifests.generation import Manifests
from argosy.gitops.manifests.signatures import Integrity
from argosy.gitops.model import conditions
from argosy.gitops.model.application_spec import normalised
from argosy.gitops.model.globs import matches
from argosy.gitops.ports import KnownTypes, Replicas
from argosy.gitops.projects import finalizer as project_finalizer
from argosy.gitops.projects import permissions as projects
from argosy.gitops.refresh.polling import Polling
from argosy.gitops.refresh.repository_limits import RepositoryLimits
from argosy.gitops.refresh.triggers import Triggers
from argosy.gitops.sync.operation import OperationReconciler
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.machinery.unexpected import described
from argosy.observe.tracing import ANNOTATION, is_on, span
from argosy.render.jq.port import JqEvaluator
from argosy.render.lua.port import LuaEvaluator
from argosy.render.port import Renderer
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.clients.access import Access
from argosy.runtime.clients.fencing import FencedOff
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome
from argosy.runtime.engine import Engine
from argosy.runtime.events import EventRecorder
from argosy.runtime.persistence import until_done
from argosy.runtime.slices import Slices
from argosy.sources.port import ChartRepository, GitRemote, GitWriter
from argosy.sources.signatures import Verifier

log = logging.getLogger(__name__)


class GitOps:
    """`run` until cancelled. `access` and `caches` are of the cluster that the control plane is in."""

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
        """`lua` runs users' health checks; without it, what they should judge is Unknown. `jq` runs users' jq; without
        it, what needs it is not compared. `signatures` None: a project that asks for them gets nothing synced.
        `writer` None: nothing is hydrated.
        """
        self._client = client = access.client
        self._caches = caches
        self._clock = clock
        self._rng = rng = rng.fork("gitops")
        self._namespace = namespace
        self._problems: tuple[str, ...] = ()
        """Of the settings, as they were told."""
        self._controller = Controller(
            "applications", self.look, clock=clock, rng=rng, workers=workers, owns=self.owns, let_go=self._forget
        )
        self.plane = ControlPlane(caches, namespace, self._plane_changed)
        self._ownership = Ownership(self.plane, replicas, self._cluster_of)
        self._triggers = Triggers(
            self.plane,
            clock,
            remember=lambda key: self.context.remember(key),
            enqueue=self._controller.enqueue,
            cluster_of=self._cluster_of,
            all_awake=self._all_awake,
            owns=self.owns,
        )
        self._slices = slices = slices or Slices(clock)
        self.live = LiveObjects(client, caches, self._triggers.live_changed, slices, EventMetrics(IN_CLUSTER, clock))
        self.manifests = Manifests(renderer, git, charts, Integrity(signatures, clock), clock, slices)
        here = Destination(IN_CLUSTER, self.live, access, known_types)
        self.clusters = self._connections(here, connect, known_types, clock, rng)
        self.events = EventRecorder(client, clock, "argocd-application-controller")
        self.context = self._context(known_types, CustomChecks(lua, clock), JqEvaluation(jq))
        limits = RepositoryLimits(clock)
        overdue = self._triggers.overdue
        self._polling = Polling(self.plane, self.manifests, clock, rng, limits, owns=self.owns, overdue=overdue)
        self._comparison_reconciler = ComparisonReconciler(self.context)
        self._operation_reconciler = OperationReconciler(self.context, self._comparison_reconciler.app_state)
        self._deletion_reconciler = DeletionReconciler(self.context, self._comparison_reconciler.app_state)
        self._engine = Engine(
            client,
            caches,
            clock,
            rng,
            (project_finalizer.controller(namespace),),
            owns=lambda controller, key: self._ownership.of_key(key),
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
            heard=self._triggers.live_changed,
            label=self._label_cluster,
            slices=self._slices,
        )

    def _context(self, known: KnownTypes, custom_checks: CustomChecks, jq: JqEvaluation) -> ReconcileContext:
        return ReconcileContext(
            client=self._client,
            clock=self._clock,
            namespace=self._namespace,
            known=known,
            plane=self.plane,
            clusters=self.clusters,
            manifests=self.manifests,
            custom_checks=custom_checks,
            jq=jq,
            events=self.events,
            dependency_index=DependencyIndex(self.plane.applications, self._triggers.if_there, self._is_served),
            orphans=OrphanMonitoring(self.plane.applications, self._clock, self._namespace, self._triggers.recount),
            slices=self._slices,
            wake=self._controller.enqueue,
        )

    @property
    def controller(self) -> Controller:
        return self._controller

    @property
    def status_writes(self) -> int:
        return self.context.status_writes + self._engine.writes_count

    def why(self, app: Key) -> dict[ResourceKey, str]:
        """For each object that is out of sync, the reason in one line."""
        memory = self.context.memory.get(app)
        return dict(memory.why) if memory else {}

    async def run(self) -> None:
        await self.plane.wait_synced()
        self.live.expect(_kinds_in_use(self.plane.applications.list()))
        await until_done(lambda: self.live.discover(self.plane.settings), self._clock, self._rng)
        await self.live.wait_synced()
        await until_done(self._ensure_default_project, self._clock, self._rng)
        with ExitStack() as handlers:
            # Taken off when this ends, however it does: who is started again must not hear everything twice.
            handlers.callback(self._controller.watch(self.plane.applications))
            handlers.callback(self.plane.applications.on_malformed(self._controller.enqueue))
            handlers.callback(self.plane.projects.on_change(self._triggers.project_changed))
            await self._run()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._controller.run())
            tasks.create_task(self.events.run())
            tasks.create_task(self._polling.run(self._let_go))
            tasks.create_task(self.clusters.run())
            tasks.create_task(
                follow_definitions(self.live, self._caches, self._settings, self._kinds_changed, self._clock, self._rng)
            )
            tasks.create_task(self._engine.run())

    # -- what concerns whom ------------------------------------------------------------------------------------------

    def owns(self, key: Key) -> bool:
        """Whether this replica looks after the application."""
        return self._ownership.of_application(key)

    def server_of(self, app: JsonObject) -> str:
        """The cluster that the application goes to, as far as it can be found."""
        found = self._cluster_of(app)
        destination = (app.get("spec") or {}).get("destination") or {}
        return found.server if found is not None else str(destination.get("server") or destination.get("name") or "")

    def name_of(self, server: str) -> str:
        """What a cluster is called."""
        book = self.plane.cluster_book
        found = book.local() if server == IN_CLUSTER else book.by_server.get(server)
        return found.name if found is not None else ""

    def cluster_labels(self, server: str) -> Mapping[str, str]:
        """Those of its Secret; none for a cluster without one."""
        book = self.plane.cluster_book
        found = book.local() if server == IN_CLUSTER else book.by_server.get(server)
        return found.labels if found is not None else {}

    def replicas_changed(self) -> None:
        """Applications moved to this replica, or away."""
        self._triggers.everything()

    def on_live_change(self, heard: Callable[[], None]) -> Callable[[], None]:
        """`heard` is called when any object of a destination changes; returns how to stop."""
        listeners = self._triggers.listeners
        listeners.append(heard)
        return lambda: listeners.remove(heard)

    async def look_for_commits(self) -> None:
        """One poll, now."""
        await self._polling.look()

    def _settings(self) -> Settings:
        return self.plane.settings

    def _kinds_changed(self) -> None:
        self._triggers.cluster_changed(IN_CLUSTER)

    def _cluster_of(self, app: JsonObject) -> Cluster | None:
        try:
            return self.context.cluster(normalised(app.get("spec") or {}))
        except InvalidDestination:
            return None

    def _let_go(self) -> None:
        """Of connections that no application of this replica needs."""
        found = (self._cluster_of(app) for app in self.plane.applications.list() if self.owns(key_of(app)))
        self.clusters.keep_only({cluster for cluster in found if cluster is not None})

    async def _label_cluster(self, cluster: Cluster, version: str) -> None:
        """`major.minor`, for the ApplicationSets that choose clusters by it (spec 12)."""
        short = ".".join(version.removeprefix("v").split(".")[:2])
        if short and short != cluster.version_label:
            patch = {"metadata": {"labels": {VERSION_LABEL: short}}}
            await until_done(partial(self._label, cluster.secret, patch), self._clock, self._rng)

    async def _label(self, name: str, patch: JsonObject) -> None:
        try:
            await self._client.write(requests.patch(SECRETS, Key(self._namespace, name), patch, PatchType.MERGE))
        except StatusError as error:
            if error.is_passing:
                raise

    def _all_awake(self) -> None:
        self._let_go()
        self._engine.wake_all()

    def _plane_changed(self) -> None:
        problems = self.plane.settings.customizations.problems
        for text in problems:
            if text not in self._problems:
                log.warning("%s/%s: %s", self._namespace, CONFIG_MAP, text)
                config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.plane.config_metadata()}
                self.events.record(config, "InvalidSetting", text, event_type="Warning")
        self._problems = problems
        self._polling.forgive()
        self._triggers.everything()

    async def _ensure_default_project(self) -> None:
        if self.plane.project("default") is None:
            metadata = {"name": "default", "namespace": self._namespace}
            try:
                await self._client.write(requests.create(PROJECTS, {**projects.DEFAULT_PROJECT, "metadata": metadata}))
            except StatusError as error:
                if error.is_passing:
                    raise

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        """An error that nothing here expects is shown as a condition, too; the runtime backs off and looks again."""
        try:
            with span("reconcile", self._cause(key), application=str(key)):
                return await self._look(key)
        except Connecting:
            return DONE
        except (StatusError, OSError, FencedOff):
            raise
        except Exception as error:
            await self._comparison_reconciler.report_failure(key, described(error))
            raise

    def _cause(self, key: Key) -> str:
        """The trace that asked for this look, or that what is under way belongs to."""
        if not is_on() or (app := self.context.latest(key)) is None:
            return ""
        memory = self.context.remember(key)
        if cause := annotations_of(app).get(ANNOTATION):
            memory.trace = cause
        cause = memory.trace
        if not app.get("operation") and REFRESH not in annotations_of(app):
            memory.trace = ""  # this look is the last that it caused
        return cause

    async def _look(self, key: Key) -> Outcome:
        app = self.context.latest(key)
        if app is None:
            self._forget(key)
            if text := self.plane.applications.malformed(key):
                return await self._refuse(key, text)
            return DONE
        if not self._is_ours(key) or annotations_of(app).get(SKIP_RECONCILE) == "true":
            return DONE
        if app["metadata"].get("deletionTimestamp"):
            return await self._deletion_reconciler.look(key, app)
        outcome = DONE
        if app.get("operation"):
            # A sync may wait for hours: what changes meanwhile is seen, and a refresh done, all the same.
            outcome = await self._operation_reconciler.look(key, app) or DONE
            app = self.context.latest(key) or app
        return _both(outcome, await self._comparison_reconciler.look(key, app))

    async def _refuse(self, key: Key, text: str) -> Outcome:
        """A malformed Application takes no part, and is told why, as far as the API server takes that."""
        app = self.plane.applications.raw(key)
        if app is None or not self._is_ours(key):
            return DONE
        status = app.get("status")
        before = status.get("conditions") if isinstance(status, dict) else None
        told = [item for item in before if isinstance(item, dict)] if isinstance(before, list) else []
        marks = conditions.updated(told, [("InvalidSpecError", text)], SPEC_TYPES, seconds(self._clock.now()))
        log.warning("%s/%s: %s", key.namespace, key.name, text)
        if marks != before:
            with suppress(StatusError):
                await self._client.write(
                    requests.patch(
                        APPLICATIONS, Key(key.namespace, key.name), {"status": {"conditions": marks}}, PatchType.MERGE
                    )
                )
        return DONE

    def _forget(self, key: Key) -> None:
        """An Application that is gone, or another replica's."""
        self.context.memory.pop(key, None)
        self.context.written.pop(key, None)
        self.context.orphans.leave(key)
        self.manifests.forget(instance_name(key, self._namespace))

    def _is_ours(self, key: Key) -> bool:
        allowed = self.plane.settings.application_namespaces
        return key.namespace == self._namespace or any(matches(item, key.namespace) for item in allowed)

    def _is_served(self, app: JsonObject) -> bool:
        """Whether the Application may be in its namespace, by the settings and by its project."""
        key, permits = key_of(app), self.plane.effective((app.get("spec") or {}).get("project") or "default")
        if not self._is_ours(key) or permits is None:
            return False
        return projects.permits_namespace_of_application(permits, key.namespace, self._namespace)


def _both(one: Outcome, other: Outcome) -> Outcome:
    """Two looks at one key: the earlier wake time holds."""
    wakes = [item for item in (one, other) if item.requeue_after is not None]
    first = min(wakes, key=lambda item: item.requeue_after or 0.0, default=DONE)
    return replace(first, acted=one.acted or other.acted)


def _kinds_in_use(apps: Iterable[JsonObject]) -> set[tuple[str, str]]:
    """(group, kind) of all objects that the Applications said to have when they were looked at last."""
    return {
        (str(item.get("group") or ""), str(item.get("kind") or ""))
        for app in apps
        for item in (app.get("status") or {}).get("resources") or ()
    }
