"""The shell of deletion hooks: renders, creates, awaits and cleans them up (spec 8 steps 3 and 5)."""

from __future__ import annotations

from datetime import datetime

from argosy.gitops.comparison.application_state import Look, Refused, StateReader
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.deletion import hooks as deletion_hooks
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.deletion.hooks import Hook
from argosy.gitops.deletion.progress import BACKSTOP, DeletionProgress, HookFailedAgain, Stuck
from argosy.gitops.keys import ResourceKey
from argosy.gitops.manifests.generation import POLL_MAX_AGE
from argosy.gitops.model.application_spec import sources_of
from argosy.gitops.model.resource_tracking import owner_of
from argosy.gitops.projects import permissions as projects
from argosy.gitops.reconcile.advance import Advance
from argosy.gitops.sync.hooks import hook_types
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse


class HookRunner:
    def __init__(self, context: ReconcileContext, app_state: StateReader) -> None:
        self.context = context
        self._app_state = app_state

    async def run(self, progress: DeletionProgress) -> Advance | None:
        """None if all hooks of the phase succeeded. Raises Stuck."""
        hooks = await self._hooks(progress)
        live = self._live(progress, hooks)
        judge = await self.context.judge_for(self.context.remember(progress.key), live)
        step = deletion_hooks.next_step(hooks, live, self._failed_at(progress), self.context.clock.now(), judge)
        if step.failed:
            raise HookFailedAgain(deletion_hooks.failure_text(progress.phase, step.failed))
        for wanted in step.clear:
            await progress.clear(wanted)
        for hook in step.create:
            task = Task(progress.phase, hook.wave, hook.key, hook.obj, None, progress.phase)
            made = await progress.applier.carry_out(task, progress.options, prune=False, dry_run=False, force=False)
            if made.failed:
                raise Stuck(f"{progress.phase} hook {hook.key.kind} {hook.key.name}: {made.message}")
        if not step.is_done:
            return Advance(wake_after=step.retry_after or BACKSTOP, background=not step.retry_after)
        if deletion.CLEANUP_OF[progress.stage] not in deletion.stages_of(progress.finalizers):
            for wanted in live:
                await progress.release(wanted)
        return None

    async def clean_up(self, progress: DeletionProgress) -> Advance | None:
        """None when those to be deleted by their policies are deleted. Raises Stuck."""
        hooks = {wanted: obj for wanted, obj in progress.live.items() if progress.phase in hook_types(obj)}
        judge = await self.context.judge_for(self.context.remember(progress.key), hooks)
        cleared = deletion_hooks.cleared(hooks, judge)
        for wanted in hooks:
            await (progress.clear(wanted) if wanted in cleared else progress.release(wanted))
        return Advance(wake_after=BACKSTOP) if cleared else None

    async def _hooks(self, progress: DeletionProgress) -> list[Hook]:
        """Rendered again at every look, so that a failing hook can be fixed in its source."""
        try:
            found = await self._app_state.desired(progress.app, sources_of(progress.spec), Look(max_age=POLL_MAX_AGE))
        except Refused as error:
            raise Stuck(str(error)) from None
        if found.problems:
            raise Stuck("\n".join(found.problems))
        settings = self.context.plane.settings
        hooks = deletion_hooks.hooks_of(found.targets, progress.phase, progress.app, progress.instance, settings)
        for hook in hooks:
            if refused := projects.refusal_of(progress.permits, progress.spec.project, hook.key, progress.cluster):
                raise Stuck(f"{progress.phase} hook {hook.key.kind} {hook.key.name}: {refused}")
        return hooks

    def _live(self, progress: DeletionProgress, hooks: list[Hook]) -> dict[ResourceKey, JsonObject]:
        """The existing ones. Raises Stuck if another object has the name."""
        found = {}
        for hook in hooks:
            if (live := progress.live.get(hook.key) or progress.place.get(hook.key)) is None:
                continue
            if owner_of(live, self.context.plane.settings) != progress.instance:
                raise Stuck(f"{progress.phase} hook {hook.key} is there already, and is not of this application")
            found[hook.key] = progress.live[hook.key] = live
        return found

    def _failed_at(self, progress: DeletionProgress) -> datetime | None:
        if progress.error is None or not progress.is_hook_failure:
            return None
        return parse(progress.error.last_transition_time)
