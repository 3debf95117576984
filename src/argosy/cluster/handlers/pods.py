"""pods/binding and pods/eviction (spec 13)."""

from __future__ import annotations

from dataclasses import replace as with_fields

from argosy.cluster.errors import bad_request, conflict, not_found
from argosy.cluster.handlers.core import Core, timestamp
from argosy.cluster.handlers.deleting import delete
from argosy.cluster.handlers.ownership import track
from argosy.cluster.handlers.writing import check_place
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.selectors import label_selector_of
from argosy.machinery.status import Cause, StatusError

BINDING = Resource("", "v1", "pods/binding", "Binding")
"""How a conflict names the Pod that could not be bound."""
SUCCESS: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


async def bind(core: Core, request: ApiRequest) -> ApiResponse:
    """Binds the Pod to a Node; a Pod that has one keeps it."""
    body = _body(request, "Binding")
    node = (body.get("target") or {}).get("name") or ""
    if not node:
        raise bad_request("Binding: target.name: the name of a Node is required")
    entry = core.find(request.kind, request.namespace, request.name)
    if entry is None:
        raise not_found(request.kind.resource, request.name)
    old = entry.obj
    if reason := _unbindable(old):
        raise conflict(BINDING, request.name, f"pod {request.name} {reason}")
    now = core.clock.now()
    changed = bound(old, node, timestamp(now))
    track(core, request, old, changed, now)
    if not request.options.dry_run:
        core.store.put(core.table(request.kind), entry.key, changed, entry)
    return ApiResponse(201, SUCCESS)


def _unbindable(pod: JsonObject) -> str:
    """Why the Pod may not be bound to a Node, if it may not."""
    spec = pod["spec"]
    if pod["metadata"].get("deletionTimestamp"):
        return "is being deleted, cannot be assigned to a host"
    if present := spec.get("nodeName"):
        return f'is already assigned to node "{present}"'
    return "has non-empty .spec.schedulingGates" if spec.get("schedulingGates") else ""


def bound(pod: JsonObject, node: str, time: str) -> JsonObject:
    """The Pod on its Node, with condition PodScheduled."""
    status = pod.get("status") or {}
    others = [item for item in status.get("conditions") or () if item.get("type") != "PodScheduled"]
    condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": time}
    if pod["metadata"].get("generation"):
        condition["observedGeneration"] = pod["metadata"]["generation"]
    return {
        **pod,
        "metadata": dict(pod["metadata"]),
        "spec": {**pod["spec"], "nodeName": node},
        "status": {**status, "conditions": [*others, condition]},
    }


async def evict(core: Core, request: ApiRequest) -> ApiResponse:
    """Deletes the Pod gracefully unless a PodDisruptionBudget forbids it."""
    body = _body(request, "Eviction")
    entry = core.find(request.kind, request.namespace, request.name)
    if entry is None:
        raise not_found(request.kind.resource, request.name)
    options = body.get("deleteOptions") or {}
    if _needs_budget(entry.obj):
        _spend_budget(core, entry.obj, dry_run=request.options.dry_run or options.get("dryRun") == ["All"])
    await delete(core, with_fields(request, verb="delete", subresource="", body=options))
    return ApiResponse(201, SUCCESS)


def _body(request: ApiRequest, kind: str) -> JsonObject:
    if not isinstance(request.body, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind})")
    body = {"metadata": {}, **request.body}
    check_place(request, body)
    name = (body.get("metadata") or {}).get("name")
    if name and name != request.name:
        raise bad_request(f"name in URL does not match name in {kind} object")
    return body


def _needs_budget(pod: JsonObject) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed", "Pending") and not pod["metadata"].get("deletionTimestamp")


def _spend_budget(core: Core, pod: JsonObject, *, dry_run: bool) -> None:
    """Raises StatusError 429 when no disruption is allowed, 500 when several budgets cover the Pod."""
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    table = core.store.table("policy", "poddisruptionbudgets")
    budgets = [entry for entry in table.scan(namespace) if _covers(entry.obj, labels)]
    if not budgets:
        return
    if len(budgets) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise StatusError(500, "InternalError", text)
    entry = budgets[0]
    changed = spent(entry.obj, pod["metadata"]["name"], timestamp(core.clock.now()))
    if not dry_run:
        core.store.put(table, entry.key, changed, entry)


def _covers(budget: JsonObject, labels: JsonObject) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    return selector is not None and label_selector_of(selector).matches(labels)


def spent(budget: JsonObject, pod: str, time: str) -> JsonObject:
    """The budget after one more disruption. Raises StatusError 429."""
    name, status = budget["metadata"]["name"], budget.get("status") or {}
    if (status.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        text = f"The disruption budget {name} is still being processed by the server."
        raise _blocked(text, retry_after=10)
    allowed = status.get("disruptionsAllowed") or 0
    if allowed <= 0:
        needs, has = status.get("desiredHealthy") or 0, status.get("currentHealthy") or 0
        raise _blocked(f"The disruption budget {name} needs {needs} healthy pods and has {has} currently")
    disrupted = {**(status.get("disruptedPods") or {}), pod: time}
    metadata = dict(budget["metadata"])
    return {
        **budget,
        "metadata": metadata,
        "status": {**status, "disruptionsAllowed": allowed - 1, "disruptedPods": disrupted},
    }


def _blocked(detail: str, *, retry_after: int = 0) -> StatusError:
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    cause = Cause("", detail, "DisruptionBudget")
    return StatusError(429, "TooManyRequests", message, causes=[cause], retry_after=retry_after)
