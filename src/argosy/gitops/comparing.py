"""The comparing shell: sources and live objects in, status and automated syncs out (spec 4, 5, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from argosy.gitops import (
    autosync,
    conditions,
    deletion,
    dependencies,
    grace,
    operation,
    orphan_monitoring,
    refresh,
    sharing,
    status,
    telling,
    windows,
)
from argosy.gitops.desk import Desk, Memory
from argosy.gitops.holding import CONDITION, HELD, held_by, revision_text, told
from argosy.gitops.hydrator import validation as hydration
from argosy.gitops.keys import REFRESH, ResourceKey, instance_name
from argosy.gitops.normalize_spec import is_multi, normalised, sources_of
from argosy.gitops.refresh import Level
from argosy.gitops.rendering import POLL_MAX_AGE
from argosy.gitops.sighting import Compared, Look, NotLoadedNow, Refused, Scene, Sighting
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.runtime.controller import DONE, Outcome

SPEC_TYPES = (
    "InvalidSpecError",
    "ComparisonError",
    "UnknownError",
    "RepeatedResourceWarning",
    "SharedResourceWarning",
    "ExcludedResourceWarning",
    "RenderWarning",
)


class Comparing:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sighting = Sighting(desk)

    async def look(self, key: Key, app: JsonObject) -> Outcome:
        memory = self.desk.remember(key)
        requested, memory.requested = memory.requested, Level.NOTHING
        overdue, memory.overdue = memory.overdue, False
        if memory.judge_at is not None and self.desk.clock.monotonic() >= memory.judge_at:
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
        left = max(memory.judge_at - self.desk.clock.monotonic(), 0.001)
        if outcome.requeue_after is not None and outcome.requeue_after <= left:
            return outcome
        return replace(outcome, requeue_after=left, background=outcome.requeue_after is None or outcome.background)

    def _orphans(self, scene: Scene, status: JsonObject) -> list[tuple[str, str]]:
        text = self.desk.orphans.warning(
            scene.key,
            scene.namespace,
            status.get("resources") or (),
            scene.project,
            scene.cluster,
            scene.destination.live,
            self.desk.plane.settings,
        )
        return [(orphan_monitoring.CONDITION, text)] if text else []

    async def _recounted(self, app: JsonObject) -> Outcome:
        """Only orphans came or went: nothing is compared for that."""
        before = app.get("status") or {}
        try:
            found = self._orphans(self.sighting.scene(app), before)
        except Refused:
            return DONE
        told, types = before.get("conditions") or [], (orphan_monitoring.CONDITION,)
        marks = conditions.updated(told, found, types, seconds(self.desk.clock.now()))
        if marks == told:
            return DONE
        await self.desk.write(app, {"status": {"conditions": marks}})
        return Outcome(acted=True)

    async def stumbled(self, key: Key, text: str) -> None:
        """An error in the code itself, shown to the application's owner."""
        app = self.desk.latest(key)
        if app is None:
            return
        before = (app.get("status") or {}).get("conditions") or []
        marks = conditions.updated(before, [("UnknownError", text)], ("UnknownError",), seconds(self.desk.clock.now()))
        if marks != before:
            await self.desk.write(app, {"status": {"conditions": marks}})

    async def _compare_and_write(self, key: Key, app: JsonObject, memory: Memory, decided: refresh.Refresh) -> Outcome:
        now = self.desk.clock.now()
        spec, before = normalised(app.get("spec") or {}), app.get("status") or {}
        is_enabled = self.desk.plane.settings.hydrator_enabled
        found = [("InvalidSpecError", text) for text in hydration.notices(spec, is_enabled=is_enabled)]
        types = [*SPEC_TYPES, "SyncError", CONDITION, dependencies.WAITING]
        auto, release = autosync.NOTHING, False
        finalizers = given = app["metadata"].get("finalizers") or []
        try:
            compared = await self._compare(key, app, spec, memory, decided)
            desired, comparison = compared.desired, compared.comparison
            found += desired.targets.warnings
            if not desired.problems:
                finalizers = deletion.with_hooks(given, desired.targets.hook_phases)
            unrelated = not decided.requested and memory.digest == desired.digest and bool(before.get("sync"))
            kept = self._kept_revisions(before, spec) if unrelated else None
            name = instance_name(key, self.desk.namespace)
            claimed = sharing.shared(comparison.pairs, key, name, self.desk.plane.settings)
            found += [("SharedResourceWarning", text) for text in claimed]
            memory.digest, memory.revisions = desired.digest, desired.revisions
            memory.why = dict(comparison.why)
            revisions = kept or list(desired.revisions)
            after = status.found(before, spec, comparison, revisions, list(desired.types), seconds(now))
            if operation.namespace_metadata_differs(before, spec):
                after["sync"]["status"] = "OutOfSync"
            held = held_by(app)
            is_held = bool(held) and held == revision_text(after["sync"])
            found += [told(held)] if is_held else ()
            release = bool(held) and not is_held
            found += self._orphans(compared.scene, after)
            types.append(orphan_monitoring.CONDITION)
            if desired.problems:
                found.append(("ComparisonError", "\n".join(desired.problems)))
            else:
                auto = self._auto_sync(app, spec, after, now, is_held=is_held)
                if auto.operation is not None and (text := self.desk.depending.waits(app)):
                    # Not begun yet: when it is, it is with the newest revision.
                    auto = autosync.NOTHING
                    found.append((dependencies.WAITING, text))
        except NotLoadedNow as error:
            memory.failing_since = memory.failing_since or now
            wait = grace.remaining(memory.failing_since, before, decided, self.desk.plane.settings, now)
            if wait > 0:
                memory.requested = Level.LATEST
                return Outcome(requeue_after=wait)
            found += error.found
            after = status.unknown(before, spec, seconds(now))
        except Refused as error:
            found += error.found
            after = status.unknown(before, spec, seconds(now))
        if auto.error:
            found.append(("SyncError", auto.error))
        marks = conditions.updated(before.get("conditions") or [], found, types, seconds(now))
        after = {name: value for name, value in {**after, "conditions": marks}.items() if value != []}
        if before.get("controllerNamespace") != self.desk.namespace:
            after["controllerNamespace"] = self.desk.namespace
        changed = None if finalizers == given else finalizers
        return await self._write_status(app, before, after, decided, auto, now, release=release, finalizers=changed)

    async def _write_status(
        self,
        app: JsonObject,
        before: JsonObject,
        after: JsonObject,
        decided: refresh.Refresh,
        auto: autosync.AutoSync,
        now: datetime,
        *,
        release: bool,
        finalizers: list[str] | None,
    ) -> Outcome:
        """`finalizers`: those it is to have, if others than it has."""
        seen, ended = before.get("reconciledAt"), (before.get("operationState") or {}).get("finishedAt")
        # Who waits for a sync waits for a comparison that is not older than its end.
        unseen = not seen or bool(ended and seen < ended)
        if decided.requested or unseen or status.patch(before, after) is not None:
            after = {**after, "reconciledAt": seconds(now)}
        change = status.patch(before, after)
        patch: JsonObject = {"status": change} if change else {}
        done = [name for name, is_done in ((REFRESH, decided.requested), (HELD, release)) if is_done]
        if done:
            patch["metadata"] = {"annotations": dict.fromkeys(done)}
        if finalizers is not None:
            # In the same write: an application that shows Synced never lacks the hold for its hooks.
            patch["metadata"] = {**(patch.get("metadata") or {}), "finalizers": finalizers or None}
        if auto.operation is not None:
            # Creating an operation removes the state of the one before, in the same write (spec 1.4).
            patch["operation"] = auto.operation
            patch["status"] = {**(patch.get("status") or {}), "operationState": None}
        if patch:
            try:
                written = await self.desk.write(app, patch)
            except StatusError as error:
                if not status.is_too_large(error):
                    raise
                return await self._too_large(app, decided, error, now)
            key = Key(app["metadata"]["namespace"], app["metadata"]["name"])
            self._tell(app, before, after, self.desk.remember(key).why)
            app = written
        if auto.operation is not None:
            self.desk.wake(Key(app["metadata"]["namespace"], app["metadata"]["name"]))
        if auto.wake_after is not None:
            self.desk.remember(Key(app["metadata"]["namespace"], app["metadata"]["name"])).requested = Level.RECENT
            return Outcome(acted=bool(patch), requeue_after=max(auto.wake_after, 0.001))
        return Outcome(acted=bool(patch))

    async def _too_large(self, app: JsonObject, decided: refresh.Refresh, error: StatusError, now: datetime) -> Outcome:
        """Of a status that the API server does not take only the reason is stored (spec 5.1); nothing is synced."""
        before = (app.get("status") or {}).get("conditions") or []
        text = f"the status is too large to be stored: {error.message}"
        marks = conditions.updated(before, [("UnknownError", text)], SPEC_TYPES, seconds(now))
        patch: JsonObject = {"status": {"conditions": marks}} if marks != before else {}
        if decided.requested:
            patch["metadata"] = {"annotations": {REFRESH: None}}
        if patch:
            await self.desk.write(app, patch)
        return Outcome(acted=bool(patch))

    def _tell(self, app: JsonObject, before: JsonObject, after: JsonObject, why: Mapping[ResourceKey, str]) -> None:
        for name in ("sync", "health"):
            old, new = ((side.get(name) or {}).get("status") or "" for side in (before, after))
            if old != new:
                self.desk.events.record(app, "ResourceUpdated", f"Updated {name} status: {old} -> {new}")
                if new == "OutOfSync" and (text := telling.differences(why)):
                    self.desk.events.record(app, "OutOfSync", text)

    def _kept_revisions(self, before: JsonObject, spec: JsonObject) -> list[str] | None:
        """A commit that changes none of this application's manifests is no new revision (spec 5.4)."""
        sync = before["sync"]
        if is_multi(spec):
            return list(sync.get("revisions") or ()) or None
        return [sync["revision"]] if sync.get("revision") else None

    def _auto_sync(
        self, app: JsonObject, spec: JsonObject, after: JsonObject, now: datetime, *, is_held: bool
    ) -> autosync.AutoSync:
        chosen = self.sighting.windows_of(app, spec)
        seen = autosync.Seen(
            spec,
            after,
            bool(app.get("operation")),
            bool(app["metadata"].get("deletionTimestamp")),
            windows.allows(chosen, windows.Asked(manual=False), now),
            windows.wait(chosen, now),
            is_held,
        )
        return autosync.decide(seen, self.desk.plane.settings, now)

    async def _compare(
        self, key: Key, app: JsonObject, spec: JsonObject, memory: Memory, decided: refresh.Refresh
    ) -> Compared:
        revisions: tuple[str, ...] = ()
        if decided.level == Level.RECENT:
            before = app.get("status") or {}
            seen = self._kept_revisions(before, spec) if before.get("sync") else None
            revisions = memory.revisions or tuple(seen or ())
        max_age = 0.0 if decided.level == Level.FORCED else POLL_MAX_AGE
        look = Look(revisions=revisions, max_age=max_age, use_cache=not decided.hard)
        return await self.sighting.compared(app, sources_of(spec), look, memory)
