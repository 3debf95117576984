"""Compares an Application as a pass requests: from its sources and live objects to the result (spec 4, 5, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import ApplicationSpec, ResourceStatus, SyncStatus
from argosy.apis.schema import read
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
from argosy.gitops.comparison.conclusion import Concluded, NotCompared
from argosy.gitops.control_plane.context import Memory, ReconcileContext
from argosy.gitops.health import Health
from argosy.gitops.keys import instance_name
from argosy.gitops.manifests.generation import POLL_MAX_AGE
from argosy.gitops.model import conditions
from argosy.gitops.model.application_spec import is_multi, sources_of, spec_of, status_of
from argosy.gitops.projects import sync_windows as windows
from argosy.gitops.reconcile.advance import DONE, Advance
from argosy.gitops.reconcile.reconciliation import Work
from argosy.gitops.refresh import level as refresh
from argosy.gitops.refresh.level import Level
from argosy.gitops.sync import autosync
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.timestamps import seconds
from argosy.observe.tracing import span


class ComparisonReconciler:
    def __init__(self, context: ReconcileContext) -> None:
        self.context = context
        self.app_state = StateReader(context)

    async def run(self, key: Key, work: Work) -> Advance | Concluded:
        """Raises StatusError, OSError and Connecting."""
        if work.refresh is None:
            return self._recounted(work.app)
        return await self._compared(key, work, work.refresh)

    def _orphans(self, source_state: SourceState, resources: Iterable[ResourceStatus]) -> str:
        return self.context.orphans.warning(
            source_state.key,
            source_state.namespace,
            resources,
            source_state.project,
            source_state.cluster,
            source_state.destination.live,
            self.context.plane.settings,
        )

    def _recounted(self, app: JsonObject) -> Advance:
        """Only orphans changed: nothing is compared for that."""
        before = status_of(app)
        try:
            text = self._orphans(self.app_state.source_state(app), before.resources)
        except Refused:
            return DONE
        types = (orphan_monitoring.CONDITION,)
        found = [(orphan_monitoring.CONDITION, text)] if text else []
        marks = conditions.updated(before.conditions, found, types, seconds(self.context.clock.now()))
        return (
            DONE
            if marks == [one.raw for one in before.conditions]
            else Advance(patch={"status": {"conditions": marks}})
        )

    async def _compared(self, key: Key, work: Work, decided: refresh.Refresh) -> Advance | Concluded:
        app, memory = work.app, self.context.remember(key)
        now, settings = self.context.clock.now(), self.context.plane.settings
        spec, before = spec_of(app), status_of(app)
        try:
            compared = await self._compare(app, spec, memory, work, decided)
        except NotLoadedNow as error:
            memory.failing_since = memory.failing_since or now
            if (wait := grace_period.remaining(memory.failing_since, before, decided, settings, now)) > 0:
                return Advance(wake_after=wait)
            return self._concluded(NotCompared(found=error.found, health=await self._health_of_live(app, memory)))
        except TargetsNotLoaded as error:
            health, names = await self._health_of_live(app, memory), _targets_of(spec)
            return self._concluded(NotCompared(found=error.found, health=health, revisions=names))
        except InvalidSpec as error:
            return self._concluded(NotCompared(found=error.found, looked=False))
        except Refused as error:
            return self._concluded(NotCompared(found=error.found))
        is_same = await self._is_same(app, compared)
        return self._concluded(await self._seen(key, work, compared, decided, now, is_same=is_same))

    def _concluded(self, seen: result.Seen | NotCompared) -> Concluded:
        return Concluded(seen=seen, settings=self.context.plane.settings, namespace=self.context.namespace)

    async def _health_of_live(self, app: JsonObject, memory: Memory) -> Health | None:
        try:
            return await self.app_state.health_of_live(app, memory)
        except Refused:
            return None

    async def _is_same(self, app: JsonObject, compared: Compared) -> bool:
        """Whether the revision that was synced last, a different one, has the same manifests: only computed if
        automated sync depends on it."""
        spec, state = compared.source_state.spec, status_of(app).operation_state
        revisions = compared.desired.revisions
        sync = SyncStatus(status="", revisions=revisions) if is_multi(spec) else _of_one(revisions)
        is_asked = read(Application, app).has_operation
        is_to_sync = compared.comparison.status == "OutOfSync" and autosync.is_on(spec) and not is_asked
        if not is_to_sync or not state.raw or not autosync.differs_by_revision(state, sync, spec):
            return False
        synced = state.sync_result.revisions or (state.sync_result.revision,)
        if not all(synced):
            return False
        try:
            before = await self.app_state.desired(app, sources_of(spec), Look(revisions=synced))
        except Refused:
            return False
        return before.digest == compared.desired.digest

    async def _seen(
        self, key: Key, work: Work, compared: Compared, decided: refresh.Refresh, now: datetime, *, is_same: bool
    ) -> result.Seen:
        app, source_state, comparison = work.app, compared.source_state, compared.comparison
        chosen = self.app_state.windows_of(app, source_state.spec)
        name = instance_name(key, self.context.namespace)
        claimed = shared_resources.shared(comparison.pairs, key, name, self.context.plane.settings)
        return result.Seen(
            app=app,
            compared=compared,
            digest_before=work.digest,
            requested=decided.requested,
            is_unblocked=work.is_unblocked,
            is_same=is_same,
            claimed=await self.context.slices.run(claimed),
            orphans=self._orphans(source_state, (read(ResourceStatus, one) for one in comparison.resources)),
            waits=self.context.dependency_index.waits(app),
            window_open=windows.allows(chosen, windows.Asked(manual=False), now),
            window_changes_in=windows.wait(chosen, now),
        )

    def _reports_next_failure(self, app: JsonObject, memory: Memory) -> bool:
        """Whether the next failure of the sources is reported: not before they were really requested once more."""
        if memory.failing_since is None:
            return False
        was_broken = _is_broken(app)
        away = (self.context.clock.now() - memory.failing_since).total_seconds()
        return not was_broken and away >= self.context.plane.settings.repo_error_grace

    async def _compare(
        self, app: JsonObject, spec: ApplicationSpec, memory: Memory, work: Work, decided: refresh.Refresh
    ) -> Compared:
        revisions: tuple[str, ...] = ()
        if decided.level == Level.RECENT and not _is_broken(app):
            revisions = work.revisions or tuple(result.kept_revisions(status_of(app), spec) or ())
        is_fresh = decided.level == Level.FORCED or self._reports_next_failure(app, memory)
        max_age = 0.0 if is_fresh else POLL_MAX_AGE
        look = Look(revisions=revisions, max_age=max_age, use_cache=not decided.hard)
        with span("compare"):
            return await self.app_state.compared(app, sources_of(spec), look, memory)


def _is_broken(app: JsonObject) -> bool:
    """Its sources could not be loaded the last time, so that the reported revision was not resolved."""
    return any(item.type == "ComparisonError" for item in status_of(app).conditions)


def _of_one(revisions: Sequence[str]) -> SyncStatus:
    return SyncStatus(status="", revision=revisions[0] if revisions else "")


def _targets_of(spec: ApplicationSpec) -> list[str]:
    """The requested revisions, as text."""
    return [source.target_revision or "HEAD" for source in sources_of(spec)]
