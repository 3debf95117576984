"""The shell: what wakes a set, what it reads, and the writes that decisions ask for, status before operations.

The generators of a set are asked when the set, the clusters or the settings change, or when their time has come; a
change of one of its Applications only compares anew with what they gave the last time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Final, TypeVar

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets import reconcile, rolling_sync, status
from argosy.gitops.applicationsets.adapters import ClusterObjects, GitReader
from argosy.gitops.applicationsets.application_writer import ApplicationWriter, Refusals
from argosy.gitops.applicationsets.deletion import SetDeletion
from argosy.gitops.applicationsets.generation import AFTER_ERROR, Generation, Memory
from argosy.gitops.applicationsets.generator_context import Doors, Hosting, Plugins
from argosy.gitops.applicationsets.options import options_of
from argosy.gitops.applicationsets.preview import Preview, preview
from argosy.gitops.applicationsets.reconcile import Plan, Surroundings
from argosy.gitops.applicationsets.status_writer import APPLICATION_SETS, StatusWriter, Written
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.jq.evaluation import JqEvaluation, tell
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.render.jq.port import JqEvaluator
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome, owner_keys
from argosy.runtime.events import EventRecorder
from argosy.runtime.informer import Caches
from argosy.runtime.verbs import Verbs
from argosy.sources.port import GitRemote

T = TypeVar("T")

REFRESH: Final = "argocd.argoproj.io/application-set-refresh"
OWNER: Final = "applicationset"
"""Index of Applications by the uid of the set that controls them."""


class ApplicationSets:
    """`run` until cancelled."""

    def __init__(
        self,
        client: Verbs,
        caches: Caches,
        git: GitRemote,
        hosting: Hosting,
        plugins: Plugins,
        clock: Clock,
        rng: Rng,
        namespace: str = "argocd",
        *,
        workers: int = 4,
        owns: Callable[[Key], bool] | None = None,
        jq: JqEvaluator | None = None,
    ) -> None:
        """`owns`: whether a set is this replica's. `jq` runs the jq of ignored differences."""
        self._clock = clock
        self._namespace = namespace
        self._surroundings: Surroundings | None = None
        self._controller = Controller(
            "applicationsets", self.look, clock=clock, rng=rng, workers=workers, owns=owns, let_go=self._forget
        )
        self.sets = caches.cache(APPLICATION_SETS)
        self._objects = ClusterObjects(client, caches, namespace)
        git_reader = GitReader(git, lambda: self.plane.credentials)
        doors = Doors(
            git=git_reader, hosting=hosting, plugins=plugins, objects=self._objects, refusal=self._repository_refusal
        )
        templates = GoTemplates(clock.now, rng.fork("applicationsets").token_bytes)
        self.asking = Generation(doors, templates, namespace, self._clusters)
        # After all that its first news, which may come at once, is told to.
        self.plane = ControlPlane(caches, namespace, self._settings_changed)
        self.plane.applications.add_index(OWNER, _owner)
        self.events = EventRecorder(client, clock, "argocd-applicationset-controller")
        self._applying, self._recording = ApplicationWriter(client, self.events), StatusWriter(client, clock, self.sets)
        self.jq = JqEvaluation(jq)
        self._told: dict[Key, set[str]] = {}
        """jq expressions whose failure was told, by set."""
        self._ending = SetDeletion(self._applying, self._recording)

    @property
    def controller(self) -> Controller:
        return self._controller

    async def run(self) -> None:
        await self.wait_synced()
        with ExitStack() as handlers:
            handlers.callback(self._controller.watch(self.sets))
            applications = self._controller.watch(self.plane.applications, owner_keys("ApplicationSet", "argoproj.io"))
            handlers.callback(applications)
            handlers.callback(self.plane.projects.on_change(lambda old, new: self._all_concerned()))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._controller.run())
                tasks.create_task(self.events.run())

    async def wait_synced(self) -> None:
        await self.plane.wait_synced()
        await self.sets.wait_synced()

    async def preview(self, appset: JsonObject) -> Preview:
        """What this set would do now; raises generate.Unusable."""
        namespace = appset["metadata"].get("namespace") or self._namespace
        placed = {**appset, "metadata": {**appset["metadata"], "namespace": namespace}}
        await self._objects.prepare(namespace)
        around = self._around()
        wanted = await self.asking.desired(placed, around.options)
        existing = self.plane.applications.list(namespace)
        return await self._with_jq(placed, lambda jq: preview(placed, wanted, existing, around, jq))

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        appset = self._recording.latest(key)
        if appset is None:
            self._forget(key)
            return DONE
        around = self._around()
        if not around.options.serves(key.namespace, self._namespace):
            return DONE
        if appset["metadata"].get("deletionTimestamp"):
            return await self._ending.proceed(appset, self._owned(appset), around)
        if await self._ending.prepare(appset, around.options):
            return Outcome(acted=True)
        anew = REFRESH in (appset["metadata"].get("annotations") or {})
        await self._objects.prepare(key.namespace)
        memory = await self.asking.wanted(key, appset, around.options, self._clock.monotonic(), anew=anew)
        refusals = Refusals()
        if anew:
            asked_off = self._recording.patch(appset, {"metadata": {"annotations": {REFRESH: None}}})
            await refusals.of("RefreshApplicationError", asked_off)
        if memory.error is not None:
            found = status.failed(memory.error.reason, str(memory.error), generated=memory.error.generated)
            written = await self._record(appset, found, around)
            refusals.look_again()
            return self._outcome(memory.until, written)
        return await self._follow(appset, memory, around, refusals)

    def _forget(self, key: Key) -> None:
        """A set that is gone, or another replica's."""
        self.asking.forget(key)
        self._told.pop(key, None)
        self._recording.forget(key)

    def _soon(self, until: float | None) -> float:
        """Something was refused: another look in a while, whatever the generators need."""
        again = self._clock.monotonic() + AFTER_ERROR
        return again if until is None else min(until, again)

    def _outcome(self, until: float | None, written: Written, *, acted: bool = False) -> Outcome:
        """What is left to be told comes first, and keeps a rehearsal alive; the next question to the world does not."""
        acted = acted or written.acted
        if written.again_in is not None:
            return Outcome(acted=acted, requeue_after=written.again_in)
        if until is None:
            return Outcome(acted=acted)
        return Outcome(acted=acted, requeue_after=max(0.001, until - self._clock.monotonic()), background=True)

    async def _follow(self, appset: JsonObject, memory: Memory, around: Surroundings, refusals: Refusals) -> Outcome:
        """Plan, write, tell; then, in a rolling sync, the operations of what has become Pending.

        Raises what `refusals` met that may pass, when all the rest is done.
        """
        if problem := rolling_sync.unusable(appset.get("spec") or {}, enabled=around.options.progressive_syncs):
            found = status.failed("ApplicationSetRolloutError", problem, generated=True)
            written = await self._record(appset, found, around)
            refusals.look_again()
            return self._outcome(self._soon(memory.until), written)
        placed, verdicts = memory.placed, memory.verdicts_under(around)
        concerned = self._concerned(appset, placed)
        planned = await self._with_jq(
            appset, lambda jq: reconcile.plan(appset, placed, concerned, around, verdicts, jq)
        )
        await self._applying.carry_out(appset, planned, around, refusals)
        found = status.outcome(planned.problems, refusals.failures)
        rollout = None
        if rolling_sync.is_rolling(appset.get("spec") or {}, enabled=around.options.progressive_syncs):
            rollout = await self._advance(appset, placed, planned)
            found += [status.rollout_config(rollout.issue), status.rollout(rollout.step)]
        written = await self._record(appset, found, around, rollout)
        acted = not planned.is_empty
        if rollout is not None:
            named = self._named(appset, rollout.sync)
            acted = await self._applying.sync(named, rollout, memory.wanted, refusals) or acted
        refusals.look_again()
        refused = bool(planned.problems or refusals.failures)
        return self._outcome(self._soon(memory.until) if refused else memory.until, written, acted=acted)

    async def _record(
        self,
        appset: JsonObject,
        found: Sequence[status.Found],
        around: Surroundings,
        rollout: rolling_sync.Advance | None = None,
    ) -> Written:
        """Without news of it, a rolling sync stays where it is, unless there is to be none any more."""
        spec, options = appset.get("spec") or {}, around.options
        is_rolling = rolling_sync.is_rolling(spec, enabled=options.progressive_syncs)
        statuses = rollout.statuses if rollout is not None else None if is_rolling else []
        return await self._recording.status(appset, found, self._owned(appset), options.most_resources, statuses)

    async def _advance(self, appset: JsonObject, placed: Sequence[JsonObject], planned: Plan) -> rolling_sync.Advance:
        skipped = {problem.application for problem in planned.problems}
        left = [app for app in placed if app["metadata"]["name"] not in skipped]
        live = {app["metadata"]["name"]: app for app in self._owned(appset)}
        now = self._clock.now()
        return await self._with_jq(appset, lambda jq: rolling_sync.advanced(appset, left, live, now, jq))

    async def _with_jq(self, appset: JsonObject, decide: Callable[[JqAnswers], T]) -> T:
        """What is decided with jq's answers; tells, once, which expressions fail. Raises NotAnswered."""
        made, jq_answers = await self.jq.settled(decide)
        if appset["metadata"].get("uid"):
            tell(self.events, appset, jq_answers.failures, self._told.setdefault(key_of(appset), set()))
        return made

    # -- reading -----------------------------------------------------------------------------------------------------

    def _around(self) -> Surroundings:
        """Made once for as long as nothing of it changes: every look needs it."""
        if self._surroundings is None:
            parameters = self.plane.parameters
            self._surroundings = Surroundings(
                control_plane=self._namespace,
                settings=self.plane.settings,
                options=options_of(parameters),
                projects=self.plane.projects_by_name(),
                clusters=self.plane.cluster_book,
                repositories=self._repositories(),
            )
        return self._surroundings

    def _repository_refusal(self, project: str, namespace: str, url: str) -> str:
        return self._around().repository_refusal(project, namespace, url)

    def _repositories(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self.plane.credentials.repositories:
            found.setdefault(item.project, []).append(item.url)
        return found

    def _clusters(self) -> object:
        found = self._objects.clusters()
        return [(secret["metadata"]["name"], secret["metadata"].get("resourceVersion")) for secret in found]

    def replicas_changed(self) -> None:
        """Sets moved to this replica, or away."""
        self._all_concerned()

    def _settings_changed(self) -> None:
        self.asking.retry_errors()
        self._all_concerned()

    def _all_concerned(self) -> None:
        """Settings, clusters, credentials or projects changed: every set is judged anew."""
        self._surroundings = None
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
