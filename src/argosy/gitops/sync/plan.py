"""The next step of a running sync, from its tasks, what is recorded of them, and what is live (spec 7.3).

The record is `status.operationState.syncResult.resources`: all that a new process needs to go on in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from argosy.gitops.health import health_of
from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject

Identity = tuple[str, ResourceKey]


@dataclass(frozen=True, slots=True)
class Result:
    """What is recorded of a task. `phase` as `hookPhase`: Running, Succeeded, Failed, Error."""

    status: str
    message: str
    phase: str

    @property
    def failed(self) -> bool:
        return self.phase in ("Failed", "Error")


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now. `run` and `phase` exclude each other."""

    run: tuple[Task, ...] = ()
    is_last: bool = False
    """Nothing comes after `run`, and nothing in it needs to be waited for."""
    phase: str = ""
    """The operation ended so."""
    message: str = ""
    updates: Mapping[Identity, Result] = field(default_factory=dict)
    """Changed records of tasks that ran before."""


def next_step(tasks: Sequence[Task], record: Mapping[Identity, Result], live: Mapping[ResourceKey, JsonObject]) -> Step:
    updates = _progress(tasks, record, live)
    now = {**record, **updates}
    main = [task for task in tasks if task.phase != "SyncFail"]
    if any(result.failed for result in now.values()):
        return _failing(tasks, now, updates)
    running = [task for task in main if (found := now.get(task.identity)) and found.phase == "Running"]
    pending = [task for task in main if task.identity not in now]
    hooked = any(task.hook for task in running) or main[-1].hook != "" if main else False
    if running and (pending or hooked):
        return Step(message=_waiting(running, live), updates=updates)
    if not pending:
        return Step(phase="Succeeded", message="successfully synced (no more tasks)", updates=updates)
    wave = _first_wave(pending)
    rest = [task for task in pending if task not in wave]
    is_last = not rest and not any(task.hook for task in wave)
    return Step(run=tuple(wave), is_last=is_last, updates=updates)


def _first_wave(pending: Sequence[Task]) -> list[Task]:
    first = pending[0]
    return [task for task in pending if (task.phase, task.wave) == (first.phase, first.wave)]


def _failing(tasks: Sequence[Task], now: Mapping[Identity, Result], updates: Mapping[Identity, Result]) -> Step:
    """After a failure only SyncFail hooks run; when they ended, so does the operation."""
    hooks = [task for task in tasks if task.phase == "SyncFail"]
    pending = [task for task in hooks if task.identity not in now]
    if any(now[task.identity].phase == "Running" for task in hooks if task.identity in now):
        return Step(message="waiting for completion of SyncFail hooks", updates=updates)
    if pending and pending[0].phase == "SyncFail":
        return Step(run=tuple(_first_wave(pending)), updates=updates)
    reasons = [result.message for result in now.values() if result.failed and result.message]
    text = "one or more synchronization tasks completed unsuccessfully"
    if any(result.status == "SyncFailed" for result in now.values()):
        text = "one or more objects failed to apply"
    return Step(
        phase="Failed",
        message=f"{text}, reason: {','.join(dict.fromkeys(reasons))}" if reasons else text,
        updates=updates,
    )


def _progress(
    tasks: Sequence[Task], record: Mapping[Identity, Result], live: Mapping[ResourceKey, JsonObject]
) -> dict[Identity, Result]:
    """What became of the tasks that are running."""
    updates: dict[Identity, Result] = {}
    for task in tasks:
        before = record.get(task.identity)
        if before is None or before.phase != "Running":
            continue
        after = _judged(task, before, live.get(task.key))
        if after != before:
            updates[task.identity] = after
    return updates


def _judged(task: Task, before: Result, live: JsonObject | None) -> Result:
    if task.is_prune:
        return before if live is not None else Result(before.status, before.message, "Succeeded")
    if live is None:
        text = f"Resource {'/'.join(filter(None, task.key))} is missing, it might have been deleted"
        return Result("SyncFailed", text, "Failed")
    health = health_of(live)
    if health is None or health.status == "Healthy":
        return Result(before.status, (health.message if health else "") or before.message, "Succeeded")
    bad = ("Degraded", "Unknown") if task.hook else ("Degraded",)
    if health.status in bad:
        return Result(before.status, health.message or before.message, "Failed")
    return before


def _waiting(running: Sequence[Task], live: Mapping[ResourceKey, JsonObject]) -> str:
    first = running[0]
    what = "deletion of" if first.is_prune else "completion of hook" if first.hook else "healthy state of"
    name = "/".join(part for part in (first.key.group, first.key.kind, first.key.name) if part)
    more = len(running) - 1
    others = "hooks" if first.hook else "resources"
    return f"waiting for {what} {name}" + (f" and {more} more {others}" if more else "")
