"""The shell: what is watched, which key a change concerns, and the writes that decisions ask for (spec 5).

One look at an Application goes: deletion, then a running operation, then comparison, then automated sync. All state
that must survive is in the Application's status before the effect that depends on it; the rest is remembered only to
save work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from argosy.gitops import autosync, conditions, deletion, destinations, operation, projects, refresh, status
from argosy.gitops.applying import Applier, missing_kind
from argosy.gitops.compare import Comparer, Comparison
from argosy.gitops.globs import matches
from argosy.gitops.keys import (
    APPLICATIONS,
    FIELD_MANAGER,
    PROJECTS,
    REFRESH,
    SKIP_RECONCILE,
    ResourceKey,
    annotations_of,
    instance_name,
    key_of_instance,
)
from argosy.gitops.live import LiveObjects, revision
from argosy.gitops.normalize_spec import is_multi, normalised, sources_of, spec_errors
from argosy.gitops.ports import KnownTypes
from argosy.gitops.refresh import Level
from argosy.gitops.rendering import POLL_MAX_AGE, Desired, Manifests, Wanted
from argosy.gitops.retry import next_retry_at
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.plan import Identity, Result, next_step
from argosy.gitops.sync.tasks import Task, in_order, tasks_of
from argosy.gitops.tracking import owner_of
from argosy.gitops.world import ControlPlane
from argosy.machinery.api import PatchType
from argosy.machinery.objects import GroupKind, JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.render.port import Renderer, RenderError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome
from argosy.runtime.events import EventRecorder
from argosy.runtime.informer import Caches
from argosy.sources.port import ChartRepository, GitRemote, SourceError

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
BACKSTOP = 30.0
"""Seconds after which a waiting operation is looked at without a change."""
SPEC_TYPES = ("InvalidSpecError", "ComparisonError", "RepeatedResourceWarning", "ExcludedResourceWarning")


class Refused(Exception):
    """The application cannot be compared: (condition type, message) pairs."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = tuple(found)


@dataclass(slots=True)
class Memory:
    """What saves work for one Application; nothing is lost when it is."""

    comparer: Comparer
    requested: Level = Level.LATEST
    overdue: bool = False
    digest: str = ""
    revisions: tuple[str, ...] = ()
    next_wave_at: float = 0.0
    why: dict[ResourceKey, str] = field(default_factory=dict)


