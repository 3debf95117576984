"""One step of a running sync: decided by `sync.plan`, run here, with its record (spec 7.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from argosy.apis.argoproj.application import Application, SyncOperation, SyncStrategy
from argosy.apis.schema import read
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.health.custom import Judge
from argosy.gitops.keys import HOOK_FINALIZER, ResourceKey
from argosy.gitops.reconcile.advance import Advance, failure_of
from argosy.gitops.sync import operation_recorder as recorder
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.apply import Applier, missing_kind, summary
from argosy.gitops.sync.confirmation import is_approved, needs_approval
from argosy.gitops.sync.manager_migration import managers_before
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.plan import INTENDED, Identity, Result, Step, cleared_at_success, planned
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.pieces import Pieces
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.runtime.bounded import run_bounded

AT_ONCE = 20
"""How many writes of one sync are in flight (upstream's kubectl parallelism)."""
Record = dict[Identity, Result]
AT_ONCE_AGAIN = 0.001
"""Seconds until the next step, if one is ready already."""


@dataclass(slots=True, kw_only=True)
class Running:
    """One look at a running sync: its application, the request, and its destination."""

    key: Key
    app: JsonObject
    state: JsonObject
    """The current `status.operationState`."""
    asked: SyncOperation
    """`operation.sync`."""
    options: Options
    tasks: list[Task]
    live: LiveObjects
    applier: Applier

    @property
    def namespace(self) -> str:
        """The destination's."""
        return read(Application, self.app).spec.destination.namespace

    @property
    def prunes(self) -> bool:
        return self.asked.prune

    @property
    def is_dry(self) -> bool:
        return self.asked.dry_run

    @property
    def forces(self) -> bool:
        strategy = self.asked.sync_strategy or SyncStrategy()
        return any(one is not None and one.force for one in (strategy.apply, strategy.hook))

    def found(self) -> Pieces[dict[ResourceKey, JsonObject]]:
        """The live objects of its tasks."""
        found = {}
        for task in self.tasks:
            if (obj := self.live.get(task.key)) is not None:
                found[task.key] = obj
            yield
        return found

    def recorded(self, record: Mapping[Identity, Result]) -> Pieces[JsonObject]:
        """The state with this record."""
        before = self.state["syncResult"].get("resources") or ()
        resources = yield from operation.resources_of(self.tasks, record, self.namespace, before)
        return {**self.state, "syncResult": {**self.state["syncResult"], "resources": resources}}


class SyncExecutor:
    def __init__(self, context: ReconcileContext) -> None:
        self._context = context
        self._run_in_slices = context.slices.run

    async def _recorded(self, sync: Running, record: Mapping[Identity, Result]) -> JsonObject:
        return await self._run_in_slices(sync.recorded(record))

    async def step(self, sync: Running) -> Advance:
        """Raises StatusError, OSError if a retry may succeed."""
        record = await self._run_in_slices(operation.record_of(sync.state, sync.tasks, sync.namespace))
        if not record and (refusal := await self._refused(sync)):
            invalid, text = refusal
            return self._end(sync, await self._recorded(sync, invalid), "Failed", text)
        if sync.is_dry:
            return await self._rehearse(sync)
        live = await self._run_in_slices(sync.found())
        held = {task.identity: live[task.key] for task in sync.tasks if task.key in live and _is_held(task, live)}
        for identity in held.keys() & record.keys():
            if record[identity].phase != "Running":
                await sync.applier.release(held[identity])
        judge = await self._context.judge_for(self._context.remember(sync.key), live)
        step = await self._run_in_slices(self._decide(sync, record, live, judge))
        record |= step.updates
        if any(record[identity].phase != "Running" for identity in step.updates.keys() & held.keys()):
            # The outcome of a hook is recorded before its finalizer is removed.
            return recorder.wait(sync.app, await self._recorded(sync, record), AT_ONCE_AGAIN)
        await self._clear(sync, step.clear, live)
        if step.phase:
            return self._end(sync, await self._recorded(sync, record), step.phase, step.message)
        if not step.run:
            return recorder.wait(sync.app, {**await self._recorded(sync, record), "message": step.message})
        pause = self._context.remember(sync.key).next_wave_at - self._context.clock.monotonic()
        if record and pause > 0:
            return recorder.wait(sync.app, await self._recorded(sync, record), max(pause, AT_ONCE_AGAIN))
        return await self._run(sync, step, record)

    def _decide(
        self, sync: Running, record: Record, live: Mapping[ResourceKey, JsonObject], judge: Judge
    ) -> Pieces[Step]:
        approved = not sync.prunes or is_approved(sync.app, parse(sync.state["startedAt"]))

        def unapproved(task: Task) -> bool:
            return not approved and needs_approval(task.obj, sync.options, pruned=True)

        return planned(sync.tasks, record, live, unapproved, judge)

    async def _run(self, sync: Running, step: Step, record: Record) -> Advance:
        sync.state = await self._recorded(sync, record)
        if intended := {task.identity: INTENDED for task in step.run if task.hook and task.identity not in record}:
            # Recorded before they are created, by the next pass, which finds them in the record.
            return recorder.wait(sync.app, await self._recorded(sync, record | intended), AT_ONCE_AGAIN)
        try:
            record |= await self._carry_out(sync, step.run)
        except (StatusError, OSError) as error:
            # Nothing of this wave is recorded: the next pass runs it again; where it is done that does no harm.
            return await self._tried(sync, record, error)
        if step.is_last and not any(result.failed for result in record.values()):
            live = await self._run_in_slices(sync.found())
            await self._clear(sync, cleared_at_success(sync.tasks, live), live)
            text = "successfully synced (all tasks run)"
            return self._end(sync, await self._recorded(sync, record), "Succeeded", text)
        self._context.remember(sync.key).next_wave_at = (
            self._context.clock.monotonic() + self._context.plane.settings.wave_delay
        )
        state = {**await self._recorded(sync, record), "message": "one or more tasks are running"}
        return recorder.wait(sync.app, state, AT_ONCE_AGAIN)

    async def _tried(self, sync: Running, record: Record, error: StatusError | OSError) -> Advance:
        """With the reason why the step is repeated."""
        why = error.message if isinstance(error, StatusError) else "the API server gave no answer"
        state = {**await self._recorded(sync, record), "message": f"trying again: {why}"}
        return Advance(patch=recorder.recorded(sync.app, state), failure=failure_of(error))

    def _end(self, sync: Running, state: JsonObject, phase: str, message: str) -> Advance:
        return recorder.end(sync.app, state, phase, message, seconds(self._context.clock.now()))

    async def _clear(self, sync: Running, tasks: Sequence[Task], live: Mapping[ResourceKey, JsonObject]) -> None:
        for task in tasks:
            await sync.applier.clear(live[task.key])
            sync.live.forget(task.key)

    # -- before the first step ---------------------------------------------------------------------------------------

    async def _refused(self, sync: Running) -> tuple[Record, str] | None:
        """Why the sync must not start: what is refused, as text."""
        if invalid := _invalid(sync):
            reasons = "; ".join(sorted({result.message for result in invalid.values()}))
            return invalid, f"one or more synchronization tasks are not valid: {reasons}"
        if refused := await self._dry_run(sync):
            return refused, f"one or more objects failed to apply (dry run), reason: {_reasons(refused)}"
        return None

    async def _dry_run(self, sync: Running) -> Record:
        """What the server would refuse, checked before the first of several steps, so that none is left half done.

        A sync with one step needs no check: its objects are refused one by one as they are applied. Objects whose
        namespace or kind the sync itself creates cannot be checked.
        """
        if sync.is_dry or len({(task.phase, task.wave) for task in sync.tasks}) < 2:
            return {}
        found: Record = {}
        for number, task in enumerate(sync.tasks):
            if number % AT_ONCE == AT_ONCE - 1:
                await self._context.clock.sleep(0)  # an in-process API server answers without yielding
            namespace = _namespace_of(task)
            absent = namespace is not None and sync.live.get(namespace) is None
            if task.phase != "Sync" or task.is_prune or absent or sync.live.kinds.of(task.obj) is None:
                continue
            if message := await sync.applier.dry_run(task, sync.options, force=sync.forces):
                found[task.identity] = Result("SyncFailed", message, "")
        return found

    async def _rehearse(self, sync: Running) -> Advance:
        """A sync that was requested as a dry run: every object, and nothing is changed.

        Objects that need a namespace or a kind that this very sync would create cannot be checked by the server.
        """
        tasks = [task for task in sync.tasks if not task.hook]
        wanted = {task.key for task in sync.tasks}
        coming = {task.identity for task in tasks if _is_to_come(task, sync, wanted)}
        record = await self._carry_out(sync, [task for task in tasks if task.identity not in coming])
        for identity in coming:
            key = identity[1]
            message = summary(key.group, key.kind, key.name, "created", dry_run=True)
            record[identity] = Result("Synced", message, "Succeeded")
        state = await self._recorded(sync, record)
        if failed := {name: result for name, result in record.items() if result.failed}:
            text = f"one or more objects failed to apply (dry run), reason: {_reasons(failed)}"
            return self._end(sync, state, "Failed", text)
        return self._end(sync, state, "Succeeded", "successfully synced (no more tasks)")

    # -- one step ----------------------------------------------------------------------------------------------------

    async def _carry_out(self, sync: Running, run: Sequence[Task]) -> Record:
        """Prunes first, concurrently; then applies, kind by kind, objects of one kind concurrently: AT_ONCE at most.

        Raises StatusError, OSError if a retry may succeed.
        """
        found: Record = {}

        async def one(task: Task) -> None:
            found[task.identity] = await sync.applier.carry_out(
                task,
                sync.options,
                prune=sync.prunes,
                dry_run=sync.is_dry,
                force=sync.forces,
                managers=managers_before(sync.app, sync.options),
            )

        for group in _groups(run):
            await run_bounded((partial(one, task) for task in group), AT_ONCE, self._context.clock)
            if brought := _brought(group):
                await sync.live.await_kinds(brought, self._context.plane.settings, self._context.clock)
        return found


def _groups(run: Sequence[Task]) -> list[list[Task]]:
    groups: list[list[Task]] = []
    for task in run:
        same = groups and (groups[-1][0].is_prune, groups[-1][0].key.kind) == (task.is_prune, task.key.kind)
        if groups and (same or (task.is_prune and groups[-1][0].is_prune)):
            groups[-1].append(task)
        else:
            groups.append([task])
    return groups


def _invalid(sync: Running) -> Record:
    """Tasks that the project forbids, or whose kind is neither served by the cluster nor defined by a task."""
    brought = _brought(sync.tasks)
    found: Record = {}
    for task in sync.tasks:
        known = (task.key.group, task.key.kind) in brought or sync.live.kinds.of(task.obj) is not None
        if task.refused:
            found[task.identity] = Result("SyncFailed", task.refused, "")
        elif not known and not sync.options.has("SkipDryRunOnMissingResource", obj=task.obj):
            found[task.identity] = Result("SyncFailed", missing_kind(task.obj), "")
    return found


def _namespace_of(task: Task) -> ResourceKey | None:
    return ResourceKey("", "Namespace", "", task.key.namespace) if task.key.namespace else None


def _is_to_come(task: Task, sync: Running, wanted: Collection[ResourceKey]) -> bool:
    """Whether its namespace or kind is missing, and the sync creates it, or may proceed without it."""
    if task.is_prune:
        return False
    namespace = _namespace_of(task)
    absent = namespace is not None and sync.live.get(namespace) is None
    return (absent and namespace in wanted) or sync.live.kinds.of(task.obj) is None


def _reasons(results: Mapping[Identity, Result]) -> str:
    return ",".join(dict.fromkeys(result.message for result in results.values() if result.message))


def _is_held(task: Task, live: Mapping[ResourceKey, JsonObject]) -> bool:
    return bool(task.hook) and HOOK_FINALIZER in (live[task.key]["metadata"].get("finalizers") or ())


def _brought(tasks: Sequence[Task]) -> set[tuple[str, str]]:
    """(group, kind) of the CRDs that are applied."""
    found = set()
    for task in tasks:
        if task.key.kind == "CustomResourceDefinition" and task.target:
            spec = task.target.get("spec") or {}
            found.add((str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or "")))
    return found
