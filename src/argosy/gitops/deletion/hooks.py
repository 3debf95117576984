"""Which PreDelete and PostDelete hooks are created, assessed, retried and cleaned up (spec 8 steps 3 and 5).

A hook object is marked with the deletion that it was created for, so that one left by an earlier sync can be told
apart, and a process that crashes at any write finds what it created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.health import health_of
from argosy.gitops.health.custom import Judge
from argosy.gitops.health.verdict import ORDER
from argosy.gitops.keys import ResourceKey, annotations_of, resource_key
from argosy.gitops.manifests.targets import Targets
from argosy.gitops.model.resource_tracking import tracked
from argosy.gitops.sync.hooks import delete_policies, held, hook_types
from argosy.gitops.sync.order import kind_rank, wave_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

MADE_FOR: Final = "argosy.dev/deletion-hook"
"""Annotation of a hook object: the phase, and the uid of the Application whose deletion it was created for."""
RETRY: Final = timedelta(seconds=30)
"""From a failure to the next attempt."""
RANK = {status: rank for rank, status in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Hook:
    key: ResourceKey
    obj: JsonObject
    wave: int

    @property
    def mark(self) -> str:
        return annotations_of(self.obj)[MADE_FOR]


@dataclass(frozen=True, slots=True)
class HookStep:
    """What to do now; if empty, wait for running hooks."""

    is_done: bool = False
    create: tuple[Hook, ...] = ()
    clear: tuple[ResourceKey, ...] = ()
    """Objects to delete: left by a sync, or failed."""
    failed: tuple[str, ...] = ()
    """New failures, as text: to be recorded before they are cleared."""
    retry_after: float | None = None
    """Seconds."""


def hooks_of(targets: Targets, phase: str, app: JsonObject, instance: str, settings: Settings) -> list[Hook]:
    """The hooks of one phase, as they are created for this deletion; lower waves first."""
    metadata = app["metadata"]
    began = int(parse(metadata["deletionTimestamp"]).timestamp())
    namespace = read(Application, app).spec.destination.namespace
    found = []
    for item in targets.items:
        if phase not in hook_types(item.obj):
            continue
        own = dict(item.obj.get("metadata") or {})
        if not own.get("name"):
            own["name"] = f"{own.pop('generateName', '')}{phase.lower()}-{began}"
        own["annotations"] = {**(own.get("annotations") or {}), MADE_FOR: f"{phase} {metadata['uid']}"}
        obj = held(tracked({**item.obj, "metadata": own}, instance, namespace, settings))
        found.append(Hook(resource_key(obj), obj, wave_of(obj)))
    return sorted(found, key=lambda hook: (hook.wave, kind_rank(hook.key.kind), hook.key))


def next_step(
    hooks: Sequence[Hook],
    live: Mapping[ResourceKey, JsonObject],
    failed_at: datetime | None,
    now: datetime,
    judge: Judge = health_of,
) -> HookStep:
    """The first unfinished wave decides. `failed_at`: when a failure of this phase was recorded last."""
    retry_at = failed_at + RETRY if failed_at else None
    waits = (retry_at - now).total_seconds() if retry_at and now < retry_at else None
    for wave in sorted({hook.wave for hook in hooks}):
        mine = [hook for hook in hooks if hook.wave == wave]
        failures = {hook.key: text for hook in mine if (text := _failure(hook, live.get(hook.key), judge))}
        if failures and waits is None:
            return HookStep(failed=tuple(failures.values()))
        if failures:
            return HookStep(clear=tuple(failures), retry_after=waits)
        if stale := tuple(hook.key for hook in mine if hook.key in live and not is_made_for(hook, live[hook.key])):
            return HookStep(clear=stale)
        missing = tuple(hook for hook in mine if hook.key not in live)
        if missing and waits is not None:
            return HookStep(retry_after=waits)
        if missing:
            return HookStep(create=missing)
        if not all(_is_healthy(live[hook.key], judge) for hook in mine):
            return HookStep()
    return HookStep(is_done=True)


def is_made_for(hook: Hook, live: JsonObject) -> bool:
    return annotations_of(live).get(MADE_FOR) == hook.mark


def failure_text(phase: str, failed: Iterable[str]) -> str:
    """The DeletionError condition, in upstream's words."""
    text = f"{phase} hook(s) failed: {', '.join(failed)}"
    return f"error executing pre-delete hooks: {text}" if phase == "PreDelete" else text


def is_failure_of(phase: str, text: str) -> bool:
    return text.startswith(failure_text(phase, ()))


def cleared(hooks: Mapping[ResourceKey, JsonObject], judge: Judge = health_of) -> list[ResourceKey]:
    """What to delete by its delete policy, by the worst health of all hooks of the phase."""
    found = (judge(obj) for obj in hooks.values())
    worst = max((health.status for health in found if health), key=lambda status: RANK.get(status, 0), default="")
    policy = {"": "HookSucceeded", "Healthy": "HookSucceeded", "Degraded": "HookFailed"}.get(worst)
    progress = (key for key, obj in hooks.items() if policy in delete_policies(obj) or _is_terminating(obj))
    return sorted(progress)


def _failure(hook: Hook, live: JsonObject | None, judge: Judge) -> str:
    """The failure as text; "" for a hook that succeeded, runs, or does not exist."""
    if live is None or not is_made_for(hook, live) or _is_healthy(live, judge):
        return ""
    place, health = f"{hook.key.namespace}/{hook.key.name}", judge(live)
    if _is_terminating(live):
        return f"{place} (deleted before it ended)"
    if health is None or health.status not in ("Degraded", "Unknown"):
        return ""
    return f"{place} ({health.message})" if health.message else place


def _is_healthy(live: JsonObject, judge: Judge) -> bool:
    health = judge(live)
    return health is None or health.status == "Healthy"


def _is_terminating(live: JsonObject) -> bool:
    return bool(live["metadata"].get("deletionTimestamp"))
