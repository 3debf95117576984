"""Deletes as a pass requests: hooks, then the Application's objects wave by wave, then it is released (spec 8).

Every stage ends with one write that removes its finalizer: the record from which a new process continues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.clusters import resolution as destinations
from argosy.gitops.clusters.contact import NotConnected
from argosy.gitops.comparison.application_state import StateReader
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.deletion.hook_runner import HookRunner
from argosy.gitops.deletion.progress import BACKSTOP, WAITING, DeletionProgress, HookFailedAgain, Stuck
from argosy.gitops.deletion.stages import Stage
from argosy.gitops.dependencies import graph as dependencies
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.model import conditions
from argosy.gitops.model.application_spec import spec_of, status_of
from argosy.gitops.projects import permissions as projects
from argosy.gitops.reconcile.advance import DONE, Advance, failure_of
from argosy.gitops.sync.confirmation import is_approved, needs_approval
from argosy.gitops.sync.impersonation import NoServiceAccount, account_for
from argosy.gitops.sync.options import options_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds

Texts = list[tuple[str, str]]
"""(condition type, message)."""
ERROR = ("DeletionError",)
OTHERS = (dependencies.WAITING, dependencies.MENTION)


class DeletionReconciler:
    def __init__(self, context: ReconcileContext, app_state: StateReader) -> None:
        self.context = context
        self._hooks = HookRunner(context, app_state)

    async def run(self, key: Key, app: JsonObject) -> Advance:
        """Raises StatusError and OSError if a retry may succeed, and Connecting."""
        if (stage := deletion.next_stage(list(read(Application, app).metadata.finalizers))) is None:
            return DONE
        reverse = self.context.dependency_index.deletion(app, self.context.clock.now())
        found = [(dependencies.WAITING, reverse.awaited), (dependencies.MENTION, reverse.mention)]
        marked = self._marked(app, [(kind, text) for kind, text in found if text], OTHERS)
        if reverse.awaited or reverse.settles_in:
            return Advance(patch=_marks(app, marked), wake_after=reverse.settles_in)
        try:
            progress = await self._seen(key, marked, stage)
            waits = await self._go_on(progress)
        except destinations.InvalidDestination:
            return self._over(app, marked, *Stage)
        except HookFailedAgain as error:
            after = self._marked(marked, [("DeletionError", str(error))], renew=True)
            return Advance(patch=_marks(app, after), wake_after=0.001)
        except Stuck as error:
            after = self._marked(marked, [("DeletionError", str(error))])
            return Advance(patch=_marks(app, after), wake_after=BACKSTOP, background=True)
        except (StatusError, OSError) as error:
            return Advance(patch=_marks(app, marked), failure=failure_of(error))
        if waits is None:
            return self._over(app, marked, stage)
        if not progress.is_hook_failure:
            marked = self._marked(marked, [])
        return replace(waits, patch=_marks(app, marked))

    async def _seen(self, key: Key, app: JsonObject, stage: Stage) -> DeletionProgress:
        """Raises InvalidDestination, Stuck."""
        spec, settings = spec_of(app), self.context.plane.settings
        cluster, instance = self.context.cluster(spec), instance_name(key, self.context.namespace)
        try:
            place = self.context.clusters.of(cluster)
            permits = self.context.plane.effective(spec.project)
            if permits is None:
                raise Stuck(f"Application referencing project {spec.project} which does not exist")
            account = account_for(permits, cluster, spec.destination.namespace, key.namespace, settings)
        except (NotConnected, NoServiceAccount) as error:
            raise Stuck(str(error)) from None
        await place.live.prepare(instance, (), settings)
        live = await self.context.slices.run(place.live.tracked(instance, settings))
        return DeletionProgress(
            key=key,
            app=app,
            stage=stage,
            spec=spec,
            options=options_of(spec.sync_policy.sync_options),
            instance=instance,
            place=place.live,
            applier=place.applier_as(account),
            permits=permits,
            cluster=cluster,
            live={k: obj for k, obj in live.items() if not projects.refusal_of(permits, spec.project, k, cluster)},
        )

    async def _go_on(self, progress: DeletionProgress) -> Advance | None:
        """None when the stage is finished. Raises Stuck."""
        match progress.stage:
            case Stage.CASCADE:
                return await self._cascade(progress)
            case Stage.PRE_DELETE | Stage.POST_DELETE:
                return await self._hooks.run(progress)
            case Stage.PRE_DELETE_CLEANUP | Stage.POST_DELETE_CLEANUP:
                return await self._hooks.clean_up(progress)

    async def _cascade(self, progress: DeletionProgress) -> Advance | None:
        me = ResourceKey("argoproj.io", "Application", progress.key.namespace, progress.key.name)
        began = parse(read(Application, progress.app).metadata.deletion_timestamp)
        unapproved = any(needs_approval(obj, progress.options, pruned=False) for obj in progress.live.values())
        if unapproved and not is_approved(progress.app, began):
            return WAITING
        wave = deletion.next_wave(progress.live, me, progress.options)
        already = {k for k, obj in progress.live.items() if obj["metadata"].get("deletionTimestamp") and k != me}
        for wanted in sorted(already):
            await progress.release(wanted)
        if already - set(wave):
            return Advance(wake_after=BACKSTOP)
        for wanted in wave:
            if wanted not in already:
                await progress.delete(wanted)
        return Advance(wake_after=BACKSTOP) if wave else None

    # -- what is written -----------------------------------------------------------------------------------------------

    def _over(self, app: JsonObject, marked: JsonObject, *stages: Stage) -> Advance:
        left = deletion.without(list(read(Application, app).metadata.finalizers), *stages)
        patch: JsonObject = {"metadata": {"finalizers": left or None}}
        return Advance(patch={**patch, **_marks(app, self._marked(marked, []))} if left else patch)

    def _marked(
        self, app: JsonObject, found: Texts, types: Sequence[str] = ERROR, *, renew: bool = False
    ) -> JsonObject:
        """The Application with the reasons why it cannot be deleted; `renew`: with the current time."""
        status = status_of(app)
        before = [one.raw for one in status.conditions]
        kept = [item for item in status.conditions if item.type not in types] if renew else status.conditions
        marks = conditions.updated(kept, found, types, seconds(self.context.clock.now()))
        return app if marks == before else {**app, "status": {**status.raw, "conditions": marks}}


def _marks(app: JsonObject, marked: JsonObject) -> JsonObject:
    """The patch to the wanted marks, if they differ."""
    return {} if marked is app else {"status": {"conditions": marked["status"]["conditions"]}}
