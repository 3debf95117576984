"""delete and deletecollection (spec 11): preconditions, grace, finalizers by propagation policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import bad_request, invalid_options, not_found
from argosy.cluster.handlers.core import Core, answer, timestamp
from argosy.cluster.handlers.reading import check_list_options, select
from argosy.cluster.handlers.updating import ATTEMPTS
from argosy.cluster.handlers.writing import Raced, stored_form
from argosy.cluster.kind import Kind
from argosy.cluster.kinds.definitions import CLEANUP_FINALIZER
from argosy.cluster.request import ApiRequest, ApiResponse, Options
from argosy.cluster.store import Entry
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.machinery.text.go_text import quoted

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_POLICIES = ("Foreground", "Background", "Orphan")
_FINALIZER_OF = {"Orphan": ORPHAN, "Foreground": FOREGROUND}
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_ANSWERED_WITH_OBJECT = frozenset(
    ("", plural)
    for plural in (
        "pods",
        "services",
        "serviceaccounts",
        "persistentvolumes",
        "persistentvolumeclaims",
        "podtemplates",
        "resourcequotas",
    )
)
"""Kinds whose deletion returns the object, not a Status (kubernetes: pkg/registry/core, ReturnDeletedObject)."""
_JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or "
    "set propagationPolicy=Orphan to suppress this warning"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    policy: str = ""
    """Empty: the client did not set it."""
    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False


def read_delete_options(request: ApiRequest) -> DeleteOptions:
    """Raises StatusError 400 or 422."""
    body = request.body if isinstance(request.body, dict) else {}
    policy, orphan = body.get("propagationPolicy"), body.get("orphanDependents")
    if policy is not None and orphan is not None:
        text = f"Invalid value: {quoted(str(policy))}: orphanDependents and deletionPropagation cannot be both set"
        raise invalid_options("DeleteOptions", "propagationPolicy", text, "FieldValueInvalid")
    if policy is not None and policy not in _POLICIES:
        text = (
            f'Unsupported value: {quoted(str(policy))}: supported values: "Foreground", "Background", "Orphan", "nil"'
        )
        raise invalid_options("DeleteOptions", "propagationPolicy", text, "FieldValueNotSupported")
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    grace = body.get("gracePeriodSeconds")
    if grace is not None and not isinstance(grace, int):
        raise bad_request("DeleteOptions: gracePeriodSeconds must be an integer")
    preconditions = body.get("preconditions") or {}
    return DeleteOptions(
        policy=policy or "",
        grace_seconds=grace,
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        dry_run=request.options.dry_run or body.get("dryRun") == ["All"],
    )


async def delete(core: Core, request: ApiRequest) -> ApiResponse:
    options = read_delete_options(request)
    for _ in range(ATTEMPTS):
        entry = core.find(request.kind, request.namespace, request.name)
        if entry is None:
            raise not_found(request.kind.resource, request.name)
        try:
            return await delete_entry(core, request, entry, options)
        except Raced:
            continue
    raise _precondition(request.kind, request.name, "the object is changed again and again")


async def delete_entry(core: Core, request: ApiRequest, entry: Entry, options: DeleteOptions) -> ApiResponse:
    kind = request.kind
    now = core.clock.now()
    ctx = core.context(request, "DELETE", now)
    _check_preconditions(kind, entry, options)
    present = entry.obj
    old = kind.from_storage(present)
    attributes = Attributes(ctx=ctx, kind=kind, namespace=entry.key.namespace, obj=None, old=old, request=request)
    await core.admission.delete(attributes)
    if core.table(kind).entries.get(entry.key) is not entry:
        raise Raced
    warnings = [*attributes.warnings, *_policy_warnings(kind, options)]
    marked = mark(kind, present, options, now)
    if marked is None:
        if not options.dry_run:
            core.store.delete(core.table(kind), entry)
            core.after_write(ctx, kind, entry.obj, None)
        body = _last_state(kind, old, now) if kind.storage in _ANSWERED_WITH_OBJECT else _deleted_status(kind, entry)
        return ApiResponse(200, body, tuple(warnings))
    if marked is present:
        return answer(kind, entry, 200, warnings)
    stored = stored_form(kind, kind.from_storage(marked))
    if options.dry_run:
        return ApiResponse(200, kind.from_storage(stored), tuple(warnings))
    fresh = core.store.put(core.table(kind), entry.key, stored, entry)
    core.after_write(ctx, kind, entry.obj, fresh.obj)
    return answer(kind, fresh, 200, warnings)


def _policy_warnings(kind: Kind, options: DeleteOptions) -> list[str]:
    return [_JOB_WARNING] if not options.policy and kind.strategy.default_propagation == "Orphan" else []


def mark(kind: Kind, obj: JsonObject, options: DeleteOptions, now: datetime) -> JsonObject | None:
    """The object as its deletion leaves it: None when it is removed at once, `obj` itself when nothing changes.

    Pure; otherwise returns a new object with its own metadata.
    """
    if kind.storage == _DEFINITIONS:
        return _mark_definition(obj, now)
    metadata = obj["metadata"]
    finalizers = _finalizers_after(kind, metadata.get("finalizers") or [], options.policy)
    grace = _grace(kind, obj, options.grace_seconds)
    namespace_holds = kind.storage == ("", "namespaces") and bool((obj.get("spec") or {}).get("finalizers"))
    if not finalizers and not grace and not namespace_holds:
        return None
    changed = dict(metadata)
    if finalizers:
        changed["finalizers"] = finalizers
    else:
        changed.pop("finalizers", None)
    previous = metadata.get("deletionTimestamp")
    if not previous:
        changed["deletionTimestamp"] = timestamp(now + timedelta(seconds=grace))
        if not namespace_holds:
            changed["deletionGracePeriodSeconds"] = grace
        if metadata.get("generation"):
            changed["generation"] = metadata["generation"] + 1
    elif grace < (metadata.get("deletionGracePeriodSeconds") or 0):
        begun = datetime.fromisoformat(previous) - timedelta(seconds=metadata["deletionGracePeriodSeconds"])
        changed["deletionTimestamp"] = timestamp(max(begun + timedelta(seconds=grace), now) if grace else now)
        changed["deletionGracePeriodSeconds"] = grace
    marked = {**obj, "metadata": changed}
    if namespace_holds:
        marked["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return obj if marked == obj else marked


def _mark_definition(obj: JsonObject, now: datetime) -> JsonObject:
    """Instances go first: the cleanup finalizer keeps the definition, and its condition says so (spec 12)."""
    metadata = obj["metadata"]
    if metadata.get("deletionTimestamp"):
        return obj
    finalizers = metadata.get("finalizers") or []
    if CLEANUP_FINALIZER not in finalizers:
        finalizers = [*finalizers, CLEANUP_FINALIZER]
    time = timestamp(now)
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": time,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    status = obj.get("status") or {}
    return {
        **obj,
        "metadata": {**metadata, "deletionTimestamp": time, "finalizers": finalizers},
        "status": {**status, "conditions": [*(status.get("conditions") or ()), condition]},
    }


def _finalizers_after(kind: Kind, finalizers: list[str], policy: str) -> list[str]:
    """An explicit policy adds its finalizer and removes the other one; no policy leaves them unchanged."""
    policy = policy or _implied_policy(kind, finalizers)
    if not policy:
        return finalizers
    wanted = _FINALIZER_OF.get(policy)
    kept = [name for name in finalizers if name == wanted or name not in (ORPHAN, FOREGROUND)]
    return kept if wanted is None or wanted in kept else [*kept, wanted]


def _implied_policy(kind: Kind, finalizers: list[str]) -> str:
    if ORPHAN in finalizers or FOREGROUND in finalizers:
        return ""
    return "Orphan" if kind.strategy.default_propagation == "Orphan" else ""


def _grace(kind: Kind, obj: JsonObject, wanted: int | None) -> int:
    """Seconds until a graceful kind is removed; a Pod that is on no node, or has finished, is removed at once."""
    if not kind.strategy.is_graceful:
        return 0
    spec, status, metadata = obj.get("spec") or {}, obj.get("status") or {}, obj["metadata"]
    grace = wanted if wanted is not None else spec.get("terminationGracePeriodSeconds", 30)
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        grace = 0
    if metadata.get("deletionTimestamp"):
        grace = min(grace, metadata.get("deletionGracePeriodSeconds") or 0)
    return max(0, grace) if grace >= 0 else 1


def _check_preconditions(kind: Kind, entry: Entry, options: DeleteOptions) -> None:
    own = entry.obj["metadata"].get("uid")
    if options.uid and options.uid != own:
        text = f"the UID in the precondition ({options.uid}) does not match the UID in record ({own})"
        raise _precondition(kind, entry.key.name, f"{text}. The object might have been deleted and then recreated")
    if options.resource_version and options.resource_version != str(entry.rev):
        text = f"the ResourceVersion in the precondition ({options.resource_version}) does not match"
        raise _precondition(
            kind,
            entry.key.name,
            f"{text} the ResourceVersion in record ({entry.rev}). The object might have been modified",
        )


def _precondition(kind: Kind, name: str, why: str) -> StatusError:
    """A conflict error that names the Kind, as upstream's storage does (spec 3)."""
    resource = kind.resource
    spelled = str(resource.group_kind)
    message = f"Operation cannot be fulfilled on {spelled} {quoted(name)}: {why}"
    return StatusError(409, "Conflict", message, name=name, group=resource.group, kind=resource.kind)


