"""The operating shell: a requested sync, one step a look, every step recorded before the next (spec 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from argosy.gitops import operation, sharing, status, windows
from argosy.gitops.applying import missing_kind
from argosy.gitops.approval import is_approved, needs_approval
from argosy.gitops.comparing import Comparing, Refused
from argosy.gitops.desk import Desk
from argosy.gitops.keys import HOOK_FINALIZER, ResourceKey, instance_name
from argosy.gitops.normalize import rules_for
from argosy.gitops.normalize_spec import normalised, sources_of
from argosy.gitops.refresh import Level
from argosy.gitops.respecting import respecting
from argosy.gitops.retry import next_retry_at
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.plan import INTENDED, Identity, Result, Step, cleared_at_success, next_step
from argosy.gitops.sync.tasks import Task, in_order, tasks_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.runtime.controller import Outcome
from argosy.sources.port import SourceError

BACKSTOP = 30.0
"""Seconds after which a waiting operation is looked at without a change."""


class Operating:
    def __init__(self, desk: Desk, comparing: Comparing) -> None:
        self.desk = desk
        self._comparing = comparing

    async def look(self, key: Key, app: JsonObject) -> Outcome | None:
        """None when the operation ended and the application is to be compared at once."""
        state, now = (app.get("status") or {}).get("operationState"), self.desk.clock.now()
        if not state or state.get("phase") in operation.FINAL:
            state = operation.begun(app["operation"], seconds(now))
            app = await self.desk.write(app, {"status": {"operationState": {**_cleared(app), **state}}})
            self.desk.events.record(app, "OperationStarted", "Initiated sync")
        elif operation.awaits_retry(state):
            at = next_retry_at(state)
            if now < at:
                return Outcome(requeue_after=(at - now).total_seconds())
            state = operation.again(state)
            cleared = {"finishedAt": None, "syncResult": None, "message": None}
            app = await self.desk.write(app, {"status": {"operationState": {**cleared, **state}}})
        if state.get("phase") == "Terminating":
            phase, text = await self._stop_hooks(state)
            await self._finish(key, app, operation.ended(state, phase, text, seconds(now), terminated=True))
            return None
        limit = self.desk.plane.settings.sync_timeout
        if limit and (now - parse(state["startedAt"])).total_seconds() >= limit:
            text = "operation is terminating due to timeout"
            await self._record(app, {**state, "phase": "Terminating", "message": text})
            return Outcome(acted=True, requeue_after=0.001)
        spec = normalised(app.get("spec") or {})
        chosen = self._comparing.windows_of(app, spec)
        manual = not ((state.get("operation") or {}).get("initiatedBy") or {}).get("automated")
        if not windows.allows(chosen, windows.Asked(manual, parse(state["startedAt"])), now):
            await self._record(app, {**state, "message": windows.BLOCKED})
            return Outcome(requeue_after=windows.wait(chosen, now))
        return await self._sync(key, app, state)

    async def _stop_hooks(self, state: JsonObject) -> tuple[str, str]:
        """Deletes the hooks that run; the phase and message of the end."""
        hooks = {
            ResourceKey(item["group"], item["kind"], item["namespace"], item["name"])
            for item in (state.get("syncResult") or {}).get("resources") or ()
            if item.get("hookType") and item.get("hookPhase") == "Running"
        }
        try:
            for wanted in sorted(hooks):
                if (live := self.desk.live.get(wanted)) is not None:
                    await self.desk.applier.clear(live)
        except StatusError as error:
            return "Error", f"Operation termination had errors: {error.message}"
        return "Failed", "Operation terminated"

    async def _sync(self, key: Key, app: JsonObject, state: JsonObject) -> Outcome | None:
        memory, spec = self.desk.remember(key), normalised(app.get("spec") or {})
        asked = (state.get("operation") or {}).get("sync") or {}
        given = asked.get("sources") or ([asked["source"]] if asked.get("source") else [])
        sources = given or sources_of(spec)
        earlier = state.get("syncResult") or {}
        fixed = earlier.get("revisions") or [earlier.get("revision") or asked.get("revision") or ""]
        fixed = asked.get("revisions") or fixed
        try:
            revisions = tuple(fixed) if len(fixed) == len(sources) else ()
            resolved = (
                [
                    await self.desk.manifests.resolve(
                        {**source, "targetRevision": text}, self.desk.plane.credentials, spec["project"]
                    )
                    if text
                    else ""
                    for source, text in zip(sources, revisions, strict=True)
                ]
                if revisions
                else []
            )
            desired, comparison = await self._comparing.compared(key, spec, sources, tuple(resolved), 0.0, True, memory)
        except (Refused, SourceError) as error:
            await self._finish(key, app, operation.ended(state, "Error", str(error), seconds(self.desk.clock.now())))
            return None
        options = options_of(
            [*((spec.get("syncPolicy") or {}).get("syncOptions") or ()), *(asked.get("syncOptions") or ())]
        )
        suffix = (
            f"{desired.revisions[0][:7]}-PHASE-{int(parse(state['startedAt']).timestamp())}"
            if desired.revisions
            else ""
        )
        tasks = tasks_of(comparison.pairs, asked, options, suffix)
        if options.has("FailOnSharedResource"):
            name = instance_name(key, self.desk.namespace)
            if claimed := sharing.shared(comparison.pairs, key, name, self.desk.plane.settings):
                text = f"Shared resource found: {', '.join(claimed)}"
                return await self._ended(key, app, state, "Failed", text)
        if options.has("RespectIgnoreDifferences"):
            tasks = [self._respecting(task, spec) for task in tasks]
        tasks = self._with_namespace(tasks, spec, options)
        state = {
            **state,
            "syncResult": {**operation.result_of({**spec, **_override(given)}, desired.revisions, []), **earlier},
        }
        return await self._steps(key, app, state, tasks, asked, options)

    def _respecting(self, task: Task, spec: JsonObject) -> Task:
        if task.target is None or task.live is None:
            return task
        rules = rules_for(task.key, spec.get("ignoreDifferences") or (), self.desk.plane.settings)
        return replace(task, target=respecting(task.target, task.live, rules))

    def _with_namespace(self, tasks: list[Task], spec: JsonObject, options: Options) -> list[Task]:
        """CreateNamespace: before everything, unless it is there or the manifests bring it; untracked, never pruned."""
        name = str((spec.get("destination") or {}).get("namespace") or "")
        wanted = ResourceKey("", "Namespace", "", name)
        if not name or not options.has("CreateNamespace") or any(task.key == wanted for task in tasks):
            return tasks
        live = self.desk.live.get(wanted)
        managed = (spec.get("syncPolicy") or {}).get("managedNamespaceMetadata") or {}
        target = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **managed}}
        if live is not None and not managed:
            return tasks
        return in_order([Task("PreSync", -(1 << 31), wanted, target, live, server_side=bool(managed)), *tasks])

    def _invalid(self, tasks: Sequence[Task], options: Options) -> dict[Identity, Result]:
        """Tasks that the project forbids, or whose kind neither the cluster serves nor a task's definition brings."""
        brought = _brought(tasks)
        found = {}
        for task in tasks:
            missing = self.desk.live.kinds.of(task.obj) is None and (task.key.group, task.key.kind) not in brought
            if task.refused:
                found[task.identity] = Result("SyncFailed", task.refused, "Failed")
            elif missing and not options.has("SkipDryRunOnMissingResource", obj=task.obj):
                found[task.identity] = Result("SyncFailed", missing_kind(task.obj), "Failed")
        return found

    async def _steps(
        self, key: Key, app: JsonObject, state: JsonObject, tasks: list[Task], asked: JsonObject, options: Options
    ) -> Outcome | None:
        record = operation.record_of(state)
        if not record and (refusal := await self._refused(tasks, asked, options)):
            invalid, text = refusal
            return await self._ended(key, app, _recorded(state, tasks, invalid), "Failed", text)
        if asked.get("dryRun"):
            return await self._rehearse(key, app, state, tasks, asked, options)
        live = {task.key: found for task in tasks if (found := self.desk.live.get(task.key)) is not None}
        held = {task.identity: live[task.key] for task in tasks if task.key in live and _is_held(task, live)}
        for identity in held.keys() & record.keys():
            if record[identity].phase != "Running":
                await self.desk.applier.release(held[identity])
        began, prune = parse(state["startedAt"]), bool(asked.get("prune"))
        approved = not prune or is_approved(app, began)
        step = next_step(
            tasks, record, live, lambda task: not approved and needs_approval(task.obj, options, pruned=True)
        )
        record |= step.updates
        if any(record[identity].phase != "Running" for identity in step.updates.keys() & held.keys()):
            # The outcome of a hook is recorded before its finalizer lets go of it.
            await self._wait(app, _recorded(state, tasks, record))
            return Outcome(acted=True, requeue_after=0.001)
        for task in step.clear:
            await self.desk.applier.clear(live[task.key])
            self.desk.live.forget(task.key)
        recorded = _recorded(state, tasks, record)
        if step.phase:
            return await self._ended(key, app, recorded, step.phase, step.message)
        if not step.run:
            return await self._wait(app, {**recorded, "message": step.message})
        pause = self.desk.remember(key).next_wave_at - self.desk.clock.monotonic()
        if record and pause > 0:
            await self._wait(app, recorded)
            return Outcome(requeue_after=max(pause, 0.001))
        return await self._run(key, app, recorded, tasks, step, asked, options)

    async def _run(
        self,
        key: Key,
        app: JsonObject,
        state: JsonObject,
        tasks: list[Task],
        step: Step,
        asked: JsonObject,
        options: Options,
    ) -> Outcome | None:
        record = operation.record_of(state)
        intended = {task.identity: INTENDED for task in step.run if task.hook and task.identity not in record}
        if intended:
            app = await self._record(app, _recorded(state, tasks, record | intended))
        record |= await self._carry_out(step.run, asked, options)
        state = _recorded(state, tasks, record)
        if step.is_last and not any(result.failed for result in record.values()):
            live = {task.key: found for task in tasks if (found := self.desk.live.get(task.key)) is not None}
            for task in cleared_at_success(tasks, live):
                await self.desk.applier.clear(live[task.key])
            return await self._ended(key, app, state, "Succeeded", "successfully synced (all tasks run)")
        self.desk.remember(key).next_wave_at = self.desk.clock.monotonic() + self.desk.plane.settings.wave_delay
        await self._wait(app, {**state, "message": "one or more tasks are running"})
        return Outcome(acted=True, requeue_after=0.001)

    async def _refused(
        self, tasks: list[Task], asked: JsonObject, options: Options
    ) -> tuple[dict[Identity, Result], str] | None:
        """Why the sync must not begin: what is refused, and in words."""
        if invalid := self._invalid(tasks, options):
            return invalid, f"one or more synchronization tasks are not valid: {_reasons(invalid)}"
        if refused := await self._dry_run(tasks, asked, options):
            return refused, f"one or more objects failed to apply (dry run), reason: {_reasons(refused)}"
        return None

    async def _dry_run(self, tasks: Sequence[Task], asked: JsonObject, options: Options) -> dict[Identity, Result]:
        """What the server would refuse, asked before the first of several steps, so that none is left half done.

        A sync of one step needs no asking: its objects are refused one by one as they are applied. Objects whose
        namespace or kind the sync itself brings cannot be asked about.
        """
        if asked.get("dryRun") or len({(task.phase, task.wave) for task in tasks}) < 2:
            return {}
        found: dict[Identity, Result] = {}
        for task in tasks:
            namespace = ResourceKey("", "Namespace", "", task.key.namespace)
            absent = bool(task.key.namespace) and self.desk.live.get(namespace) is None
            if task.phase != "Sync" or task.is_prune or absent or self.desk.live.kinds.of(task.obj) is None:
                continue
            if message := await self.desk.applier.dry_run(task, options):
                found[task.identity] = Result("SyncFailed", message, "Failed")
        return found

    async def _rehearse(
        self, key: Key, app: JsonObject, state: JsonObject, tasks: list[Task], asked: JsonObject, options: Options
    ) -> Outcome | None:
        """A sync that was asked for as a dry run: every object, and nothing is changed."""
        record = await self._carry_out([task for task in tasks if not task.hook], asked, options)
        state = _recorded(state, tasks, record)
        if any(result.failed for result in record.values()):
            failed = {name: result for name, result in record.items() if result.failed}
            text = f"one or more objects failed to apply (dry run), reason: {_reasons(failed)}"
            return await self._ended(key, app, state, "Failed", text)
        return await self._ended(key, app, state, "Succeeded", "successfully synced (no more tasks)")

    async def _carry_out(self, run: Sequence[Task], asked: JsonObject, options: Options) -> dict[Identity, Result]:
        """Prunes first, all at once; then applies, kind by kind, those of one kind at once."""
        strategy = asked.get("syncStrategy") or {}
        force = any((strategy.get(name) or {}).get("force") for name in ("apply", "hook"))
        found: dict[Identity, Result] = {}

        async def one(task: Task) -> None:
            found[task.identity] = await self.desk.applier.carry_out(
                task, options, prune=bool(asked.get("prune")), dry_run=bool(asked.get("dryRun")), force=force
            )

        groups: list[list[Task]] = []
        for task in run:
            same = groups and (groups[-1][0].is_prune, groups[-1][0].key.kind) == (task.is_prune, task.key.kind)
            if groups and (same or (task.is_prune and groups[-1][0].is_prune)):
                groups[-1].append(task)
            else:
                groups.append([task])
        for group in groups:
            if len(group) == 1:
                await one(group[0])
            else:
                async with asyncio.TaskGroup() as tasks:
                    for task in group:
                        tasks.create_task(one(task))
            if brought := _brought(group):
                await self.desk.live.await_kinds(brought, self.desk.plane.settings, self.desk.clock)
        return found

    async def _wait(self, app: JsonObject, state: JsonObject) -> Outcome:
        after = await self._record(app, state)
        return Outcome(acted=after is not app, requeue_after=BACKSTOP)

    async def _record(self, app: JsonObject, state: JsonObject) -> JsonObject:
        """The application as it is then; itself when there was nothing to write."""
        before = (app.get("status") or {}).get("operationState") or {}
        if change := status.patch(before, state):
            return await self.desk.write(app, {"status": {"operationState": change}})
        return app

    async def _ended(self, key: Key, app: JsonObject, state: JsonObject, phase: str, message: str) -> Outcome | None:
        await self._finish(key, app, operation.ended(state, phase, message, seconds(self.desk.clock.now())))
        return None

    async def _finish(self, key: Key, app: JsonObject, state: JsonObject) -> None:
        before = (app.get("status") or {}).get("operationState") or {}
        if operation.awaits_retry(state):
            await self.desk.write(app, {"status": {"operationState": status.patch(before, state) or {}}})
        else:
            patch = operation.completion(app, state, seconds(self.desk.clock.now()))
            patch["status"]["operationState"] = status.patch(before, state) or {}
            await self.desk.write(app, patch)
            self.desk.events.record(
                app, "OperationCompleted", f"Sync operation {state['phase'].lower()}: {state.get('message')}"
            )
        memory = self.desk.remember(key)
        memory.requested = max(memory.requested, Level.LATEST)
        self.desk.wake(key)


