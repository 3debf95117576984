"""The next step of a running sync, from its tasks, their record, and the live objects (spec 7.3).

The record is `status.operationState.syncResult.resources`: all that a new process needs to continue in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from argosy.gitops.health import health_of
from argosy.gitops.health.custom import Judge
from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.hooks import delete_policies
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces, finished

Identity = tuple[str, ResourceKey]


@dataclass(frozen=True, slots=True)
class Result:
    """The record of a task. `phase` as `hookPhase`: Running, Succeeded, Failed, Error."""

    status: str
    message: str
    phase: str

    @property
    def failed(self) -> bool:
        return self.phase in ("Failed", "Error")


INTENDED = Result("", "", "Running")
"""A hook about to be created: recorded first, so that a crash in between neither loses nor duplicates it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now. `run`, `clear` and `phase` exclude each other, except for hooks that are cleared at the end."""

    run: tuple[Task, ...] = ()
    is_last: bool = False
    """Nothing follows `run`, and nothing in it needs to be waited for."""
    phase: str = ""
    """The final phase of the operation."""
    message: str = ""
    updates: Mapping[Identity, Result] = field(default_factory=dict)
    """Changed records of tasks that ran before."""
    clear: tuple[Task, ...] = ()
    """Hooks whose live object is to be deleted, by their policies."""


def next_step(
    tasks: Sequence[Task],
    record: Mapping[Identity, Result],
    live: Mapping[ResourceKey, JsonObject],
    unapproved: Callable[[Task], bool] = lambda task: False,
    judge: Judge = health_of,
) -> Step:
    """All of `planned` at once."""
    return finished(planned(tasks, record, live, unapproved, judge))


def planned(
    tasks: Sequence[Task],
    record: Mapping[Identity, Result],
    live: Mapping[ResourceKey, JsonObject],
    unapproved: Callable[[Task], bool] = lambda task: False,
    judge: Judge = health_of,
) -> Pieces[Step]:
    """`unapproved`: prunes that wait for approval. `judge`: the health of a live object."""
    updates = yield from _progress(tasks, record, live, judge)
    now = {**record, **updates}
    main = [task for task in tasks if task.phase != "SyncFail"]
    if any(result.failed for result in now.values()):
        return _failing(tasks, now, updates, live)
    running = [task for task in main if _is_running(now.get(task.identity))]
    pending = [task for task in main if _is_pending(now.get(task.identity))]
    hooked = any(task.hook for task in running) or main[-1].hook != "" if main else False
    if running and (pending or hooked):
        return Step(message=_waiting(running, live), updates=updates)
    if not pending:
        done = cleared_at_success(main, live)
        return Step(phase="Succeeded", message="successfully synced (no more tasks)", updates=updates, clear=done)
    wave = _first_wave(pending)
    if stale := _stale(wave, now, live):
        return Step(message=_waiting(stale, live, "deletion of"), updates=updates, clear=stale)
    if held := [task for task in wave if task.is_prune and unapproved(task)]:
        return Step(message=_waiting(held, live, "pruning confirmation of"), updates=updates)
    # The complete wave, not only the rest of it: after a crash, hooks that it waits for must not be forgotten.
    is_last = len(wave) == len(pending) and not any(
        task.hook for task in main if (task.phase, task.wave) == (wave[0].phase, wave[0].wave)
    )
    return Step(run=tuple(wave), is_last=is_last, updates=updates)


def _first_wave(pending: Sequence[Task]) -> list[Task]:
    first = pending[0]
    return [task for task in pending if (task.phase, task.wave) == (first.phase, first.wave)]


def _failing(
    tasks: Sequence[Task],
    now: Mapping[Identity, Result],
    updates: Mapping[Identity, Result],
    live: Mapping[ResourceKey, JsonObject],
) -> Step:
    """After a failure only SyncFail hooks run; when they have finished, so has the operation."""
    hooks = [task for task in tasks if task.phase == "SyncFail"]
    pending = [task for task in hooks if _is_pending(now.get(task.identity))]
    if any(_is_running(now.get(task.identity)) for task in hooks):
        return Step(message="waiting for completion of SyncFail hooks", updates=updates)
    if pending:
        wave = _first_wave(pending)
        if stale := _stale(wave, now, live):
            return Step(message=_waiting(stale, live, "deletion of"), updates=updates, clear=stale)
        return Step(run=tuple(wave), updates=updates)
    reasons = [result.message for result in now.values() if result.failed and result.message]
    text = "one or more synchronization tasks completed unsuccessfully"
    if any(result.status == "SyncFailed" for result in now.values()):
        text = "one or more objects failed to apply"
    return Step(
        phase="Failed",
        message=f"{text}, reason: {','.join(dict.fromkeys(reasons))}" if reasons else text,
        updates=updates,
        clear=tuple(task for task in tasks if _is_cleared(task, live, "HookFailed")),
    )


def cleared_at_success(tasks: Sequence[Task], live: Mapping[ResourceKey, JsonObject]) -> tuple[Task, ...]:
    """Hooks to delete when the complete sync has succeeded."""
    return tuple(task for task in tasks if _is_cleared(task, live, "HookSucceeded"))


def _is_pending(result: Result | None) -> bool:
    return result is None or result == INTENDED


def _is_running(result: Result | None) -> bool:
    return result is not None and result != INTENDED and result.phase == "Running"


def _is_cleared(task: Task, live: Mapping[ResourceKey, JsonObject], policy: str) -> bool:
    return bool(task.hook) and task.key in live and policy in delete_policies(task.obj)


def _stale(
    wave: Sequence[Task], now: Mapping[Identity, Result], live: Mapping[ResourceKey, JsonObject]
) -> tuple[Task, ...]:
    """Hooks that an earlier sync left, to be deleted before they are re-created."""
    return tuple(t for t in wave if t.identity not in now and _is_cleared(t, live, "BeforeHookCreation"))


def _progress(
    tasks: Sequence[Task], record: Mapping[Identity, Result], live: Mapping[ResourceKey, JsonObject], judge: Judge
) -> Pieces[dict[Identity, Result]]:
    """The results of the running tasks."""
    updates: dict[Identity, Result] = {}
    for task in tasks:
        yield
        before = record.get(task.identity)
        if before is None or before.phase != "Running":
            continue
        after = _judged(task, before, live.get(task.key), judge)
        if after != before:
            updates[task.identity] = after
    return updates


def _judged(task: Task, before: Result, live: JsonObject | None, judge: Judge) -> Result:
    if before == INTENDED:
        # It is certainly ours only if an earlier one was deleted first; else it is applied, which is harmless twice.
        if live is None or "BeforeHookCreation" not in delete_policies(task.obj):
            return before
        before = Result("", "created", "Running")
    if task.is_prune:
        return before if live is not None else Result(before.status, before.message, "Succeeded")
    if live is None and _is_deleted_by_itself(task):
        return Result(before.status, before.message, "Succeeded")
    if live is None:
        text = f"Resource {'/'.join(filter(None, task.key))} is missing, it might have been deleted"
        return Result("SyncFailed", text, "Failed")
    health = judge(live)
    status = "Synced" if task.hook else before.status
    if health is None or health.status == "Healthy":
        return Result(status, (health.message if health else "") or before.message, "Succeeded")
    bad = ("Degraded", "Unknown") if task.hook else ("Degraded",)
    if health.status in bad:
        return Result(status, health.message or before.message, "Failed")
    return before


def _is_deleted_by_itself(task: Task) -> bool:
    """A Job that is removed once it has done its work."""
    is_job = (task.key.group, task.key.kind) == ("batch", "Job")
    return is_job and (task.obj.get("spec") or {}).get("ttlSecondsAfterFinished") is not None


def _waiting(running: Sequence[Task], live: Mapping[ResourceKey, JsonObject], what: str = "") -> str:
    first = running[0]
    what = what or ("deletion of" if first.is_prune else "completion of hook" if first.hook else "healthy state of")
    name = f"{first.key.group}/{first.key.kind}/{first.key.name}"
    more = len(running) - 1
    others = "hooks" if first.hook else "resources"
    return f"waiting for {what} {name}" + (f" and {more} more {others}" if more else "")
