"""The shell: what wakes a set, what it reads, and the writes that decisions ask for, status before operations.

The generators of a set are asked when the set, the clusters or the settings change, or when their time has come; a
change of one of its Applications only compares anew with what they gave the last time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets import reconcile, rolling_sync, status
from argosy.gitops.applicationsets.asked import Doors, Hosting, Plugins
from argosy.gitops.applicationsets.generate import Unusable, asked_of, desired
from argosy.gitops.applicationsets.generators import requeue_after
from argosy.gitops.applicationsets.options import Options, options_of
from argosy.gitops.applicationsets.outside import ClusterObjects, GitReader
from argosy.gitops.applicationsets.preview import Preview, for_strategy, preview
from argosy.gitops.applicationsets.reconcile import Plan, Problem, Surroundings
from argosy.gitops.keys import APPLICATIONS
from argosy.gitops.settings import PARAMETERS
from argosy.gitops.world import CONFIG_MAPS, SECRETS, ControlPlane
from argosy.machinery.api import PatchType
from argosy.machinery.mergepatch import create_merge_patch
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome, owner_keys
from argosy.runtime.events import EventRecorder
from argosy.runtime.informer import Caches
from argosy.sources.port import GitRemote

APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
FIELD_MANAGER: Final = "argocd-applicationset-controller"
FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
REFRESH: Final = "argocd.argoproj.io/application-set-refresh"
REVERSE_PAUSE: Final = 10.0
OWNER: Final = "applicationset"
"""Index of Applications by the uid of the set that controls them."""


@dataclass(slots=True)
class Memory:
    """What the generators of a set gave, for which spec, and until when it holds."""

    spec: JsonObject
    until: float | None
    wanted: list[JsonObject]
    error: Unusable | None = None


class ApplicationSets:
    """`run` until cancelled."""

    def __init__(
        self,
        client: Client,
        caches: Caches,
        git: GitRemote,
        hosting: Hosting,
        plugins: Plugins,
        clock: Clock,
        rng: Rng,
        namespace: str = "argocd",
        *,
        workers: int = 4,
    ) -> None:
        self._client = client
        self._clock = clock
        self._namespace = namespace
        self._memory: dict[Key, Memory] = {}
        self._written: dict[Key, JsonObject] = {}
        self._controller = Controller("applicationsets", self.look, clock=clock, rng=rng, workers=workers)
        self.plane = ControlPlane(caches, namespace, self._all_concerned)
        self.plane.applications.add_index(OWNER, _owner)
        self.sets = caches.cache(APPLICATION_SETS)
        self._config = caches.cache(CONFIG_MAPS)
        objects = ClusterObjects(client, caches.cache(SECRETS), self._config, namespace)
        git_reader = GitReader(git, lambda: self.plane.credentials)
        self._doors = Doors(git=git_reader, hosting=hosting, plugins=plugins, objects=objects)
        self._templates = GoTemplates(clock.now, rng.fork("applicationsets").token_bytes)
        self.events = EventRecorder(client, clock, "argocd-applicationset-controller")
        self.generations = 0
        """How often generators were asked."""

    @property
    def controller(self) -> Controller:
        return self._controller

    @property
    def options(self) -> Options:
        found = self._config.get(Key(self._namespace, PARAMETERS)) or {}
        return options_of(found.get("data") or {})

    async def run(self) -> None:
        await self.plane.wait_synced()
        await self.sets.wait_synced()
        self._controller.watch(self.sets)
        self._controller.watch(self.plane.applications, owner_keys("ApplicationSet", "argoproj.io"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._controller.run())
            tasks.create_task(self.events.run())

    async def preview(self, appset: JsonObject) -> Preview:
        """What this set would do now; raises generate.Unusable."""
        namespace = appset["metadata"].get("namespace") or self._namespace
        placed = {**appset, "metadata": {**appset["metadata"], "namespace": namespace}}
        existing = self.plane.applications.list(namespace)
        around = self._around()
        return await preview(placed, existing=existing, around=around, doors=self._doors, templates=self._templates)

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        appset = self._latest(key)
        if appset is None:
            self._memory.pop(key, None)
            return DONE
        options = self.options
        if not options.serves(key.namespace, self._namespace):
            return DONE
        if appset["metadata"].get("deletionTimestamp"):
            return await self._delete(appset, options)
        if await self._keep_finalizer(appset, options):
            return Outcome(acted=True)
        around = self._around()
        memory = await self._generated(key, appset, around)
        if memory.error is not None:
            found = status.failed(memory.error.reason, str(memory.error), generated=memory.error.generated)
            acted = await self._write_status(appset, found, around)
        else:
            acted = await self._follow(appset, memory.wanted, around)
        return self._outcome(memory, acted)

    def _outcome(self, memory: Memory, acted: bool) -> Outcome:
        if memory.until is None:
            return Outcome(acted=acted)
        wait = max(0.001, memory.until - self._clock.monotonic())
        return Outcome(acted=acted, requeue_after=wait, background=True)

    async def _generated(self, key: Key, appset: JsonObject, around: Surroundings) -> Memory:
        """From memory, unless the set changed, a refresh is asked for, or its time has come."""
        spec, now = appset.get("spec") or {}, self._clock.monotonic()
        asked_for = REFRESH in (appset["metadata"].get("annotations") or {})
        known = self._memory.get(key)
        fresh = known is not None and known.spec == spec and (known.until is None or now < known.until)
        if known is not None and fresh and not asked_for:
            return known
        self.generations += 1
        wait = requeue_after(list(spec.get("generators") or ()))
        try:
            asked = asked_of(appset, self._doors, around.options, self._templates, self._namespace)
            wanted = for_strategy(appset, await desired(appset, asked), around)
            made = Memory(spec, None if wait is None else now + wait, wanted)
        except Unusable as error:
            made = Memory(spec, now + around.options.requeue_after, [], error)
        self._memory[key] = made
        if asked_for:
            await self._patch(appset, {"metadata": {"annotations": {REFRESH: None}}})
        return made

    async def _follow(self, appset: JsonObject, wanted: Sequence[JsonObject], around: Surroundings) -> bool:
        """Plan, write, tell; then, in a rolling sync, the operations of what has become Pending."""
        planned = reconcile.plan(appset, wanted, self._concerned(appset, wanted), around)
        failures = await self._carry_out(planned, around)
        found = status.succeeded()
        problems = [f"{problem.application}: {problem.message}" for problem in planned.problems]
        if failures or problems:
            reason = failures[0][0] if failures else "ApplicationValidationError"
            found = status.failed(reason, "; ".join([*problems, *(text for _, text in failures)]), generated=True)
        spec = appset.get("spec") or {}
        rollout = None
        if (spec.get("strategy") or {}).get("type") == "RollingSync" and around.options.progressive_syncs:
            problem = rolling_sync.invalid(spec)
            found.append(status.rollout_config(problem))
            if not problem:
                skipped = {problem.application for problem in planned.problems}
                rollout = self._advance(appset, [a for a in wanted if a["metadata"]["name"] not in skipped])
                found.append(status.rollout(rollout.is_progressing))
        acted = await self._write_status(appset, found, around, rollout)
        if rollout is not None:
            acted = await self._sync(appset, rollout) or acted
        return acted or not planned.is_empty

    def _advance(self, appset: JsonObject, wanted: Sequence[JsonObject]) -> rolling_sync.Advance:
        live = {app["metadata"]["name"]: app for app in self._owned(appset)}
        return rolling_sync.advanced(appset, wanted, live, self._clock.now())

    async def _carry_out(self, planned: Plan, around: Surroundings) -> list[tuple[str, str]]:
        """(reason, text) of each write that was refused; the others are done all the same."""
        failures = []
        for app in planned.create:
            failures += await self._tried("CreateApplicationError", self._create(app))
        for update in planned.update:
            failures += await self._tried("UpdateApplicationError", self._update(update))
        for app in planned.delete:
            failures += await self._tried("DeleteApplicationError", self._remove(app, around))
        return failures

    async def _tried(self, reason: str, work: Any) -> list[tuple[str, str]]:
        try:
            await work
        except StatusError as error:
            if error.is_conflict:
                raise
            return [(reason, str(error))]
        return []

    async def _create(self, app: JsonObject) -> None:
        try:
            made = await self._client.create(APPLICATIONS, app, field_manager=FIELD_MANAGER)
        except StatusError as error:
            if error.reason == "AlreadyExists":  # our own, not in the cache yet; whose it is shows when it is
                return
            raise
        self.events.record(made, "Created", "Created Application by ApplicationSet")

    async def _update(self, update: reconcile.Update) -> None:
        """Only what differs, and only if nobody else has written since."""
        metadata = update.live["metadata"]
        patch = create_merge_patch(update.live, update.wanted)
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
        await self._client.patch(
            APPLICATIONS,
            metadata["name"],
            metadata["namespace"],
            {**patch, "metadata": versioned},
            PatchType.MERGE,
            field_manager=FIELD_MANAGER,
        )

    async def _remove(self, app: JsonObject, around: Surroundings) -> None:
        metadata = app["metadata"]
        if (
            reconcile.has_resources_finalizer(app)
            and around.cluster((app.get("spec") or {}).get("destination") or {}) is None
        ):
            patch = {
                "metadata": {
                    "finalizers": reconcile.without_finalizer(app) or None,
                    "resourceVersion": metadata["resourceVersion"],
                }
            }
            await self._client.patch(
                APPLICATIONS,
                metadata["name"],
                metadata["namespace"],
                patch,
                PatchType.MERGE,
                field_manager=FIELD_MANAGER,
            )
        try:
            await self._client.delete(
                APPLICATIONS, metadata["name"], metadata["namespace"], uid=metadata.get("uid") or ""
            )
        except StatusError as error:
            if not error.is_not_found:
                raise

    async def _sync(self, appset: JsonObject, rollout: rolling_sync.Advance) -> bool:
        statuses = {item["application"]: item for item in rollout.statuses}
        acted = False
        for name in rollout.sync:
            app = self.plane.applications.get(Key(appset["metadata"]["namespace"], name))
            if app is None or not rolling_sync.needs_operation(app, statuses[name]):
                continue
            metadata = app["metadata"]
            patch = {
                "metadata": {"resourceVersion": metadata["resourceVersion"]},
                "operation": rolling_sync.operation(app),
            }
            await self._client.patch(
                APPLICATIONS, name, metadata["namespace"], patch, PatchType.MERGE, field_manager=FIELD_MANAGER
            )
            acted = True
        return acted

    # -- deletion ----------------------------------------------------------------------------------------------------

    async def _keep_finalizer(self, appset: JsonObject, options: Options) -> bool:
        """Where the end needs our hand: applications that survive, or go one step after another."""
        finalizers = appset["metadata"].get("finalizers") or []
        if FINALIZER in finalizers or not (self._survive(appset, options) or self._reverse(appset, options)):
            return False
        await self._patch(appset, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})
        return True

    def _survive(self, appset: JsonObject, options: Options) -> bool:
        return options.policy_of(appset.get("spec") or {}) in ("create-only", "create-update")

    def _reverse(self, appset: JsonObject, options: Options) -> bool:
        spec = appset.get("spec") or {}
        return (
            rolling_sync.is_rolling(spec, enabled=options.progressive_syncs)
            and (spec.get("strategy") or {}).get("deletionOrder") == "Reverse"
        )

    async def _delete(self, appset: JsonObject, options: Options) -> Outcome:
        finalizers = appset["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return DONE
        applications = self._owned(appset)
        if self._survive(appset, options):
            for app in applications:
                await self._disown(app)
        elif self._reverse(appset, options) and applications:
            batch = rolling_sync.deletion_batch(appset, applications)
            waiting = [app for app in batch if not app["metadata"].get("deletionTimestamp")]
            for app in waiting:
                await self._remove(app, self._around())
            return Outcome(acted=bool(waiting), requeue_after=REVERSE_PAUSE)
        left = [item for item in finalizers if item != FINALIZER]
        await self._patch(appset, {"metadata": {"finalizers": left or None}})
        return Outcome(acted=True)

    async def _disown(self, app: JsonObject) -> None:
        metadata = app["metadata"]
        owners = [owner for owner in metadata.get("ownerReferences") or () if not owner.get("controller")]
        patch = {"metadata": {"ownerReferences": owners or None, "resourceVersion": metadata["resourceVersion"]}}
        await self._client.patch(
            APPLICATIONS, metadata["name"], metadata["namespace"], patch, PatchType.MERGE, field_manager=FIELD_MANAGER
        )

    # -- reading and writing -----------------------------------------------------------------------------------------

    def _around(self) -> Surroundings:
        return Surroundings(
            control_plane=self._namespace,
            settings=self.plane.settings,
            options=self.options,
            projects=self.plane.projects_by_name(),
            clusters=self.plane.clusters(),
        )

    def _all_concerned(self) -> None:
        """Settings, clusters or credentials changed: what generators gave is no longer sure."""
        self._memory.clear()
        for appset in self.sets.list():
            self._controller.enqueue(Key(appset["metadata"]["namespace"], appset["metadata"]["name"]))

    def _owned(self, appset: JsonObject) -> Sequence[JsonObject]:
        return self.plane.applications.by_index(OWNER, str(appset["metadata"].get("uid") or ""))

    def _concerned(self, appset: JsonObject, wanted: Sequence[JsonObject]) -> list[JsonObject]:
        """Its own Applications, and whatever has the names that it wants."""
        namespace = appset["metadata"]["namespace"]
        named = (self.plane.applications.get(Key(namespace, app["metadata"]["name"])) for app in wanted)
        return list(
            {app["metadata"]["name"]: app for app in (*self._owned(appset), *named) if app is not None}.values()
        )

    def _latest(self, key: Key) -> JsonObject | None:
        """The cache's view, or our own write while the cache does not show it yet."""
        found, ours = self.sets.get(key), self._written.get(key)
        if ours is None:
            return found
        if found is None or _version(found) >= _version(ours):
            del self._written[key]
            return found
        return ours

    async def _write_status(
        self,
        appset: JsonObject,
        found: Sequence[status.Found],
        around: Surroundings,
        rollout: rolling_sync.Advance | None = None,
    ) -> bool:
        """Whether anything had to be written."""
        before, now = appset.get("status") or {}, self._clock.now()
        marks = status.conditions(before.get("conditions") or (), found, now)
        shown, count = status.resources(self._owned(appset), around.options.most_resources)
        after = status.whole(
            before,
            conditions=marks,
            health=status.health(before.get("health"), marks, now),
            resources=shown,
            resourcesCount=count,
            applicationStatus=rollout.statuses if rollout is not None else None,
        )
        if after == before:
            return False
        await self._patch(appset, {"status": create_merge_patch(before, after)}, subresource="status")
        return True

    async def _patch(self, appset: JsonObject, patch: JsonObject, subresource: str = "") -> None:
        """Conditional on the version that was looked at."""
        key = Key(appset["metadata"]["namespace"], appset["metadata"]["name"])
        latest = self._written.get(key) or appset
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": latest["metadata"]["resourceVersion"]}
        self._written[key] = await self._client.patch(
            APPLICATION_SETS,
            key.name,
            key.namespace,
            {**patch, "metadata": versioned},
            PatchType.MERGE,
            subresource=subresource,
            field_manager=FIELD_MANAGER,
        )


def _owner(app: JsonObject) -> list[str]:
    owner = reconcile.controller_of(app)
    return [str(owner.get("uid"))] if owner is not None and owner.get("kind") == reconcile.KIND else []


def _version(obj: JsonObject) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)


__all__ = ["APPLICATION_SETS", "ApplicationSets", "Problem"]
