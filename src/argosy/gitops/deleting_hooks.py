"""The shell of deletion hooks: rendered, created, waited for, cleaned up (spec 8 steps 3 and 5)."""

from __future__ import annotations

from datetime import datetime

from argosy.gitops import deletion, deletion_hooks, projects
from argosy.gitops.deletion_hooks import Hook
from argosy.gitops.desk import Desk
from argosy.gitops.going import BACKSTOP, FailedAnew, Going, Stuck
from argosy.gitops.keys import ResourceKey
from argosy.gitops.normalize_spec import sources_of
from argosy.gitops.rendering import POLL_MAX_AGE
from argosy.gitops.sighting import Look, Refused, Sighting
from argosy.gitops.sync.hooks import hook_types
from argosy.gitops.sync.tasks import Task
from argosy.gitops.tracking import owner_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse
from argosy.runtime.controller import Outcome


class DeletingHooks:
    def __init__(self, desk: Desk, sighting: Sighting) -> None:
        self.desk = desk
        self._sighting = sighting

    async def run(self, going: Going) -> Outcome | None:
        """None when all hooks of the stage succeeded. Raises Stuck."""
        hooks = await self._hooks(going)
        live = self._live(going, hooks)
        judge = await self.desk.judge_for(self.desk.remember(going.key), live)
        step = deletion_hooks.next_step(hooks, live, self._failed_at(going), self.desk.clock.now(), judge)
        if step.failed:
            raise FailedAnew(deletion_hooks.failure_text(going.phase, step.failed))
        for wanted in step.clear:
            await going.clear(wanted)
        for hook in step.create:
            task = Task(going.phase, hook.wave, hook.key, hook.obj, None, going.phase)
            made = await going.applier.carry_out(task, going.options, prune=False, dry_run=False, force=False)
            if made.failed:
                raise Stuck(f"{going.phase} hook {hook.key.kind} {hook.key.name}: {made.message}")
        if not step.is_done:
            acted = bool(step.clear or step.create)
            return Outcome(acted=acted, requeue_after=step.retry_after or BACKSTOP, background=not step.retry_after)
        if deletion.CLEANUP_OF[going.stage] not in deletion.stages_of(going.finalizers):
            for wanted in live:
                await going.release(wanted)
        return None

    async def clean_up(self, going: Going) -> Outcome | None:
        """None when those that go by their policies are gone. Raises Stuck."""
        hooks = {wanted: obj for wanted, obj in going.live.items() if going.phase in hook_types(obj)}
        judge = await self.desk.judge_for(self.desk.remember(going.key), hooks)
        cleared = deletion_hooks.cleared(hooks, judge)
        for wanted in hooks:
            await (going.clear(wanted) if wanted in cleared else going.release(wanted))
        return Outcome(acted=True, requeue_after=BACKSTOP) if cleared else None

    async def _hooks(self, going: Going) -> list[Hook]:
        """Rendered anew at every look, so that a hook that fails can be mended in its source."""
        try:
            found = await self._sighting.desired(going.app, sources_of(going.spec), Look(max_age=POLL_MAX_AGE))
        except Refused as error:
            raise Stuck(str(error)) from None
        if found.problems:
            raise Stuck("\n".join(found.problems))
        settings = self.desk.plane.settings
        hooks = deletion_hooks.hooks_of(found.targets, going.phase, going.app, going.instance, settings)
        for hook in hooks:
            if refused := projects.refusal_of(going.permits, going.spec["project"], hook.key, going.cluster):
                raise Stuck(f"{going.phase} hook {hook.key.kind} {hook.key.name}: {refused}")
        return hooks

    def _live(self, going: Going, hooks: list[Hook]) -> dict[ResourceKey, JsonObject]:
        """Those that are there. Raises Stuck where another's object has the name."""
        found = {}
        for hook in hooks:
            if (live := going.live.get(hook.key) or going.place.get(hook.key)) is None:
                continue
            if owner_of(live, self.desk.plane.settings) != going.instance:
                raise Stuck(f"{going.phase} hook {hook.key} is there already, and is not of this application")
            found[hook.key] = going.live[hook.key] = live
        return found

    def _failed_at(self, going: Going) -> datetime | None:
        error = going.error
        if not deletion_hooks.is_failure_of(going.phase, error.get("message") or ""):
            return None
        return parse(error["lastTransitionTime"])
