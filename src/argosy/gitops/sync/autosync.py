"""Whether an application is synced automatically (spec 6): one table, the first matching line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argosy.apis.argoproj.application import (
    ApplicationSpec,
    ApplicationStatus,
    OperationState,
    ResourceStatus,
    SyncStatus,
)
from argosy.apis.schema import written
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.model.application_spec import is_multi, source_fields, sources_of
from argosy.gitops.sync.superseded import is_superseded
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

DEFAULT_RETRY: JsonObject = {"limit": 5}


@dataclass(frozen=True, slots=True)
class Seen:
    spec: ApplicationSpec
    """Normalised."""
    status: ApplicationStatus
    """With the sync status and resources of this comparison."""
    has_operation: bool
    is_deleted: bool
    window_open: bool = True
    window_changes_in: float | None = None
    """Seconds."""
    is_same: bool = False
    """The last operation's revision, a different one, has the same manifests."""
    is_asked: bool = False
    """A refresh was requested, or what refused it has changed: a sync that the cluster refused is retried."""
    is_held: bool = False
    """Somebody rolled back from this revision."""


@dataclass(frozen=True, slots=True)
class AutoSync:
    operation: JsonObject | None = None
    error: str = ""
    """The message of the SyncError condition."""
    wake_after: float | None = None
    """Seconds until a self-heal may start."""
    resources: tuple[str, ...] = field(default=())


NOTHING = AutoSync()


def is_on(spec: ApplicationSpec) -> bool:
    return spec.sync_policy.is_automated


def decide(seen: Seen, settings: Settings, now: datetime) -> AutoSync:
    policy, status = seen.spec.sync_policy, seen.status
    automated, sync = policy.automated, status.sync
    if automated is None or not is_on(seen.spec) or seen.has_operation or seen.is_deleted or sync.status != "OutOfSync":
        return NOTHING
    drifted = [item for item in status.resources if item.status not in ("Synced", "")]
    if not automated.prune and drifted and all(item.requires_pruning for item in drifted):
        return NOTHING
    if seen.is_held:
        return NOTHING
    if not seen.window_open:
        return AutoSync(wake_after=seen.window_changes_in)
    attempts, chosen = 0, None
    state = status.operation_state
    if _is_repeat(state, sync, seen.spec, is_same=seen.is_same) and not (seen.is_asked and _failed(state)):
        if state.phase != "Succeeded":
            return AutoSync(error=f"Failed last sync attempt to {_revisions(sync)}: {state.message}")
        if not automated.self_heal:
            return NOTHING
        attempts = int(state.asked.auto_heal_attempts_count)
        if (left := _self_heal_wait(state, attempts, settings, now)) > 0:
            return AutoSync(wake_after=left)
        attempts, chosen = attempts + 1, [_resource(item) for item in drifted]
    if automated.prune and not automated.allow_empty and _wipes_all(status.resources):
        text = f"Skipping sync attempt to {_revisions(sync)}: auto-sync will wipe out all resources"
        return AutoSync(error=text)
    return AutoSync(operation(seen.spec, sync, prune=automated.prune, attempts=attempts, resources=chosen))


def operation(
    spec: ApplicationSpec,
    sync: SyncStatus,
    *,
    prune: bool,
    attempts: int = 0,
    resources: list[JsonObject] | None = None,
) -> JsonObject:
    """The operation that automated sync requests on the Application."""
    policy = spec.sync_policy
    wanted: JsonObject = {}
    if is_multi(spec):
        wanted["revisions"] = list(sync.revisions)
    else:
        wanted["revision"] = sync.revision
    wanted |= {"prune": True} if prune else {}
    wanted |= source_fields(spec) if is_multi(spec) else {}
    if policy.sync_options:
        wanted["syncOptions"] = list(policy.sync_options)
    if attempts:
        wanted["autoHealAttemptsCount"] = attempts
    if resources:
        wanted["resources"] = resources
    retry = written(policy.retry) if policy.retry else DEFAULT_RETRY
    return {"sync": wanted, "initiatedBy": {"automated": True}, "retry": retry}


def _failed(state: OperationState) -> bool:
    """That is, one of our own."""
    return state.operation.initiated_by.automated and state.phase in ("Failed", "Error")


def _is_repeat(state: OperationState, sync: SyncStatus, spec: ApplicationSpec, *, is_same: bool) -> bool:
    """Whether the last operation was for this content and these sources. A dry run tried nothing, and manifests
    from a request are not the revision's."""
    asked, result = state.asked, state.sync_result
    if not state.raw or asked.dry_run or asked.manifests or is_superseded(state.raw):
        return False
    revisions, revision = result.revisions or asked.revisions, result.revision or asked.revision
    same = revisions == sync.revisions if is_multi(spec) else revision == sync.revision
    found = [source.raw for source in result.sources or (result.source,) if source and source.raw]
    return (same or is_same) and (not found or found == [source.raw for source in sources_of(spec)])


def differs_by_revision(state: OperationState, sync: SyncStatus, spec: ApplicationSpec) -> bool:
    """Whether only the revision, which may have the same content, makes this different from a repetition."""
    return not _is_repeat(state, sync, spec, is_same=False) and _is_repeat(state, sync, spec, is_same=True)


def _self_heal_wait(state: OperationState, attempts: int, settings: Settings, now: datetime) -> float:
    if not settings.self_heal_first or not state.finished_at:
        return 0.0
    delay = settings.self_heal_first * settings.self_heal_factor ** (attempts - 1) if attempts else 0.0
    since = now - parse(state.finished_at)
    if since < timedelta(0):
        return 0.0  # the clock was set back since: nobody knows how long ago it ended
    return min(delay, settings.self_heal_cap) - since.total_seconds()


def _wipes_all(resources: Sequence[ResourceStatus]) -> bool:
    return bool(resources) and all(item.requires_pruning or item.hook for item in resources)


def _resource(item: ResourceStatus) -> JsonObject:
    return {name: item.raw[name] for name in ("group", "kind", "name", "namespace") if item.raw.get(name)}


def _revisions(sync: SyncStatus) -> str:
    return f"[{' '.join(sync.revisions or (sync.revision,))}]"