def _reasons(results: Mapping[Identity, Result]) -> str:
    return ",".join(dict.fromkeys(result.message for result in results.values() if result.message))


def _is_held(task: Task, live: Mapping[ResourceKey, JsonObject]) -> bool:
    return bool(task.hook) and HOOK_FINALIZER in (live[task.key]["metadata"].get("finalizers") or ())


def _brought(tasks: Sequence[Task]) -> set[tuple[str, str]]:
    """(group, kind) of the definitions that are applied."""
    found = set()
    for task in tasks:
        if task.key.kind == "CustomResourceDefinition" and task.target:
            spec = task.target.get("spec") or {}
            found.add((str(spec.get("group") or ""), str((spec.get("names") or {}).get("kind") or "")))
    return found


def _recorded(state: JsonObject, tasks: Sequence[Task], record: dict[Identity, Result]) -> JsonObject:
    return {**state, "syncResult": {**state["syncResult"], "resources": operation.resources_of(tasks, record)}}


def _cleared(app: JsonObject) -> JsonObject:
    """A merge patch that forgets what an earlier operation left."""
    return dict.fromkeys((app.get("status") or {}).get("operationState") or {})


def _override(given: list[JsonObject]) -> JsonObject:
    if not given:
        return {}
    return {"sources": given} if len(given) > 1 else {"source": given[0]}
