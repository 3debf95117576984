"""The comparing shell: sources and live objects in, status and automated syncs out (spec 4, 5, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from argosy.gitops.comparison import grace_period, orphan_monitoring, result, shared_resources
from argosy.gitops.comparison.application_state import (
    Compared,
    InvalidSpec,
    Look,
    NotLoadedNow,
    Refused,
    SourceState,
    StateReader,
    TargetsNotLoaded,
)
from argosy.gitops.comparison.result import SPEC_TYPES, ComparisonResult
from argosy.gitops.control_plane.context import Memory, ReconcileContext
from argosy.gitops.health import Health
from argosy.gitops.keys import REFRESH, ResourceKey, annotations_of, instance_name
from argosy.gitops.manifests.generation import POLL_MAX_AGE
from argosy.gitops.model import conditions, event_messages
from argosy.gitops.model import status_patch as status
from argosy.gitops.model.application_spec import is_multi, normalised, sources_of
from argosy.gitops.projects import sync_windows as windows
from argosy.gitops.refresh import level as refresh
from argosy.gitops.refresh.level import Level
from argosy.gitops.sync import autosync
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.held_revision import HELD
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.observe.tracing import ANNOTATION, span
from argosy.runtime.controller import DONE, Outcome


class ComparisonReconciler:
    def __init__(self, context: ReconcileContext) -> None:
        self.context = context
        self.app_state = StateReader(context)

    async def look(self, key: Key, app: JsonObject) -> Outcome:
        memory = self.context.remember(key)
        requested, memory.requested = memory.requested, Level.NOTHING
        overdue, memory.overdue = memory.overdue, False
        ended = operation.end_of(app)
        if any(ended) and ended != memory.compared_with_end:
            requested = max(requested, Level.LATEST)
        if memory.spec is not None and memory.spec != app.get("spec"):
            requested = max(requested, Level.RECENT)
        if memory.judge_at is not None and self.context.clock.monotonic() >= memory.judge_at:
            requested, memory.judge_at = max(requested, Level.RECENT), None
        decided = refresh.decide(app, requested=requested, overdue=overdue)
        recount, memory.recount = memory.recount, False
        if decided.level == Level.NOTHING and not recount:
            return self._until_judged(memory, DONE)
        try:
            if decided.level == Level.NOTHING:
                return self._until_judged(memory, await self._recounted(app))
            return self._until_judged(memory, await self._compare_and_write(key, app, memory, decided))
        except BaseException:
            memory.requested, memory.overdue = max(memory.requested, requested), overdue or memory.overdue
            memory.recount = recount or memory.recount
            raise

    def _until_judged(self, memory: Memory, outcome: Outcome) -> Outcome:
        """Looks again when a verdict may be another; that alone does not keep a rehearsal alive."""
        if memory.judge_at is None:
            return outcome
        left = max(memory.judge_at - self.context.clock.monotonic(), 0.001)
        if outcome.requeue_after is not None and outcome.requeue_after <= left:
            return outcome
        return replace(outcome, requeue_after=left, background=outcome.requeue_after is None or outcome.background)

    def _orphans(self, source_state: SourceState, status: JsonObject) -> str:
        return self.context.orphans.warning(
            source_state.key,
            source_state.namespace,
            status.get("resources") or (),
            source_state.project,
            source_state.cluster,
            source_state.destination.live,
            self.context.plane.settings,
        )

    async def _recounted(self, app: JsonObject) -> Outcome:
        """Only orphans came or went: nothing is compared for that."""
        before = app.get("status") or {}
        try:
            text = self._orphans(self.app_state.source_state(app), before)
        except Refused:
            return DONE
        told, types = before.get("conditions") or [], (orphan_monitoring.CONDITION,)
        found = [(orphan_monitoring.CONDITION, text)] if text else []
        marks = conditions.updated(told, found, types, seconds(self.context.clock.now()))
        if marks == told:
            return DONE
        await self.context.write(app, {"status": {"conditions": marks}})
        return Outcome(acted=True)

    async def report_failure(self, key: Key, text: str) -> None:
        """An error in the code itself, shown to the application's owner."""
        app = self.context.latest(key)
        if app is None:
            return
        before = (app.get("status") or {}).get("conditions") or []
        marks = conditions.updated(
            before, [("UnknownError", text)], ("UnknownError",), seconds(self.context.clock.now())
        )
        if marks != before:
            await self.context.write(app, {"status": {"conditions": marks}})

    async def _compare_and_write(self, key: Key, app: JsonObject, memory: Memory, decided: refresh.Refresh) -> Outcome:
        now, settings = self.context.clock.now(), self.context.plane.settings
        spec, before = normalised(app.get("spec") or {}), app.get("status") or {}
        try:
            compared = await self._compare(app, spec, memory, decided)
        except NotLoadedNow as error:
            memory.failing_since = memory.failing_since or now
            if (wait := grace_period.remaining(memory.failing_since, before, decided, settings, now)) > 0:
                memory.requested = max(memory.requested, Level.LATEST)
                return Outcome(requeue_after=wait)
            health = await self._health_of_live(app, memory)
            conclusion = result.refused(app, spec, error.found, settings, now, health=health)
        except TargetsNotLoaded as error:
            health, names = await self._health_of_live(app, memory), _targets_of(spec)
            conclusion = result.refused(app, spec, error.found, settings, now, health=health, revisions=names)
        except InvalidSpec as error:
            conclusion = result.refused(app, spec, error.found, settings, now, looked=False)
        except Refused as error:
            conclusion = result.refused(app, spec, error.found, settings, now)
        else:
            is_same = await self._is_same(app, compared)
            seen = await self._seen(key, app, compared, memory, decided, now, is_same=is_same)
            conclusion = result.comparison_result(seen, settings, now)
            return await self._write(app, conclusion, decided, now, compared)
        return await self._write(app, conclusion, decided, now)

    async def _health_of_live(self, app: JsonObject, memory: Memory) -> Health | None:
        try:
            return await self.app_state.health_of_live(app, memory)
        except Refused:
            return None

    async def _is_same(self, app: JsonObject, compared: Compared) -> bool:
        """Whether the revision that was synced last, another one, has these very manifests: asked only where that
        decides whether automated sync has been there before."""
        spec, status = compared.source_state.spec, app.get("status") or {}
        state, revisions = status.get("operationState") or {}, compared.desired.revisions
        sync = {"revisions": list(revisions)} if is_multi(spec) else {"revision": revisions[0] if revisions else ""}
        is_to_sync = compared.comparison.status == "OutOfSync" and autosync.is_on(spec) and not app.get("operation")
        if not is_to_sync or not state or not autosync.differs_by_revision(state, sync, spec):
            return False
        done = state.get("syncResult") or {}
        synced = tuple(done.get("revisions") or [done.get("revision") or ""])
        if not all(synced):
            return False
        try:
            before = await self.app_state.desired(app, sources_of(spec), Look(revisions=synced))
        except Refused:
            return False
        return before.digest == compared.desired.digest

    async def _seen(
        self,
        key: Key,
        app: JsonObject,
        compared: Compared,
        memory: Memory,
        decided: refresh.Refresh,
        now: datetime,
        *,
        is_same: bool,
    ) -> result.Seen:
        source_state, comparison = compared.source_state, compared.comparison
        chosen = self.app_state.windows_of(app, source_state.spec)
        name = instance_name(key, self.context.namespace)
        claimed = shared_resources.shared(comparison.pairs, key, name, self.context.plane.settings)
        is_unblocked, memory.unblocked = memory.unblocked, False
        return result.Seen(
            app=app,
            compared=compared,
            digest_before=memory.digest,
            requested=decided.requested,
            is_unblocked=is_unblocked,
            is_same=is_same,
            claimed=await self.context.slices.run(claimed),
            orphans=self._orphans(source_state, {"resources": comparison.resources}),
            waits=self.context.dependency_index.waits(app),
            window_open=windows.allows(chosen, windows.Asked(manual=False), now),
            window_changes_in=windows.wait(chosen, now),
        )

    async def _write(
        self,
        app: JsonObject,
        conclusion: ComparisonResult,
        decided: refresh.Refresh,
        now: datetime,
        compared: Compared | None = None,
    ) -> Outcome:
        """All in one write: an application that shows Synced never lacks the hold for its hooks.

        What was found is remembered only when it is told: else the next look would take it for old.
        """
        key, before, auto = key_of(app), app.get("status") or {}, conclusion.auto
        memory = self.context.remember(key)
        after = self._status(before, conclusion, decided, now)
        patch = _patch(app, after, conclusion, decided)
        if patch:
            try:
                await self.context.write(app, patch)
            except StatusError as error:
                if not status.is_too_large(error):
                    raise
                return await self._too_large(app, decided, error, now)
        memory.compared_with_end, memory.spec = operation.end_of(app), app.get("spec")
        if compared is not None:
            memory.digest, memory.revisions = compared.desired.digest, compared.desired.revisions
            memory.why = dict(compared.comparison.why)
        if patch:
            self._tell(app, before, after, memory.why)
        if auto.operation is not None:
            self.context.wake(key)
        if auto.wake_after is not None:
            memory.requested = max(memory.requested, Level.RECENT)
            return Outcome(acted=bool(patch), requeue_after=max(auto.wake_after, 0.001))
        return Outcome(acted=bool(patch))

    def _status(
        self, before: JsonObject, conclusion: ComparisonResult, decided: refresh.Refresh, now: datetime
    ) -> JsonObject:
        told = before.get("conditions") or []
        marks = conditions.updated(told, conclusion.found, conclusion.types, seconds(now))
        after = {name: value for name, value in {**conclusion.status, "conditions": marks}.items() if value != []}
        compared, ended = before.get("reconciledAt"), (before.get("operationState") or {}).get("finishedAt")
        if not conclusion.looked and not compared and not ended:
            return after  # nothing of it was ever compared
        if before.get("controllerNamespace") != self.context.namespace:
            after["controllerNamespace"] = self.context.namespace
        # Who waits for a sync waits for a comparison that is not older than its end.
        unseen = not compared or bool(ended and compared < ended)
        if decided.requested or unseen or status.patch(before, after) is not None:
            after = {**after, "reconciledAt": seconds(now)}
        return after

    async def _too_large(self, app: JsonObject, decided: refresh.Refresh, error: StatusError, now: datetime) -> Outcome:
        """Of a status that the API server does not take only the reason is stored (spec 5.1); nothing is synced."""
        before = (app.get("status") or {}).get("conditions") or []
        text = f"the status is too large to be stored: {error.message}"
        marks = conditions.updated(before, [("UnknownError", text)], SPEC_TYPES, seconds(now))
        patch: JsonObject = {"status": {"conditions": marks}} if marks != before else {}
        if decided.requested:
            patch["metadata"] = {"annotations": {REFRESH: None}}
        if patch:
            await self.context.write(app, patch)
        return Outcome(acted=bool(patch))

    def _tell(self, app: JsonObject, before: JsonObject, after: JsonObject, why: Mapping[ResourceKey, str]) -> None:
        for name in ("sync", "health"):
            old, new = ((side.get(name) or {}).get("status") or "" for side in (before, after))
            if old != new:
                self.context.events.record(app, "ResourceUpdated", f"Updated {name} status: {old} -> {new}")
                if new == "OutOfSync" and (text := event_messages.differences(why)):
                    self.context.events.record(app, "OutOfSync", text)

    def _tells_next(self, app: JsonObject, memory: Memory) -> bool:
        """Whether the next failure of the sources is told: not before they were really asked once more."""
        if memory.failing_since is None:
            return False
        told = _is_broken(app)
        away = (self.context.clock.now() - memory.failing_since).total_seconds()
        return not told and away >= self.context.plane.settings.repo_error_grace

    async def _compare(self, app: JsonObject, spec: JsonObject, memory: Memory, decided: refresh.Refresh) -> Compared:
        revisions: tuple[str, ...] = ()
        if decided.level == Level.RECENT and not _is_broken(app):
            revisions = memory.revisions or tuple(result.kept_revisions(app.get("status") or {}, spec) or ())
        anew = decided.level == Level.FORCED or self._tells_next(app, memory)
        max_age = 0.0 if anew else POLL_MAX_AGE
        look = Look(revisions=revisions, max_age=max_age, use_cache=not decided.hard)
        with span("compare"):
            return await self.app_state.compared(app, sources_of(spec), look, memory)


