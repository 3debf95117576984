"""The deleting shell: hooks, then the Application's objects wave by wave, then it is let go (spec 8).

Every stage ends with one write that takes its finalizer off: the record that a new process goes on from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.gitops import conditions, deletion, deletion_hooks, dependencies, destinations, projects
from argosy.gitops.applying import Applier
from argosy.gitops.approval import is_approved, needs_approval
from argosy.gitops.clusters.connections import NotConnected
from argosy.gitops.deletion import Stage
from argosy.gitops.desk import Desk
from argosy.gitops.impersonation import NoServiceAccount, account_for
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.live import LiveObjects
from argosy.gitops.normalize_spec import normalised, sources_of
from argosy.gitops.rendering import POLL_MAX_AGE
from argosy.gitops.sighting import Look, Refused, Sighting
from argosy.gitops.sync.hooks import hook_types
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.tasks import Task
from argosy.gitops.tracking import owner_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.runtime.controller import DONE, Outcome

BACKSTOP = 30.0
"""Seconds after which a waiting deletion is looked at without a change."""
WAITING = Outcome(requeue_after=BACKSTOP, background=True)
Said = list[tuple[str, str]]
"""(condition type, message)."""


class Stuck(Exception):
    """The text of the DeletionError condition; what it speaks of is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """One look at an Application on its way out."""

    key: Key
    app: JsonObject
    stage: Stage
    spec: JsonObject
    """Normalised."""
    options: Options
    instance: str
    place: LiveObjects
    applier: Applier
    """As whom its objects are changed."""
    permits: JsonObject
    """The effective project."""
    cluster: destinations.Cluster
    live: dict[ResourceKey, JsonObject]
    """What the Application brought and its project still permits."""

    @property
    def finalizers(self) -> list[str]:
        return self.app["metadata"].get("finalizers") or []

    @property
    def phase(self) -> str:
        return self.stage.value.partition(" ")[0]

    @property
    def error(self) -> JsonObject:
        """The DeletionError condition; empty when there is none."""
        found = (self.app.get("status") or {}).get("conditions") or ()
        return next((item for item in found if item["type"] == "DeletionError"), {})


Act = Callable[[Going, JsonObject], Awaitable[None]]


