"""What changes in the status when an operation starts, continues, finishes, or waits for a retry (spec 1.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argosy.apis.argoproj.application import Application, ApplicationSpec, ApplicationStatus, OperationState
from argosy.apis.schema import read
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model.application_spec import is_multi, source_fields
from argosy.gitops.model.history import belongs, with_entry
from argosy.gitops.model.images import images_of
from argosy.gitops.sync.plan import Identity, Result
from argosy.gitops.sync.retry import may_retry, next_retry_at
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces

FINAL = ("Succeeded", "Failed", "Error")


def begun(operation: JsonObject, now: str) -> JsonObject:
    return {"operation": operation, "phase": "Running", "startedAt": now}


def again(state: JsonObject) -> JsonObject:
    """A retry starts with an empty record; with `retry.refresh`, at the newest revision (spec 1.3)."""
    kept = {name: value for name, value in state.items() if name not in ("finishedAt", "syncResult", "message")}
    seen = read(OperationState, state)
    if seen.operation.retry.refresh:
        sync = {k: v for k, v in seen.asked.raw.items() if k not in ("revision", "revisions")}
        kept["operation"] = {**seen.operation.raw, "sync": sync}
    return {**kept, "phase": "Running", "retryCount": seen.retry_count + 1}


def end_of(app: JsonObject) -> tuple[str, str]:
    """Which operation finished last, and when: after each the application is compared with the newest revision."""
    state = read(Application, app).status.operation_state
    return (state.started_at, state.finished_at) if state.phase in FINAL else ("", "")


def awaits_retry(state: JsonObject) -> bool:
    """A state with a peculiar encoding: Running with a finish time."""
    seen = read(OperationState, state)
    return seen.phase == "Running" and bool(seen.finished_at)


def ended(state: JsonObject, phase: str, message: str, now: str, *, terminated: bool = False) -> JsonObject:
    """Finished, or waiting for its next attempt."""
    made = {**state, "phase": phase, "message": message, "finishedAt": now}
    if not terminated and may_retry(made):
        at = next_retry_at(made)
        count = read(OperationState, made).retry_count + 1
        clock = f"{at.hour % 12 or 12}:{at.minute:02d}{'AM' if at.hour < 12 else 'PM'}"
        return {**made, "phase": "Running", "message": f"{message}. Retrying attempt #{count} at {clock}."}
    if phase != "Succeeded" and (count := read(OperationState, made).retry_count):
        made["message"] = f"{message} (retried {count} times)."
    return made


def completion(app: JsonObject, state: JsonObject, now: str) -> JsonObject:
    """The patch that finishes an operation: its state, its entry in the history, and the request removed."""
    found = read(Application, app)
    status: JsonObject = {"operationState": state}
    if found.status.reconciled_at >= now:
        # In the same second a client that waits for a later comparison would accept this one.
        status["reconciledAt"] = None
    if belongs(state):
        history = [entry.raw for entry in found.status.history]
        status["history"] = with_entry(history, state, found.spec.revision_history_limit, now)
    return {"operation": None, "status": status}


def namespace_metadata_differs(status: ApplicationStatus, spec: ApplicationSpec) -> bool:
    """Whether `managedNamespaceMetadata` differs from what the last sync wrote (spec 4.1)."""
    state = status.operation_state
    if state.phase != "Succeeded":
        return False
    written = state.sync_result.managed_namespace_metadata
    return (written.raw if written else {}) != spec.sync_policy.managed_metadata


def result_of(spec: ApplicationSpec, revisions: Sequence[str], resources: list[JsonObject]) -> JsonObject:
    made: JsonObject = {"revision": "" if is_multi(spec) or not revisions else revisions[0], **source_fields(spec)}
    if is_multi(spec):
        made["revisions"] = list(revisions)
    if metadata := spec.sync_policy.managed_metadata:
        made["managedNamespaceMetadata"] = metadata
    if resources:
        made["resources"] = resources
    return made


def record_of(state: JsonObject, tasks: Sequence[Task], namespace: str) -> Pieces[dict[Identity, Result]]:
    """The record of tasks, by phase and object. `namespace`: the destination's."""
    tasks_of = {_row_identity(task, namespace): task.identity for task in tasks}
    found: dict[Identity, Result] = {}
    for item in read(OperationState, state).sync_result.resources:
        row = (item.sync_phase or "Sync", ResourceKey(item.group, item.kind, item.namespace, item.name))
        found[tasks_of.get(row, row)] = Result(item.status, item.message, item.hook_phase)
        yield
    return found


def resources_of(
    tasks: Sequence[Task], record: Mapping[Identity, Result], namespace: str, before: Sequence[JsonObject] = ()
) -> Pieces[list[JsonObject]]:
    """The record in upstream's shape. `namespace`: the destination's.

    `before`: the rows so far. They keep their places, and stay without a task: its object may be pruned, or may be the
    Namespace that the sync created.
    """
    rows: dict[Identity, JsonObject] = {}
    for row in before:
        group, kind, place, name = (str(row.get(part) or "") for part in ("group", "kind", "namespace", "name"))
        key = ResourceKey(group, kind, place, name)
        rows[row.get("syncPhase") or "Sync", key] = row
    for task in tasks:
        yield
        result = record.get(task.identity)
        if result is None:
            continue
        identity = _row_identity(task, namespace)
        version = str(task.obj.get("apiVersion") or "").rpartition("/")[2]
        item: JsonObject = {"group": task.key.group, "version": version, "kind": task.key.kind}
        item |= {"namespace": identity[1].namespace, "name": task.key.name, "syncPhase": task.phase}
        optional = {
            "status": result.status,
            "message": result.message,
            "hookPhase": result.phase,
            "hookType": task.hook,
        }
        if not task.is_prune and (images := images_of(task.obj)):
            item["images"] = images
        rows[identity] = {**item, **{name: value for name, value in optional.items() if value}}
    return list(rows.values())


def _row_identity(task: Task, namespace: str) -> Identity:
    """As upstream writes it: a cluster-scoped target in the destination's namespace, but not the Namespace that
    `CreateNamespace` adds, and not what is pruned."""
    if task.key.namespace or task.is_prune or task.is_created_namespace:
        return task.identity
    return task.phase, task.key._replace(namespace=namespace)
