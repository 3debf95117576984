"""The shell: what wakes a set, what it reads, and the writes that decisions ask for, status before operations.

The generators of a set are asked when the set, the clusters or the settings change, or when their time has come; a
change of one of its Applications only compares anew with what they gave the last time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets import reconcile, rolling_sync, status
from argosy.gitops.applicationsets.applying import Applying
from argosy.gitops.applicationsets.asked import Doors, Hosting, Plugins
from argosy.gitops.applicationsets.ending import Ending
from argosy.gitops.applicationsets.generate import Unusable, asked_of, desired
from argosy.gitops.applicationsets.generators import requeue_after
from argosy.gitops.applicationsets.options import Options, options_of
from argosy.gitops.applicationsets.outside import ClusterObjects, GitReader
from argosy.gitops.applicationsets.preview import Preview, for_strategy, preview
from argosy.gitops.applicationsets.reconcile import Surroundings
from argosy.gitops.applicationsets.recording import APPLICATION_SETS, Recording
from argosy.gitops.settings import PARAMETERS
from argosy.gitops.world import CONFIG_MAPS, SECRETS, ControlPlane
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome, owner_keys
from argosy.runtime.events import EventRecorder
from argosy.runtime.informer import Caches
from argosy.sources.port import GitRemote

REFRESH: Final = "argocd.argoproj.io/application-set-refresh"
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
        self._clock = clock
        self._namespace = namespace
        self._memory: dict[Key, Memory] = {}
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
        self._applying, self._recording = Applying(client, self.events), Recording(client, clock, self.sets)
        self._ending = Ending(self._applying, self._recording)
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
        appset = self._recording.latest(key)
        if appset is None:
            self._memory.pop(key, None)
            return DONE
        options = self.options
        if not options.serves(key.namespace, self._namespace):
            return DONE
        if appset["metadata"].get("deletionTimestamp"):
            return await self._ending.proceed(appset, self._owned(appset), self._around())
        if await self._ending.prepare(appset, options):
            return Outcome(acted=True)
        around = self._around()
        memory = await self._generated(key, appset, around)
        if memory.error is not None:
            found = status.failed(memory.error.reason, str(memory.error), generated=memory.error.generated)
            acted = await self._record(appset, found, around)
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
            await self._recording.patch(appset, {"metadata": {"annotations": {REFRESH: None}}})
        return made

    async def _follow(self, appset: JsonObject, wanted: Sequence[JsonObject], around: Surroundings) -> bool:
        """Plan, write, tell; then, in a rolling sync, the operations of what has become Pending."""
        planned = reconcile.plan(appset, wanted, self._concerned(appset, wanted), around)
        failures = await self._applying.carry_out(planned, around)
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
        acted = await self._record(appset, found, around, rollout)
        if rollout is not None:
            statuses = {item["application"]: item for item in rollout.statuses}
            acted = await self._applying.sync(self._named(appset, rollout.sync), statuses) or acted
        return acted or not planned.is_empty

    async def _record(
        self,
        appset: JsonObject,
        found: Sequence[status.Found],
        around: Surroundings,
        rollout: rolling_sync.Advance | None = None,
    ) -> bool:
        applications, most = self._owned(appset), around.options.most_resources
        statuses = rollout.statuses if rollout is not None else None
        return await self._recording.status(appset, found, applications, most, statuses)

    def _advance(self, appset: JsonObject, wanted: Sequence[JsonObject]) -> rolling_sync.Advance:
        live = {app["metadata"]["name"]: app for app in self._owned(appset)}
        return rolling_sync.advanced(appset, wanted, live, self._clock.now())

    # -- reading -----------------------------------------------------------------------------------------------------

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
        named = self._named(appset, (app["metadata"]["name"] for app in wanted))
        return list({app["metadata"]["name"]: app for app in (*self._owned(appset), *named)}.values())

    def _named(self, appset: JsonObject, names: Iterable[str]) -> list[JsonObject]:
        found = (self.plane.applications.get(Key(appset["metadata"]["namespace"], name)) for name in names)
        return [app for app in found if app is not None]


def _owner(app: JsonObject) -> list[str]:
    owner = reconcile.controller_of(app)
    return [str(owner.get("uid"))] if owner is not None and owner.get("kind") == reconcile.KIND else []
