"""Whether an application is synced without being asked (spec 6): one table, the first line that holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.model.application_spec import is_multi, source_fields, sources_of
from argosy.gitops.sync.superseded import is_superseded
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

DEFAULT_RETRY: JsonObject = {"limit": 5}


@dataclass(frozen=True, slots=True)
class Seen:
    spec: JsonObject
    """Normalised."""
    status: JsonObject
    """With the sync status and resources just found."""
    has_operation: bool
    is_deleted: bool
    window_open: bool = True
    window_changes_in: float | None = None
    """Seconds."""
    is_same: bool = False
    """The last operation's revision, another one, has the very same manifests."""
    is_asked: bool = False
    """Somebody asked for a refresh, or what refused it has changed: what the cluster refused is tried once more."""
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


def is_on(spec: JsonObject) -> bool:
    automated = (spec.get("syncPolicy") or {}).get("automated")
    return automated is not None and automated.get("enabled") is not False


def decide(seen: Seen, settings: Settings, now: datetime) -> AutoSync:
    automated = (seen.spec.get("syncPolicy") or {}).get("automated") or {}
    sync = seen.status.get("sync") or {}
    if not is_on(seen.spec) or seen.has_operation or seen.is_deleted or sync.get("status") != "OutOfSync":
        return NOTHING
    resources = seen.status.get("resources") or []
    drifted = [item for item in resources if item.get("status") not in ("Synced", "", None)]
    if not automated.get("prune") and drifted and all(item.get("requiresPruning") for item in drifted):
        return NOTHING
    if seen.is_held:
        return NOTHING
    if not seen.window_open:
        return AutoSync(wake_after=seen.window_changes_in)
    attempts, chosen = 0, None
    state = seen.status.get("operationState") or {}
    if _is_repeat(state, sync, seen.spec, is_same=seen.is_same) and not (seen.is_asked and _failed(state)):
        if state.get("phase") != "Succeeded":
            return AutoSync(error=f"Failed last sync attempt to {_revisions(sync)}: {state.get('message') or ''}")
        if not automated.get("selfHeal"):
            return NOTHING
        attempts = int(((state.get("operation") or {}).get("sync") or {}).get("autoHealAttemptsCount") or 0)
        if (left := _self_heal_wait(state, attempts, settings, now)) > 0:
            return AutoSync(wake_after=left)
        attempts, chosen = attempts + 1, [_resource(item) for item in drifted]
    if automated.get("prune") and not automated.get("allowEmpty") and _wipes_all(resources):
        text = f"Skipping sync attempt to {_revisions(sync)}: auto-sync will wipe out all resources"
        return AutoSync(error=text)
    return AutoSync(operation(seen.spec, sync, prune=bool(automated.get("prune")), attempts=attempts, resources=chosen))


def operation(
    spec: JsonObject, sync: JsonObject, *, prune: bool, attempts: int = 0, resources: list[JsonObject] | None = None
) -> JsonObject:
    """The request that automated syncing puts on the Application."""
    policy = spec.get("syncPolicy") or {}
    wanted: JsonObject = {}
    if is_multi(spec):
        wanted["revisions"] = sync.get("revisions") or []
    else:
        wanted["revision"] = sync.get("revision") or ""
    wanted |= {"prune": True} if prune else {}
    wanted |= source_fields(spec) if is_multi(spec) else {}
    if policy.get("syncOptions"):
        wanted["syncOptions"] = policy["syncOptions"]
    if attempts:
        wanted["autoHealAttemptsCount"] = attempts
    if resources:
        wanted["resources"] = resources
    retry = policy.get("retry") or DEFAULT_RETRY
    return {"sync": wanted, "initiatedBy": {"automated": True}, "retry": retry}


def _failed(state: JsonObject) -> bool:
    """One of our own, that is."""
    if not ((state.get("operation") or {}).get("initiatedBy") or {}).get("automated"):
        return False
    return state.get("phase") in ("Failed", "Error")


def _is_repeat(state: JsonObject, sync: JsonObject, spec: JsonObject, *, is_same: bool) -> bool:
    """Whether the last operation was for this content and these sources. A dry run tried nothing, and manifests
    that somebody brought along are not the revision's."""
    asked = ((state or {}).get("operation") or {}).get("sync") or {}
    if not state or asked.get("dryRun") or asked.get("manifests") or is_superseded(state):
        return False
    result = state.get("syncResult") or {}
    revisions = result.get("revisions") or asked.get("revisions")
    revision = result.get("revision") or asked.get("revision")
    same = revisions == sync.get("revisions") if is_multi(spec) else revision == sync.get("revision")
    found = result.get("sources") or ([result["source"]] if result.get("source") else None)
    return bool(same or is_same) and (found is None or found == sources_of(spec))


def differs_by_revision(state: JsonObject, sync: JsonObject, spec: JsonObject) -> bool:
    """Whether all that keeps this from being a repetition is the revision, which may have the same content."""
    return not _is_repeat(state, sync, spec, is_same=False) and _is_repeat(state, sync, spec, is_same=True)


def _self_heal_wait(state: JsonObject, attempts: int, settings: Settings, now: datetime) -> float:
    if not settings.self_heal_first or not state.get("finishedAt"):
        return 0.0
    delay = settings.self_heal_first * settings.self_heal_factor ** (attempts - 1) if attempts else 0.0
    wait = min(delay, settings.self_heal_cap)
    left = (parse(state["finishedAt"]) + timedelta(seconds=wait) - now).total_seconds()
    return min(left, wait)  # longer only by a clock that was set back since


def _wipes_all(resources: list[JsonObject]) -> bool:
    return bool(resources) and all(item.get("requiresPruning") or item.get("hook") for item in resources)


def _resource(item: JsonObject) -> JsonObject:
    return {name: item[name] for name in ("group", "kind", "name", "namespace") if item.get(name)}


def _revisions(sync: JsonObject) -> str:
    return f"[{' '.join(sync.get('revisions') or [sync.get('revision') or ''])}]"