def _is_broken(app: JsonObject) -> bool:
    """Its sources could not be loaded the last time, so that the revision told is none that was found."""
    found = (app.get("status") or {}).get("conditions") or ()
    return any(item.get("type") == "ComparisonError" for item in found)


def _targets_of(spec: JsonObject) -> list[str]:
    """What the sources are asked for, in words."""
    return [str(source.get("targetRevision") or "HEAD") for source in sources_of(spec)]


def _patch(app: JsonObject, after: JsonObject, conclusion: ComparisonResult, decided: refresh.Refresh) -> JsonObject:
    change = status.patch(app.get("status") or {}, after)
    patch: JsonObject = {"status": change} if change else {}
    is_traced = decided.requested and ANNOTATION in annotations_of(app)
    asked = (REFRESH, decided.requested), (ANNOTATION, is_traced), (HELD, conclusion.releases)
    done = [name for name, is_done in asked if is_done]
    metadata: JsonObject = {"annotations": dict.fromkeys(done)} if done else {}
    if conclusion.finalizers is not None:
        metadata["finalizers"] = conclusion.finalizers or None
    if metadata:
        patch["metadata"] = metadata
    if conclusion.auto.operation is not None:
        # Creating an operation removes the state of the one before, in the same write (spec 1.4).
        patch["operation"] = conclusion.auto.operation
        patch["status"] = {**(patch.get("status") or {}), "operationState": None}
    return patch
