"""Runs a requested sync in each pass: it is started, retried, stopped, or advanced by one step.

`executor` runs the step; every step is recorded before the next (spec 7).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import ApplicationSpec, OperationState, SyncOperation
from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.clusters.contact import NotConnected
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.comparison import shared_resources
from argosy.gitops.comparison.application_state import Compared, Look, Refused, StateReader
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.normalizers import rules_for
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.keys import REFRESH, ResourceKey, annotations_of, instance_name
from argosy.gitops.manifests.generation import POLL_MAX_AGE
from argosy.gitops.model.application_spec import sources_of, spec_of, status_of
from argosy.gitops.projects import sync_windows as windows
from argosy.gitops.projects.permissions import permits_kind
from argosy.gitops.reconcile.advance import Advance
from argosy.gitops.reconcile.reconciliation import Work
from argosy.gitops.sync import operation_recorder as recorder
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.executor import Running, SyncExecutor
from argosy.gitops.sync.held_revision import revision_to_hold
from argosy.gitops.sync.impersonation import NoServiceAccount
from argosy.gitops.sync.options import Options, options_of
from argosy.gitops.sync.respect_ignore_differences import respecting
from argosy.gitops.sync.retry import next_retry_at
from argosy.gitops.sync.superseded import found_since, gives_way, may_give_way, message, waited_for
from argosy.gitops.sync.tasks import BEFORE_ALL, Task, in_order, tasks_in_pieces
from argosy.machinery.objects import GroupKind, JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import parse, seconds
from argosy.sources.git.refs import FULL_SHA
from argosy.sources.port import SourceError

NAMESPACE = GroupKind("", "Namespace")
MANAGED_METADATA = "spec.syncPolicy.managedNamespaceMetadata"
NOTHING_ASKED = "Invalid operation request: operation.sync is missing, so there is nothing to do"


class OperationReconciler:
    def __init__(self, context: ReconcileContext, app_state: StateReader) -> None:
        self.context = context
        self._app_state = app_state
        self._syncing = SyncExecutor(context)

    async def run(self, key: Key, work: Work) -> Advance:
        """Raises StatusError and OSError if a retry may succeed, and Connecting."""
        app, now = work.app, self.context.clock.now()
        seen = status_of(app).operation_state
        state = seen.raw
        if not state or seen.phase in operation.FINAL:
            held = revision_to_hold(app, spec_of(app))
            return recorder.begin(app, operation.begun(app["operation"], seconds(now)), held)
        asked = read(Application, app).operation
        if asked is None or asked.sync is None:
            return recorder.end(app, state, "Error", NOTHING_ASKED, seconds(now))
        if may_give_way(app, state, now) and (text := await self._superseded(work, state)):
            ended = operation.ended(state, "Failed", text, seconds(now), terminated=True)
            return recorder.finish(app, ended, seconds(now))
        if operation.awaits_retry(state):
            at = next_retry_at(state)
            if parse(seen.finished_at) <= now < at:  # else the clock was set back since
                return Advance(wake_after=(at - now).total_seconds())
            return recorder.begin_again(operation.again(state))
        if seen.phase == "Terminating":
            phase, text = await self._stop_hooks(app, state)
            ended = operation.ended(state, phase, text, seconds(now), terminated=True)
            return recorder.finish(app, ended, seconds(now))
        return self._held_back(app, state, now) or await self._sync(key, app, state)

    async def _superseded(self, work: Work, state: JsonObject) -> str:
        """Why the sync is superseded by a newer revision; "" if it continues. Only checked if there may be one."""
        app = work.app
        waited, sources = waited_for(state), sources_of(spec_of(app))
        look = self._newer(work, state) if waited or operation.awaits_retry(state) else None
        if look is None:
            return ""
        try:
            newer = await self._app_state.desired(app, sources, look)
            revisions = await self._revisions(app, sources, state)
            if not revisions or newer.revisions == revisions or newer.problems:
                return ""
            older = await self._app_state.desired(app, sources, Look(revisions=revisions))
        except (Refused, SourceError):
            return ""
        if not gives_way(state, newer.targets.digests(), older.targets.digests(), waited):
            return ""
        return message(newer.revisions, read(OperationState, state).message)

    def _newer(self, work: Work, state: JsonObject) -> Look | None:
        """Where a newer revision may come from: a refresh never uses a cached answer."""
        if REFRESH in annotations_of(work.app):
            return Look(max_age=0.0)
        if work.is_overdue:
            return Look(max_age=POLL_MAX_AGE)
        newer = found_since(work.app, state)
        return Look(revisions=newer) if newer else None

    def _held_back(self, app: JsonObject, state: JsonObject, now: datetime) -> Advance | None:
        """By its time limit, by a sync window, or by an Application that it depends on."""
        limit = self.context.plane.settings.sync_timeout
        left = limit - (now - parse(state["startedAt"])).total_seconds()
        if limit and left <= 0:
            text = "operation is terminating due to timeout"
            return recorder.wait(app, {**state, "phase": "Terminating", "message": text}, 0.001)
        chosen = self._app_state.windows_of(app, spec_of(app))
        manual = not read(OperationState, state).operation.initiated_by.automated
        if not windows.allows(chosen, windows.Asked(manual, parse(state["startedAt"])), now):
            return recorder.wait(app, {**state, "message": windows.BLOCKED}, windows.wait(chosen, now))
        if text := self._awaited(app, state):
            return recorder.wait(app, {**state, "message": text}, left if limit else None)
        return None

    def _awaited(self, app: JsonObject, state: JsonObject) -> str:
        """What a sync that has not started waits for; the sync itself refuses a cycle."""
        if (
            read(OperationState, state).asked.dry_run
            or read(OperationState, state).sync_result.raw
            or self.context.dependency_index.errors(app)
        ):
            return ""
        return self.context.dependency_index.waits(app)

    async def _stop_hooks(self, app: JsonObject, state: JsonObject) -> tuple[str, str]:
        """Deletes the running hooks; returns the final phase and message."""
        hooks = {
            ResourceKey(item.group, item.kind, item.namespace, item.name)
            for item in read(OperationState, state).sync_result.resources
            if item.hook_type and item.hook_phase == "Running"
        }
        try:
            cluster = self.context.cluster(spec_of(app))
            for wanted in sorted(hooks):
                destination = self.context.clusters.of(cluster)
                # The row of a cluster-scoped hook has the destination's namespace.
                live = destination.live.get(wanted) or destination.live.get(wanted._replace(namespace=""))
                if live is not None:
                    await destination.applier.clear(live)
        except (InvalidDestination, NotConnected) as error:
            return "Error", f"Operation termination had errors: {error}"
        except StatusError as error:
            if error.is_passing:
                raise
            return "Error", f"Operation termination had errors: {error.message}"
        return "Failed", "Operation terminated"

    async def _sync(self, key: Key, app: JsonObject, state: JsonObject) -> Advance:
        spec = spec_of(app)
        asked = read(OperationState, state).asked
        given = [source for source in asked.sources or (asked.source,) if source and source.raw]
        try:
            found = await self._compared(key, app, given or sources_of(spec), state)
            applier = found.source_state.applier(self.context.plane.settings)
            options = options_of([*spec.sync_policy.sync_options, *asked.sync_options])
            tasks = await self._tasks(found, spec, asked, options, parse(state["startedAt"]))
        except Refused as error:
            text = ";".join(f"{kind}: {message}" for kind, message in error.found)
            wanted = asked.revisions or (asked.revision,)
            tried = {"syncResult": operation.result_of(_overridden(spec, given), wanted, []), **state}
            return self._end(app, tried, "Error", text)
        except (SourceError, NoServiceAccount) as error:
            return self._end(app, state, "Error", str(error))
        if options.has("FailOnSharedResource"):
            name = instance_name(key, self.context.namespace)
            work = shared_resources.shared(found.comparison.pairs, key, name, self.context.plane.settings)
            if claimed := await self.context.slices.run(work):
                text = f"Shared resource found: {', '.join(claimed)}"
                return self._end(app, state, "Failed", text)
        revisions = found.desired.revisions
        result = operation.result_of(_overridden(spec, given), revisions, [])
        running = Running(
            key=key,
            app=app,
            state={**state, "syncResult": {**result, **read(OperationState, state).sync_result.raw}},
            asked=asked,
            options=options,
            tasks=tasks,
            live=found.source_state.destination.live,
            applier=applier,
        )
        return await self._syncing.step(running)

    def _end(self, app: JsonObject, state: JsonObject, phase: str, message: str) -> Advance:
        return recorder.end(app, state, phase, message, seconds(self.context.clock.now()))

    async def _compared(self, key: Key, app: JsonObject, sources: list[Source], state: JsonObject) -> Compared:
        """Raises Refused, SourceError."""
        revisions, asked = await self._revisions(app, sources, state), read(OperationState, state).asked
        # If an operation names a commit, the spec's own revision may be its tag.
        names = tuple("" if FULL_SHA.fullmatch(text) else text for text in asked.revisions or (asked.revision,))
        look = Look(revisions=revisions, names=names if revisions else (), manifests=asked.manifests)
        found = await self._app_state.compared(app, sources, look, self.context.remember(key))
        if found.desired.problems:
            raise Refused([("ComparisonError", "\n".join(found.desired.problems))])
        return found

    async def _revisions(self, app: JsonObject, sources: list[Source], state: JsonObject) -> tuple[str, ...]:
        """The revisions with which the operation started, or that it requests; () to resolve the sources now.

        Raises Refused, SourceError.
        """
        found = read(OperationState, state)
        earlier, asked = found.sync_result, found.asked
        if asked.revisions and len(asked.revisions) != len(sources):
            count = len(asked.revisions)
            text = f"operation.sync.revisions has {count} revisions for {len(sources)} sources: give one for each"
            raise Refused([("InvalidSpecError", text)])
        fixed = asked.revisions or earlier.revisions or (earlier.revision or asked.revision,)
        project, resolved = spec_of(app).project, []
        if len(fixed) == len(sources):
            for source, text in zip(sources, fixed, strict=True):
                wanted = read(Source, {**source.raw, "targetRevision": text})
                book = self.context.plane.credentials
                resolved.append(await self.context.manifests.resolve(wanted, book, project) if text else "")
        return tuple(resolved)

    async def _tasks(
        self, found: Compared, spec: ApplicationSpec, asked: SyncOperation, options: Options, began: datetime
    ) -> list[Task]:
        revisions = found.desired.revisions
        suffix = f"{revisions[0][:7]}-PHASE-{int(began.timestamp())}" if revisions else ""
        tasks = await self.context.slices.run(tasks_in_pieces(found.comparison.pairs, asked, options, suffix))
        if options.has("RespectIgnoreDifferences"):
            pairs, memory = tuple(tasks), self.context.remember(found.source_state.key)
            tasks = await self._app_state.with_jq(
                found.source_state.app, lambda jq: [self._respecting(task, spec, jq) for task in pairs], memory
            )
        return self._with_namespace(tasks, found, spec, options)

    def _respecting(self, task: Task, spec: ApplicationSpec, jq: JqAnswers) -> Task:
        if task.target is None or task.live is None:
            return task
        rules = rules_for(task.key, spec.ignore_differences, self.context.plane.settings, jq)
        return replace(task, target=respecting(task.target, task.live, rules))

    def _with_namespace(
        self, tasks: list[Task], found: Compared, spec: ApplicationSpec, options: Options
    ) -> list[Task]:
        """CreateNamespace: before everything, unless it exists or is in the manifests; untracked, never pruned.

        Its labels decide what may run there, so setting them needs a project that permits Namespaces.
        """
        name = spec.destination.namespace
        wanted = ResourceKey("", "Namespace", "", name)
        if not name or not options.has("CreateNamespace") or any(task.key == wanted for task in tasks):
            return tasks
        live = found.source_state.destination.live.get(wanted)
        managed = spec.sync_policy.managed_metadata
        if managed and not permits_kind(found.source_state.project, NAMESPACE, name, namespaced=False):
            text = f"resource :Namespace is not permitted in project {spec.project}, which {MANAGED_METADATA} needs"
            raise Refused([("InvalidSpecError", text)])
        target = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **managed}}
        if live is not None and not managed:
            return tasks
        return in_order([Task("PreSync", BEFORE_ALL, wanted, target, live, server_side=bool(managed)), *tasks])


def _overridden(spec: ApplicationSpec, given: list[Source]) -> ApplicationSpec:
    """With the sources in the request."""
    if not given:
        return spec
    plain = [source.raw for source in given]
    sources: JsonObject = {"sources": plain} if len(plain) > 1 else {"source": plain[0]}
    return read(ApplicationSpec, {**spec.raw, **sources})
