"""What is watched, which Application a change concerns, and which shell has its turn (spec 5).

One look at an Application goes: deletion, then a running operation, then comparison, then automated sync. All state
that must survive is in the Application's status before the effect that depends on it; the rest is remembered only to
save work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from argosy.gitops import projects
from argosy.gitops.clusters.connections import Connect, Connecting, Connections
from argosy.gitops.clusters.destination import Destination, follow_definitions
from argosy.gitops.clusters.sharding import Algorithm, owner
from argosy.gitops.comparing import Comparing
from argosy.gitops.deleting import Deleting
from argosy.gitops.depending import Depending
from argosy.gitops.desk import Desk
from argosy.gitops.destinations import Cluster, InvalidDestination
from argosy.gitops.globs import matches
from argosy.gitops.hydrator.hydrating import Hydration
from argosy.gitops.integrity import Integrity
from argosy.gitops.judging import Judging
from argosy.gitops.keys import (
    IN_CLUSTER,
    PROJECTS,
    SKIP_RECONCILE,
    ResourceKey,
    annotations_of,
    instance_name,
    key_of_instance,
    resource_key,
)
from argosy.gitops.live import LiveObjects
from argosy.gitops.normalize_spec import normalised, sources_of
from argosy.gitops.operating import Operating
from argosy.gitops.orphan_monitoring import OrphanMonitoring
from argosy.gitops.ports import KnownTypes, Replicas
from argosy.gitops.project_keeping import ProjectKeeping
from argosy.gitops.refresh import Level
from argosy.gitops.rendering import Manifests
from argosy.gitops.settings import CONFIG_MAP, Settings
from argosy.gitops.tracking import labelled_owner, owner_of
from argosy.gitops.world import ControlPlane
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.render.lua.port import LuaEvaluator
from argosy.render.port import Renderer
from argosy.runtime.access import Access
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome, own_key
from argosy.runtime.events import EventRecorder
from argosy.runtime.informer import Caches
from argosy.sources.port import ChartRepository, GitRemote, GitWriter, SourceError
from argosy.sources.signatures import Verifier

log = logging.getLogger(__name__)


class GitOps:
    """`run` until cancelled. `access` and `caches` are of the cluster that the control plane is in."""

    def __init__(
        self,
        access: Access,
        caches: Caches,
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
        workers: int = 10,
        connect: Connect | None = None,
        replicas: Replicas | None = None,
        signatures: Verifier | None = None,
    ) -> None:
        """`lua` runs users' health checks; without it, what they should judge is Unknown. `signatures` None: a project
        that asks for them gets nothing synced. `writer` None: nothing is hydrated.
        """
        self._client = client = access.client
        self._caches = caches
        self._clock = clock
        self._rng = rng.fork("gitops")
        self._namespace = namespace
        self._commits: dict[_Polled, str] = {}
        self._replicas = replicas
        self._problems: tuple[str, ...] = ()
        """Of the settings, as they were told."""
        self._controller = Controller("applications", self.look, clock=clock, rng=rng, workers=workers, owns=self.owns)
        self._all_are_concerned = False
        self.plane = ControlPlane(caches, namespace, self._plane_changed)
        self.live = LiveObjects(access.client, caches, self._live_changed)
        self.manifests = Manifests(renderer, git, charts, Integrity(signatures, clock))
        here = Destination(IN_CLUSTER, self.live, access, known_types)
        self.clusters = Connections(
            here,
            connect,
            known_types,
            clock,
            rng,
            settings=self._settings,
            changed=self._cluster_changed,
            heard=self._live_changed,
        )
        self.events = EventRecorder(client, clock, "argocd-application-controller")
        self.desk = Desk(
            client=client,
            clock=clock,
            namespace=namespace,
            known=known_types,
            plane=self.plane,
            clusters=self.clusters,
            manifests=self.manifests,
            judging=Judging(lua, clock),
            events=self.events,
            depending=Depending(self.plane.applications, self._concerned, self._is_served),
            orphans=OrphanMonitoring(self.plane.applications, clock, namespace, self._recount),
            wake=self._controller.enqueue,
        )
        self._projects = ProjectKeeping(client, self.plane, self.events, clock, self._rng, self._owns_project)
        self._comparing = Comparing(self.desk)
        self._operating = Operating(self.desk, self._comparing.sighting)
        self._deleting = Deleting(self.desk, self._comparing.sighting)
        self._hydration = Hydration(self.desk, git, writer, rng, self._is_ours, replicas) if writer else None

    @property
    def controller(self) -> Controller:
        return self._controller

    @property
    def status_writes(self) -> int:
        return self.desk.status_writes

    def why(self, app: Key) -> dict[ResourceKey, str]:
        """For each object that is out of sync, the reason in one line."""
        memory = self.desk.memory.get(app)
        return dict(memory.why) if memory else {}

    async def run(self) -> None:
        await self.plane.wait_synced()
        self.live.expect(_kinds_in_use(self.plane.applications.list()))
        await self.live.discover(self.plane.settings)
        await self.live.wait_synced()
        await self._ensure_default_project()
        self._controller.watch(self.plane.applications)
        self.plane.projects.on_change(self._project_changed)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._controller.run())
            tasks.create_task(self.events.run())
            tasks.create_task(self._poll())
            tasks.create_task(self.clusters.run())
            tasks.create_task(self._projects.run())
            tasks.create_task(follow_definitions(self.live, self._caches, self._settings, self._definitions_changed))
            if self._hydration is not None:
                tasks.create_task(self._hydration.run())

    # -- what concerns whom ------------------------------------------------------------------------------------------

    def _settings(self) -> Settings:
        return self.plane.settings

    def _definitions_changed(self) -> None:
        self._cluster_changed(IN_CLUSTER)

    def _request(self, key: Key, level: Level) -> None:
        memory = self.desk.remember(key)
        memory.requested = max(memory.requested, level)
        self._controller.enqueue(key)

    def owns(self, key: Key) -> bool:
        """Whether this replica looks after the application."""
        if self._replicas is None:
            return True
        app = self.plane.applications.get(key)
        chosen = Algorithm(self.plane.settings.sharding or Algorithm.APPLICATION)
        cluster, servers = self._cluster_of(app) if app else None, self.plane.cluster_book.servers
        found = owner(self._replicas.shards, chosen, key, cluster, servers)
        return self._replicas.is_valid and found == self._replicas.identity

    def _owns_project(self, key: Key) -> bool:
        replicas = self._replicas
        return replicas is None or (replicas.is_valid and replicas.shards.owner(key) == replicas.identity)

    def replicas_changed(self) -> None:
        """Applications moved to this replica, or away."""
        self._all_concerned()

    def _cluster_of(self, app: JsonObject) -> Cluster | None:
        try:
            return self.desk.cluster(normalised(app.get("spec") or {}))
        except InvalidDestination:
            return None

    def _let_go(self) -> None:
        """Of connections that no application of this replica needs."""
        applications = ((own_key(app)[0], app) for app in self.plane.applications.list())
        found = (self._cluster_of(app) for key, app in applications if self.owns(key))
        self.clusters.keep_only({cluster for cluster in found if cluster is not None})

    def _recount(self, key: Key) -> None:
        self.desk.remember(key).recount = True
        self._controller.enqueue(key)

    def _concerned(self, key: Key) -> None:
        if self.plane.applications.get(key) is not None:
            self._request(key, Level.RECENT)

    def _cluster_changed(self, server: str) -> None:
        """Its kinds are others now, or it can be reached, or no longer: its applications are looked at."""
        for app in self.plane.applications.list():
            cluster = self._cluster_of(app)
            if cluster is not None and cluster.server == server:
                metadata = app["metadata"]
                self._request(Key(metadata["namespace"], metadata["name"]), Level.RECENT)

    def _all_concerned(self) -> None:
        """Once, however many settings and credentials change at the same time, as they do when a process starts."""
        if not self._all_are_concerned:
            self._all_are_concerned = True
            self._clock.call_later(0.0, self._wake_all)

    def _wake_all(self) -> None:
        self._all_are_concerned = False
        self._let_go()
        for app in self.plane.applications.list():
            metadata = app["metadata"]
            self._request(Key(metadata["namespace"], metadata["name"]), Level.RECENT)
        if self._hydration is not None:
            self._hydration.all_concerned()

    def _plane_changed(self) -> None:
        problems = self.plane.settings.customizations.problems
        for text in problems:
            if text not in self._problems:
                log.warning("%s/%s: %s", self._namespace, CONFIG_MAP, text)
                config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.plane.config_metadata()}
                self.events.record(config, "InvalidSetting", text, event_type="Warning")
        self._problems = problems
        self._all_concerned()

    def _project_changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        """A project's own applications, or all where others may inherit from it."""
        if old is not None and new is not None and old.get("spec") == new.get("spec"):
            return
        name = ((new or old or {}).get("metadata") or {}).get("name")
        if any(name == parent for parent, _ in self.plane.settings.global_projects):
            self._all_concerned()
            return
        for app in self.plane.users_of(str(name)):
            self._request(own_key(app)[0], Level.RECENT)

    def _live_changed(self, obj: JsonObject) -> None:
        settings = self.plane.settings
        owner = owner_of(obj, settings)
        key = key_of_instance(owner or labelled_owner(obj, settings), self._namespace)
        if self.plane.applications.get(key) is None:
            return
        memory = self.desk.memory.get(key)
        # By its label alone an object is the application's only if it is one of its targets.
        if owner or (memory is not None and resource_key(obj) in memory.comparer.memo):
            self._request(key, Level.RECENT)

    async def _poll(self) -> None:
        """One look at each (repository, revision), whoever uses it; a new commit wakes its applications."""
        while True:
            settings = self.plane.settings
            if settings.refresh_seconds <= 0:
                await self._clock.sleep(60.0, background=True)
                continue
            pause = settings.refresh_seconds + self._rng.uniform(0.0, settings.refresh_jitter)
            await self._clock.sleep(pause, background=True)
            await self.look_for_commits()
            self._let_go()

    async def look_for_commits(self) -> None:
        users: dict[_Polled, list[Key]] = {}
        for app in self.plane.applications.list():
            key = Key(app["metadata"]["namespace"], app["metadata"]["name"])
            if not self.owns(key):
                continue
            if _is_broken(app):
                # What mends it may lie outside of the repository: it is tried again with every poll.
                self._overdue(key)
            spec = normalised(app.get("spec") or {})
            for source in sources_of(spec):
                users.setdefault(_polled(source, spec["project"]), []).append(key)
        before, self._commits = self._commits, {}
        for place, keys in sorted(users.items()):
            try:
                found = await self.manifests.resolve(place.source, self.plane.credentials, place.project)
            except SourceError:
                found = ""
            self._commits[place] = found
            if found != before.get(place) or not found:
                for key in keys:
                    self._overdue(key)

    def _overdue(self, key: Key) -> None:
        self.desk.remember(key).overdue = True
        self._controller.enqueue(key)

    async def _ensure_default_project(self) -> None:
        if self.plane.project("default") is None:
            metadata = {"name": "default", "namespace": self._namespace}
            with suppress(StatusError):
                await self._client.create(PROJECTS, {**projects.DEFAULT_PROJECT, "metadata": metadata})

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        """An error that nothing here expects is shown as a condition, too; the runtime backs off and looks again."""
        try:
            return await self._look(key)
        except Connecting:
            return DONE
        except (StatusError, OSError, TimeoutError):
            raise
        except Exception as error:
            await self._comparing.stumbled(key, f"{type(error).__name__}: {error}")
            raise

    async def _look(self, key: Key) -> Outcome:
        app = self.desk.latest(key)
        if app is None:
            self.desk.memory.pop(key, None)
            self.desk.orphans.leave(key)
            self.manifests.forget(instance_name(key, self._namespace))
            return DONE
        if not self._is_ours(key) or annotations_of(app).get(SKIP_RECONCILE) == "true":
            return DONE
        if app["metadata"].get("deletionTimestamp"):
            return await self._deleting.look(key, app)
        outcome = DONE
        if app.get("operation"):
            # A sync may wait for hours: what changes meanwhile is seen, and a refresh done, all the same.
            outcome = await self._operating.look(key, app) or DONE
            app = self.desk.latest(key) or app
        return _both(outcome, await self._comparing.look(key, app))

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


class _Polled(NamedTuple):
    """What is asked for a new revision, once for all who use it."""

    url: str
    revision: str
    project: str
    chart: str
    tag_prefix: str

    @property
    def source(self) -> JsonObject:
        named = {"repoURL": self.url, "targetRevision": self.revision, "chart": self.chart}
        return {**named, "tagPrefix": self.tag_prefix}


def _polled(source: JsonObject, project: str) -> _Polled:
    url, revision, chart, prefix = (
        str(source.get(name) or "") for name in ("repoURL", "targetRevision", "chart", "tagPrefix")
    )
    return _Polled(url, revision, project, chart, prefix)


def _kinds_in_use(apps: Iterable[JsonObject]) -> set[tuple[str, str]]:
    """(group, kind) of all objects that the Applications said to have when they were looked at last."""
    return {
        (str(item.get("group") or ""), str(item.get("kind") or ""))
        for app in apps
        for item in (app.get("status") or {}).get("resources") or ()
    }


def _is_broken(app: JsonObject) -> bool:
    found = (app.get("status") or {}).get("conditions") or ()
    return any(item.get("type") in ("ComparisonError", "UnknownError") for item in found)