def _last_state(kind: Kind, obj: JsonObject, now: datetime) -> JsonObject:
    """The object as it was deleted; for a graceful kind with a zero grace period."""
    if not kind.strategy.is_graceful:
        return obj
    marks = {"deletionTimestamp": timestamp(now), "deletionGracePeriodSeconds": 0}
    return {**obj, "metadata": {**obj["metadata"], **marks}}


def _deleted_status(kind: Kind, entry: Entry) -> JsonObject:
    resource = kind.resource
    details: JsonObject = {"name": entry.key.name}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    details["uid"] = entry.obj["metadata"].get("uid")
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


async def delete_collection(core: Core, request: ApiRequest) -> ApiResponse:
    """Deletes every selected object individually; the response lists them as they were (spec 11)."""
    check_list_options(request.options)
    options = read_delete_options(request)
    kind = request.kind
    chosen = Options(
        label_selector=request.options.label_selector,
        field_selector=request.options.field_selector,
        limit=request.options.limit,
        continue_token=request.options.continue_token,
    )
    page = select(core, kind, request.namespace, chosen)
    items, revision = [], core.store.revision
    for entry in page.entries:
        current = core.table(kind).entries.get(entry.key)
        if current is None:
            continue
        items.append(kind.from_storage(entry.obj))
        await delete_entry(core, request, current, options)
    if not kind.custom:
        items = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items]
    metadata = {"resourceVersion": str(revision)}
    if kind.custom:
        metadata["continue"] = ""
    api_version = kind.resource.api_version
    body = {"kind": kind.list_kind, "apiVersion": api_version, "metadata": metadata, "items": items}
    return ApiResponse(200, body)