class GitOps:
    """`run` until cancelled. One destination cluster: the one that `client` and `caches` are of."""

    def __init__(
        self,
        client: Client,
        caches: Caches,
        renderer: Renderer,
        git: GitRemote,
        charts: ChartRepository,
        clock: Clock,
        rng: Rng,
        known_types: KnownTypes,
        namespace: str = "argocd",
        *,
        workers: int = 10,
    ) -> None:
        self._client = client
        self._caches = caches
        self._clock = clock
        self._rng = rng.fork("gitops")
        self._known = known_types
        self._namespace = namespace
        self._memory: dict[Key, Memory] = {}
        self._written: dict[Key, JsonObject] = {}
        self._commits: dict[tuple[str, str], str] = {}
        self._controller = Controller("applications", self.look, clock=clock, rng=rng, workers=workers)
        self.plane = ControlPlane(caches, namespace, self._all_concerned)
        self.live = LiveObjects(client, caches, self._live_changed)
        self.manifests = Manifests(renderer, git, charts)
        self.applier = Applier(client, self.live, known_types)
        self.events = EventRecorder(client, clock, "argocd-application-controller")
        self.status_writes = 0
        self._definitions_changed = asyncio.Event()

    @property
    def controller(self) -> Controller:
        return self._controller

    def why(self, app: Key) -> dict[ResourceKey, str]:
        """For each object that is out of sync, the reason in one line."""
        memory = self._memory.get(app)
        return dict(memory.why) if memory else {}

    async def run(self) -> None:
        await self.plane.wait_synced()
        await self.live.discover(self.plane.settings)
        await self.live.wait_synced()
        await self._ensure_default_project()
        self._caches.cache(DEFINITIONS).on_change(lambda old, new: self._definitions_changed.set())
        self._controller.watch(self.plane.applications)
        self.plane.projects.on_change(lambda old, new: self._all_concerned())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._controller.run())
            tasks.create_task(self.events.run())
            tasks.create_task(self._poll())
            tasks.create_task(self._follow_definitions())

    # -- what concerns whom ------------------------------------------------------------------------------------------

    async def _follow_definitions(self) -> None:
        while True:
            await self._definitions_changed.wait()
            self._definitions_changed.clear()
            await self.live.discover(self.plane.settings)
            self._all_concerned()

    def _remember(self, key: Key) -> Memory:
        if (found := self._memory.get(key)) is None:
            found = self._memory[key] = Memory(Comparer(self._known))
        return found

    def _request(self, key: Key, level: Level) -> None:
        memory = self._remember(key)
        memory.requested = max(memory.requested, level)
        self._controller.enqueue(key)

    def _all_concerned(self) -> None:
        for app in self.plane.applications.list():
            metadata = app["metadata"]
            self._request(Key(metadata["namespace"], metadata["name"]), Level.RECENT)

    def _live_changed(self, obj: JsonObject) -> None:
        if owner := owner_of(obj, self.plane.settings):
            key = key_of_instance(owner, self._namespace)
            if self.plane.applications.get(key) is not None:
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
            await self._look_for_commits()

    async def _look_for_commits(self) -> None:
        users: dict[tuple[str, str, str, str], list[Key]] = {}
        for app in self.plane.applications.list():
            key = Key(app["metadata"]["namespace"], app["metadata"]["name"])
            spec = normalised(app.get("spec") or {})
            for source in sources_of(spec):
                place = (str(source.get("repoURL")), str(source.get("targetRevision") or ""), spec["project"])
                users.setdefault((*place, str(source.get("chart") or "")), []).append(key)
        for (url, wanted, project, chart), keys in sorted(users.items()):
            source = {"repoURL": url, "targetRevision": wanted, "chart": chart}
            try:
                found = await self.manifests.resolve(source, self.plane.credentials, project)
            except SourceError:
                found = ""
            before = self._commits.get((url, wanted))
            self._commits[url, wanted] = found
            if found != before or not found:
                for key in keys:
                    self._remember(key).overdue = True
                    self._controller.enqueue(key)

    async def _ensure_default_project(self) -> None:
        if self.plane.project("default") is None:
            metadata = {"name": "default", "namespace": self._namespace}
            with suppress(StatusError):
                await self._client.create(PROJECTS, {**projects.DEFAULT_PROJECT, "metadata": metadata})

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        app = self._latest(key)
        if app is None:
            self._memory.pop(key, None)
            self.manifests.forget(instance_name(key, self._namespace))
            return DONE
        if not self._is_ours(key) or annotations_of(app).get(SKIP_RECONCILE) == "true":
            return DONE
        if app["metadata"].get("deletionTimestamp"):
            return await self._delete(key, app)
        if app.get("operation"):
            outcome = await self._operate(key, app)
            if outcome is not None:
                return outcome
            app = self._latest(key) or app
        return await self._refresh(key, app)

    def _is_ours(self, key: Key) -> bool:
        allowed = self.plane.settings.application_namespaces
        return key.namespace == self._namespace or any(matches(item, key.namespace) for item in allowed)

    def _latest(self, key: Key) -> JsonObject | None:
        """The cache's view, or our own write while the cache does not show it yet."""
        found, ours = self.plane.applications.get(key), self._written.get(key)
        if ours is not None and (found is None or revision(found) >= revision(ours)):
            del self._written[key]
        elif ours is not None:
            return ours
        return found

    async def _write(self, app: JsonObject, patch: JsonObject) -> JsonObject:
        """Conditional on the version that was looked at; the runtime looks again after a conflict."""
        metadata = app["metadata"]
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
        body = {**patch, "metadata": versioned}
        self.status_writes += 1
        made = await self._client.patch(
            APPLICATIONS, metadata["name"], metadata["namespace"], body, PatchType.MERGE, field_manager=FIELD_MANAGER
        )
        self._written[Key(metadata["namespace"], metadata["name"])] = made
        return made

    # -- comparison --------------------------------------------------------------------------------------------------

    async def _refresh(self, key: Key, app: JsonObject) -> Outcome:
        memory = self._remember(key)
        requested, memory.requested = memory.requested, Level.NOTHING
        overdue, memory.overdue = memory.overdue, False
        decided = refresh.decide(app, requested=requested, overdue=overdue)
        if decided.level == Level.NOTHING:
            return DONE
        try:
            return await self._compare_and_write(key, app, memory, decided)
        except BaseException:
            memory.requested, memory.overdue = max(memory.requested, requested), overdue or memory.overdue
            raise

    async def _compare_and_write(self, key: Key, app: JsonObject, memory: Memory, decided: refresh.Refresh) -> Outcome:
        now = self._clock.now()
        spec, before = normalised(app.get("spec") or {}), app.get("status") or {}
        found: list[tuple[str, str]] = []
        auto = autosync.NOTHING
        try:
            desired, comparison = await self._compare(key, app, spec, memory, decided)
            found += desired.targets.warnings
            unrelated = not decided.requested and memory.digest == desired.digest and bool(before.get("sync"))
            kept = self._kept_revisions(before, spec) if unrelated else None
            memory.digest, memory.revisions = desired.digest, desired.revisions
            memory.why = dict(comparison.why)
            revisions = kept or list(desired.revisions)
            after = status.found(before, spec, comparison, revisions, list(desired.types), seconds(now))
            auto = self._auto_sync(app, spec, after, now)
        except Refused as error:
            found += error.found
            after = status.unknown(before, spec, seconds(now))
        if auto.error:
            found.append(("SyncError", auto.error))
        types = (*SPEC_TYPES, "SyncError")
        marks = conditions.updated(before.get("conditions") or [], found, types, seconds(now))
        after = {name: value for name, value in {**after, "conditions": marks}.items() if value != []}
        if before.get("controllerNamespace") != self._namespace:
            after["controllerNamespace"] = self._namespace
        return await self._write_status(app, before, after, decided, auto, now)

    async def _write_status(
        self,
        app: JsonObject,
        before: JsonObject,
        after: JsonObject,
        decided: refresh.Refresh,
        auto: autosync.AutoSync,
        now: datetime,
    ) -> Outcome:
        if decided.requested or not before.get("reconciledAt") or status.patch(before, after) is not None:
            after = {**after, "reconciledAt": seconds(now)}
        change = status.patch(before, after)
        patch: JsonObject = {"status": change} if change else {}
        if decided.requested:
            patch["metadata"] = {"annotations": {REFRESH: None}}
        if auto.operation is not None:
            # Creating an operation removes the state of the one before, in the same write (spec 1.4).
            patch["operation"] = auto.operation
            patch["status"] = {**(patch.get("status") or {}), "operationState": None}
        if patch:
            self._tell(app, before, after)
            app = await self._write(app, patch)
        if auto.operation is not None:
            self._controller.enqueue(Key(app["metadata"]["namespace"], app["metadata"]["name"]))
        if auto.wake_after is not None:
            self._remember(Key(app["metadata"]["namespace"], app["metadata"]["name"])).requested = Level.RECENT
            return Outcome(acted=bool(patch), requeue_after=max(auto.wake_after, 0.001))
        return Outcome(acted=bool(patch))

    def _tell(self, app: JsonObject, before: JsonObject, after: JsonObject) -> None:
        for name in ("sync", "health"):
            old, new = ((side.get(name) or {}).get("status") or "" for side in (before, after))
            if old != new:
                self.events.record(app, "ResourceUpdated", f"Updated {name} status: {old} -> {new}")

    def _kept_revisions(self, before: JsonObject, spec: JsonObject) -> list[str] | None:
        """A commit that changes none of this application's manifests is no new revision (spec 5.4)."""
        sync = before["sync"]
        if is_multi(spec):
            return list(sync.get("revisions") or ()) or None
        return [sync["revision"]] if sync.get("revision") else None

    def _auto_sync(self, app: JsonObject, spec: JsonObject, after: JsonObject, now: datetime) -> autosync.AutoSync:
        seen = autosync.Seen(spec, after, bool(app.get("operation")), bool(app["metadata"].get("deletionTimestamp")))
        return autosync.decide(seen, self.plane.settings, now)

    async def _compare(
        self, key: Key, app: JsonObject, spec: JsonObject, memory: Memory, decided: refresh.Refresh
    ) -> tuple[Desired, Comparison]:
        revisions: tuple[str, ...] = ()
        if decided.level == Level.RECENT:
            before = app.get("status") or {}
            seen = self._kept_revisions(before, spec) if before.get("sync") else None
            revisions = memory.revisions or tuple(seen or ())
        max_age = 0.0 if decided.level == Level.FORCED else POLL_MAX_AGE
        return await self._compared(key, spec, sources_of(spec), revisions, max_age, not decided.hard, memory)

    async def _compared(
        self,
        key: Key,
        spec: JsonObject,
        sources: list[JsonObject],
        revisions: tuple[str, ...],
        max_age: float,
        use_cache: bool,
        memory: Memory,
    ) -> tuple[Desired, Comparison]:
        """Raises Refused with the conditions that say why not."""
        project, cluster = self._permitted(key, spec, sources)
        namespace = str((spec.get("destination") or {}).get("namespace") or "")
        settings, name = self.plane.settings, instance_name(key, self._namespace)
        wanted = Wanted(
            app=name,
            release=key.name,
            project=spec["project"],
            namespace=namespace,
            cluster=cluster.server,
            sources=tuple(sources),
            revisions=revisions,
            max_age=max_age,
            use_cache=use_cache,
        )
        try:
            desired = await self.manifests.desired(wanted, self.plane.credentials, settings, self.live.kinds)
        except (SourceError, RenderError) as error:
            text = f"Failed to load target state: failed to generate manifest for source 1 of {len(sources)}: {error}"
            raise Refused([("ComparisonError", text)]) from None
        if desired.targets.errors:
            raise Refused([("InvalidSpecError", text) for text in desired.targets.errors])
        options = options_of((spec.get("syncPolicy") or {}).get("syncOptions"))
        found = memory.comparer.compare(
            desired.targets,
            self._live_of(name, desired),
            app=ResourceKey("argoproj.io", "Application", key.namespace, key.name),
            ignored=spec.get("ignoreDifferences") or (),
            options=options,
            settings=settings,
            permitted=lambda wanted_key: self._permits_kind(project, wanted_key),
        )
        return desired, found

    def _live_of(self, name: str, desired: Desired) -> dict[ResourceKey, JsonObject]:
        live = self.live.tracked(name, self.plane.settings)
        for target in desired.targets.items:
            if target.key not in live and (obj := self.live.get(target.key)) is not None:
                live[target.key] = obj
        return live

    def _permits_kind(self, project: JsonObject, key: ResourceKey) -> bool:
        kind = GroupKind(key.group, key.kind)
        return projects.permits_kind(project, kind, key.name, namespaced=bool(key.namespace))

    def _permitted(
        self, key: Key, spec: JsonObject, sources: list[JsonObject]
    ) -> tuple[JsonObject, destinations.Cluster]:
        """The project's effective spec and the cluster, or Refused."""
        name, settings = spec["project"], self.plane.settings
        errors = spec_errors(spec)
        project = self.plane.project(name)
        if project is None:
            errors.append(f"Application referencing project {name} which does not exist")
        try:
            cluster = destinations.resolve(spec.get("destination") or {}, settings, self.plane.clusters())
        except destinations.InvalidDestination as error:
            errors.append(str(error))
            cluster = None
        if errors or project is None or cluster is None:
            raise Refused([("InvalidSpecError", text) for text in errors])
        effective = projects.effective(project, self.plane.projects_by_name(), settings)
        if not projects.permits_namespace_of_application(effective, key.namespace, self._namespace):
            errors.append(
                f"application '{key.name}' in namespace '{key.namespace}' is not permitted to use project '{name}'"
            )
        namespace = str((spec.get("destination") or {}).get("namespace") or "")
        errors += projects.refusals(effective, name, sources, cluster, namespace)
        if errors:
            raise Refused([("InvalidSpecError", text) for text in errors])
        return effective, cluster

    # -- operations --------------------------------------------------------------------------------------------------

    async def _operate(self, key: Key, app: JsonObject) -> Outcome | None:
        """None when the operation ended and the application is to be compared at once."""
        state, now = (app.get("status") or {}).get("operationState"), self._clock.now()
        if not state or state.get("phase") in operation.FINAL:
            state = operation.begun(app["operation"], seconds(now))
            app = await self._write(app, {"status": {"operationState": {**_cleared(app), **state}}})
            self.events.record(app, "OperationStarted", "Initiated sync")
        elif operation.awaits_retry(state):
            at = next_retry_at(state)
            if now < at:
                return Outcome(requeue_after=(at - now).total_seconds())
            state = operation.again(state)
            cleared = {"finishedAt": None, "syncResult": None, "message": None}
            app = await self._write(app, {"status": {"operationState": {**cleared, **state}}})
        if state.get("phase") == "Terminating":
            await self._finish(
                key, app, operation.ended(state, "Failed", "Operation terminated", seconds(now), terminated=True)
            )
            return None
        return await self._sync(key, app, state)

    async def _sync(self, key: Key, app: JsonObject, state: JsonObject) -> Outcome | None:
        memory, spec = self._remember(key), normalised(app.get("spec") or {})
        asked = (state.get("operation") or {}).get("sync") or {}
        given = asked.get("sources") or ([asked["source"]] if asked.get("source") else [])
        sources = given or sources_of(spec)
        earlier = state.get("syncResult") or {}
        fixed = earlier.get("revisions") or [earlier.get("revision") or asked.get("revision") or ""]
        fixed = asked.get("revisions") or fixed
        try:
            revisions = tuple(fixed) if len(fixed) == len(sources) else ()
            resolved = (
                [
                    await self.manifests.resolve(
                        {**source, "targetRevision": text}, self.plane.credentials, spec["project"]
                    )
                    if text
                    else ""
                    for source, text in zip(sources, revisions, strict=True)
                ]
                if revisions
                else []
            )
            desired, comparison = await self._compared(key, spec, sources, tuple(resolved), 0.0, True, memory)
        except (Refused, SourceError) as error:
            await self._finish(key, app, operation.ended(state, "Error", str(error), seconds(self._clock.now())))
            return None
        options = options_of(
            [*((spec.get("syncPolicy") or {}).get("syncOptions") or ()), *(asked.get("syncOptions") or ())]
        )
        suffix = (
            f"{desired.revisions[0][:7]}-PHASE-{int(parse(state['startedAt']).timestamp())}"
            if desired.revisions
            else ""
        )
        tasks = tasks_of(comparison.pairs, asked, options, suffix)
        tasks = self._with_namespace(tasks, spec, options)
        state = {
            **state,
            "syncResult": {**operation.result_of({**spec, **_override(given)}, desired.revisions, []), **earlier},
        }
        return await self._steps(key, app, state, tasks, asked, options)

    def _with_namespace(self, tasks: list[Task], spec: JsonObject, options: Options) -> list[Task]:
        """CreateNamespace: before everything, unless it is there or the manifests bring it; untracked, never pruned."""
        name = str((spec.get("destination") or {}).get("namespace") or "")
        wanted = ResourceKey("", "Namespace", "", name)
        if not name or not options.has("CreateNamespace") or any(task.key == wanted for task in tasks):
            return tasks
        live = self.live.get(wanted)
        metadata = {"name": name, **((spec.get("syncPolicy") or {}).get("managedNamespaceMetadata") or {})}
        target = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        if live is not None and len(metadata) == 1:
            return tasks
        return in_order([Task("PreSync", -(1 << 31), wanted, target, live), *tasks])

    def _invalid(self, tasks: Sequence[Task], options: Options) -> dict[Identity, Result]:
        """Tasks whose kind the cluster does not serve, unless a definition among the tasks brings it."""
        brought = set()
        for task in tasks:
            if task.key.kind == "CustomResourceDefinition" and task.target:
                spec = task.target.get("spec") or {}
                brought.add((spec.get("group"), (spec.get("names") or {}).get("kind")))
        return {
            task.identity: Result("SyncFailed", missing_kind(task.obj), "Failed")
            for task in tasks
            if self.live.kinds.of(task.obj) is None
            and (task.key.group, task.key.kind) not in brought
            and not options.has("SkipDryRunOnMissingResource", obj=task.obj)
        }

    async def _steps(
        self, key: Key, app: JsonObject, state: JsonObject, tasks: list[Task], asked: JsonObject, options: Options
    ) -> Outcome | None:
        record = operation.record_of(state)
        if not record and (invalid := self._invalid(tasks, options)):
            reasons = ",".join(dict.fromkeys(result.message for result in invalid.values()))
            text = f"one or more synchronization tasks are not valid: {reasons}"
            return await self._ended(key, app, _recorded(state, tasks, invalid), "Failed", text)
        live = {task.key: found for task in tasks if (found := self.live.get(task.key)) is not None}
        step = next_step(tasks, record, live)
        record |= step.updates
        if step.phase:
            return await self._ended(key, app, _recorded(state, tasks, record), step.phase, step.message)
        if not step.run:
            return await self._wait(app, {**_recorded(state, tasks, record), "message": step.message})
        memory = self._remember(key)
        pause = memory.next_wave_at - self._clock.monotonic()
        if record and pause > 0:
            await self._wait(app, _recorded(state, tasks, record))
            return Outcome(requeue_after=max(pause, 0.001))
        record |= await self._carry_out(step.run, asked, options)
        state = _recorded(state, tasks, record)
        if step.is_last or asked.get("dryRun"):
            failed = [result.message for result in record.values() if result.failed]
            if not failed:
                return await self._ended(key, app, state, "Succeeded", "successfully synced (all tasks run)")
        memory.next_wave_at = self._clock.monotonic() + self.plane.settings.wave_delay
        await self._wait(app, {**state, "message": "one or more tasks are running"})
        return Outcome(acted=True, requeue_after=0.001)

    async def _carry_out(self, run: Sequence[Task], asked: JsonObject, options: Options) -> dict[Identity, Result]:
        """Prunes first, all at once; then applies, kind by kind, those of one kind at once."""
        strategy = asked.get("syncStrategy") or {}
        force = any((strategy.get(name) or {}).get("force") for name in ("apply", "hook"))
        found: dict[Identity, Result] = {}

        async def one(task: Task) -> None:
            found[task.identity] = await self.applier.carry_out(
                task, options, prune=bool(asked.get("prune")), dry_run=bool(asked.get("dryRun")), force=force
            )

        groups: list[list[Task]] = []
        for task in run:
            same = groups and (groups[-1][0].is_prune, groups[-1][0].key.kind) == (task.is_prune, task.key.kind)
            if groups and (same or (task.is_prune and groups[-1][0].is_prune)):
                groups[-1].append(task)
            else:
                groups.append([task])
        for group in groups:
            if len(group) == 1:
                await one(group[0])
                continue
            async with asyncio.TaskGroup() as tasks:
                for task in group:
                    tasks.create_task(one(task))
        return found

    async def _wait(self, app: JsonObject, state: JsonObject) -> Outcome:
        before = (app.get("status") or {}).get("operationState") or {}
        if change := status.patch(before, state):
            await self._write(app, {"status": {"operationState": change}})
        return Outcome(acted=bool(change), requeue_after=BACKSTOP)

    async def _ended(self, key: Key, app: JsonObject, state: JsonObject, phase: str, message: str) -> Outcome | None:
        await self._finish(key, app, operation.ended(state, phase, message, seconds(self._clock.now())))
        return None

    async def _finish(self, key: Key, app: JsonObject, state: JsonObject) -> None:
        before = (app.get("status") or {}).get("operationState") or {}
        if operation.awaits_retry(state):
            await self._write(app, {"status": {"operationState": status.patch(before, state) or {}}})
        else:
            patch = operation.completion(app, state, seconds(self._clock.now()))
            patch["status"]["operationState"] = status.patch(before, state) or {}
            await self._write(app, patch)
            self.events.record(
                app, "OperationCompleted", f"Sync operation {state['phase'].lower()}: {state.get('message')}"
            )
        memory = self._remember(key)
        memory.requested = max(memory.requested, Level.LATEST)
        self._controller.enqueue(key)

    # -- deletion ----------------------------------------------------------------------------------------------------

    async def _delete(self, key: Key, app: JsonObject) -> Outcome:
        finalizers = app["metadata"].get("finalizers") or []
        how = deletion.cascades(finalizers)
        if how is None:
            return DONE
        spec = normalised(app.get("spec") or {})
        options = options_of((spec.get("syncPolicy") or {}).get("syncOptions"))
        me = ResourceKey("argoproj.io", "Application", key.namespace, key.name)
        with suppress(destinations.InvalidDestination):
            destinations.resolve(spec.get("destination") or {}, self.plane.settings, self.plane.clusters())
            live = self.live.tracked(instance_name(key, self._namespace), self.plane.settings)
            wave = deletion.next_wave(live, me, options)
            for wanted in wave:
                if not live[wanted]["metadata"].get("deletionTimestamp"):
                    await self.applier.delete(live[wanted], how)
                    self.live.forget(wanted)
            if wave:
                return Outcome(acted=True, requeue_after=BACKSTOP)
        await self._write(app, {"metadata": {"finalizers": deletion.without_cascade(finalizers) or None}})
        return Outcome(acted=True)


def _recorded(state: JsonObject, tasks: Sequence[Task], record: dict[Identity, Result]) -> JsonObject:
    return {**state, "syncResult": {**state["syncResult"], "resources": operation.resources_of(tasks, record)}}


def _cleared(app: JsonObject) -> JsonObject:
    """A merge patch that forgets what an earlier operation left."""
    return dict.fromkeys((app.get("status") or {}).get("operationState") or {})


def _override(given: list[JsonObject]) -> JsonObject:
    if not given:
        return {}
    return {"sources": given} if len(given) > 1 else {"source": given[0]}