class Deleting:
    def __init__(self, desk: Desk, sighting: Sighting) -> None:
        self.desk = desk
        self._sighting = sighting

    async def look(self, key: Key, app: JsonObject) -> Outcome:
        finalizers = app["metadata"].get("finalizers") or []
        if (stage := deletion.next_stage(finalizers)) is None:
            return DONE
        reverse = self.desk.depending.deletion(app, self.desk.clock.now())
        told = [(dependencies.WAITING, reverse.awaited), (dependencies.MENTION, reverse.mention)]
        app = await self._say(
            app, [(kind, text) for kind, text in told if text], (dependencies.WAITING, dependencies.MENTION)
        )
        if reverse.awaited or reverse.settles_in:
            return Outcome(requeue_after=reverse.settles_in)
        try:
            going = self._seen(key, app, stage)
            waits = await self._go_on(going)
        except destinations.InvalidDestination:
            return await self._over(app, *Stage)
        except Stuck as error:
            after = await self._say(app, [("DeletionError", str(error))])
            return Outcome(acted=after is not app, requeue_after=BACKSTOP, background=True)
        if waits is None:
            return await self._over(app, stage)
        kept = going.error.get("message") or ""
        if not deletion_hooks.is_failure_of(going.phase, kept):
            await self._say(app, [])
        return waits

    def _seen(self, key: Key, app: JsonObject, stage: Stage) -> Going:
        """Raises InvalidDestination, Stuck."""
        spec, settings = normalised(app.get("spec") or {}), self.desk.plane.settings
        cluster, instance = self.desk.cluster(spec), instance_name(key, self.desk.namespace)
        try:
            place = self.desk.clusters.of(cluster)
        except NotConnected as error:
            raise Stuck(str(error)) from None
        permits = self.desk.plane.effective(spec["project"])
        if permits is None:
            raise Stuck(f"Application referencing project {spec['project']} which does not exist")
        namespace = str((spec.get("destination") or {}).get("namespace") or "")
        try:
            account = account_for(permits, cluster, namespace, key.namespace, settings)
        except NoServiceAccount as error:
            raise Stuck(str(error)) from None
        live = place.live.tracked(instance, settings)
        return Going(
            key=key,
            app=app,
            stage=stage,
            spec=spec,
            options=options_of((spec.get("syncPolicy") or {}).get("syncOptions")),
            instance=instance,
            place=place.live,
            applier=place.applier_as(account),
            permits=permits,
            cluster=cluster,
            live={k: obj for k, obj in live.items() if not projects.refusal_of(permits, spec["project"], k, cluster)},
        )

    async def _go_on(self, going: Going) -> Outcome | None:
        """None when the stage is over. Raises Stuck."""
        match going.stage:
            case Stage.CASCADE:
                return await self._cascade(going)
            case Stage.PRE_DELETE | Stage.POST_DELETE:
                return await self._run_hooks(going)
            case Stage.PRE_DELETE_CLEANUP | Stage.POST_DELETE_CLEANUP:
                return await self._clean_up(going)

    # -- the stages --------------------------------------------------------------------------------------------------

    async def _cascade(self, going: Going) -> Outcome | None:
        me = ResourceKey("argoproj.io", "Application", going.key.namespace, going.key.name)
        began = parse(going.app["metadata"]["deletionTimestamp"])
        unapproved = any(needs_approval(obj, going.options, pruned=False) for obj in going.live.values())
        if unapproved and not is_approved(going.app, began):
            return WAITING
        wave = deletion.next_wave(going.live, me, going.options)
        already = {k for k, obj in going.live.items() if obj["metadata"].get("deletionTimestamp") and k != me}
        for wanted in sorted(already):
            await self._carefully(going, wanted, self._release)
        if already - set(wave):
            return Outcome(requeue_after=BACKSTOP)
        for wanted in wave:
            if wanted not in already:
                await self._carefully(going, wanted, self._delete)
        return Outcome(acted=True, requeue_after=BACKSTOP) if wave else None

    async def _run_hooks(self, going: Going) -> Outcome | None:
        hooks = await self._hooks(going)
        now = self.desk.clock.now()
        live = {hook.key: obj for hook in hooks if (obj := going.place.get(hook.key)) is not None}
        for hook in hooks:
            self._check(going, hook, live.get(hook.key))
        step = deletion_hooks.next_step(hooks, live, self._failed_at(going), now)
        if step.failed:
            text = deletion_hooks.failure_text(going.phase, step.failed)
            await self._say(going.app, [("DeletionError", text)], again=True)
            return Outcome(acted=True, requeue_after=0.001)
        going.live.update(live)
        for wanted in step.clear:
            await self._carefully(going, wanted, self._clear)
        for hook in step.create:
            task = Task(going.phase, hook.wave, hook.key, hook.obj, None, going.phase)
            made = await going.applier.carry_out(task, going.options, prune=False, dry_run=False, force=False)
            if made.failed:
                raise Stuck(f"{going.phase} hook {hook.key.kind} {hook.key.name}: {made.message}")
        if not step.is_done:
            acted = bool(step.clear or step.create)
            return Outcome(acted=acted, requeue_after=step.retry_after or BACKSTOP, background=not step.retry_after)
        if deletion.CLEANUP_OF[going.stage] not in map(_stage_of, going.finalizers):
            for wanted in live:
                await self._carefully(going, wanted, self._release)
        return None

    async def _clean_up(self, going: Going) -> Outcome | None:
        hooks = {wanted: obj for wanted, obj in going.live.items() if going.phase in hook_types(obj)}
        cleared = deletion_hooks.cleared(hooks)
        for wanted in hooks:
            await self._carefully(going, wanted, self._clear if wanted in cleared else self._release)
        return Outcome(acted=True, requeue_after=BACKSTOP) if cleared else None

    async def _hooks(self, going: Going) -> list[deletion_hooks.Hook]:
        """Rendered anew at every look, so that a hook that fails can be mended in its source."""
        try:
            found = await self._sighting.desired(going.app, sources_of(going.spec), Look(max_age=POLL_MAX_AGE))
        except Refused as error:
            raise Stuck(str(error)) from None
        settings = self.desk.plane.settings
        return deletion_hooks.hooks_of(found.targets, going.phase, going.app, going.instance, settings)

    def _check(self, going: Going, hook: deletion_hooks.Hook, live: JsonObject | None) -> None:
        """Raises Stuck for a hook that the project forbids, or whose name another's object has."""
        if refused := projects.refusal_of(going.permits, going.spec["project"], hook.key, going.cluster):
            raise Stuck(f"{going.phase} hook {hook.key.kind} {hook.key.name}: {refused}")
        if live is not None and owner_of(live, self.desk.plane.settings) != going.instance:
            raise Stuck(f"{going.phase} hook {hook.key} is there already, and is not of this application")

    def _failed_at(self, going: Going) -> datetime | None:
        error = going.error
        if not deletion_hooks.is_failure_of(going.phase, error.get("message") or ""):
            return None
        return parse(error["lastTransitionTime"])

    # -- writes ------------------------------------------------------------------------------------------------------

    async def _carefully(self, going: Going, wanted: ResourceKey, act: Act) -> None:
        try:
            await act(going, going.live[wanted])
        except StatusError as error:
            raise Stuck(f"{wanted.kind} {wanted.name}: {error.message}") from None
        going.place.forget(wanted)

    async def _release(self, going: Going, obj: JsonObject) -> None:
        await going.applier.release(obj)

    async def _clear(self, going: Going, obj: JsonObject) -> None:
        await going.applier.clear(obj)

    async def _delete(self, going: Going, obj: JsonObject) -> None:
        await going.applier.release(obj)
        await going.applier.delete(obj, deletion.propagation(going.finalizers))

    async def _over(self, app: JsonObject, *stages: Stage) -> Outcome:
        left = deletion.without(app["metadata"].get("finalizers") or [], *stages)
        patch: JsonObject = {"metadata": {"finalizers": left or None}}
        if left and (marks := self._marks(app, [])) is not None:
            patch["status"] = {"conditions": marks}
        await self.desk.write(app, patch)
        return Outcome(acted=True)

    async def _say(
        self, app: JsonObject, found: Said, types: Sequence[str] = ("DeletionError",), *, again: bool = False
    ) -> JsonObject:
        """Why the Application cannot go, written when it differs. `again`: it happened anew. The Application then."""
        marks = self._marks(app, found, types, again=again)
        return app if marks is None else await self.desk.write(app, {"status": {"conditions": marks}})

    def _marks(
        self, app: JsonObject, found: Said, types: Sequence[str] = ("DeletionError",), *, again: bool = False
    ) -> list[JsonObject] | None:
        before = (app.get("status") or {}).get("conditions") or []
        kept = [item for item in before if item["type"] not in types] if again else before
        marks = conditions.updated(kept, found, types, seconds(self.desk.clock.now()))
        return None if marks == before else marks


def _stage_of(finalizer: str) -> Stage | None:
    return deletion.next_stage([finalizer])
