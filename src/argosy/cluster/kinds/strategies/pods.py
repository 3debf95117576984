"""Pods: the fields that creation sets, the fields that an update may change."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.strategies.limits import apply_limit_ranges
from argosy.cluster.kinds.validation import pods as pod_rules
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.text.go_text import quoted

_DEFAULT_ACCOUNT = "default"


class PodStrategy(BuiltinStrategy):
    has_generation = True
    is_graceful = True
    status_metadata = frozenset({"ownerReferences"})
    labels: ClassVar[LabelPaths] = {
        "spec.nodeName": ("spec", "nodeName"),
        "spec.restartPolicy": ("spec", "restartPolicy"),
        "spec.schedulerName": ("spec", "schedulerName"),
        "spec.serviceAccountName": ("spec", "serviceAccountName"),
        "status.phase": ("status", "phase"),
        "status.podIP": ("status", "podIP"),
        "status.nominatedNodeName": ("status", "nominatedNodeName"),
    }

    def field_labels(self, obj: JsonObject) -> dict[str, str]:
        labels = dict(super().field_labels(obj))
        labels["spec.hostNetwork"] = "true" if obj["spec"].get("hostNetwork") else "false"
        addresses = (obj.get("status") or {}).get("podIPs") or ()
        labels["status.podIPs"] = ",".join(address.get("ip", "") for address in addresses)
        return labels

    def field_label_names(self) -> frozenset[str]:
        return frozenset({*self.labels, "spec.hostNetwork", "status.podIPs"})

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        admit_pod(ctx, obj)
        obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}
        gates = obj["spec"].get("schedulingGates")
        if gates:
            text = "Scheduling is blocked due to non-empty scheduling gates"
            condition = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": text}
            obj["status"]["conditions"] = [condition]

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        super().prepare_update(ctx, obj, old)
        if ctx.subresource == "status":
            status = obj.setdefault("status", {})
            if not status.get("qosClass") and (found := (old.get("status") or {}).get("qosClass")):
                status["qosClass"] = found

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return pod_rules.check_pod_spec("spec", obj["spec"])

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return [] if ctx.subresource else pod_rules.check_pod_update(obj, old)


def admit_pod(ctx: WriteContext, obj: JsonObject) -> None:
    """The fields that admission adds to every Pod (kinds sheet 2.4): account, priority; not the token or tolerations.

    Raises StatusError 403 for a ServiceAccount or PriorityClass that does not exist.
    """
    spec = obj["spec"]
    account = spec["serviceAccountName"] = spec.get("serviceAccountName") or _DEFAULT_ACCOUNT
    spec["serviceAccount"] = account
    namespace = obj["metadata"].get("namespace") or ""
    # The default account is created along with its namespace: a Pod need not wait for it.
    if account != _DEFAULT_ACCOUNT and ctx.reader.get("", "serviceaccounts", namespace, account) is None:
        text = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise _forbidden(obj, text)
    _admit_priority(ctx, obj)
    apply_limit_ranges(obj, ctx.reader.list("", "limitranges", namespace))


def _admit_priority(ctx: WriteContext, obj: JsonObject) -> None:
    spec = obj["spec"]
    found: JsonObject = {}
    name = spec.get("priorityClassName")
    if name:
        known = ctx.reader.get("scheduling.k8s.io", "priorityclasses", "", name)
        if known is None:
            raise _forbidden(obj, f"no PriorityClass with name {name} was found")
        found = known
    else:
        classes = (
            item for item in ctx.reader.list("scheduling.k8s.io", "priorityclasses") if item.get("globalDefault")
        )
        found = min(classes, key=lambda item: item.get("value") or 0, default=found)
        if found:
            spec["priorityClassName"] = found["metadata"]["name"]
    spec["priority"] = found.get("value") or 0
    if spec.get("preemptionPolicy") is None:
        spec["preemptionPolicy"] = found.get("preemptionPolicy") or "PreemptLowerPriority"


def _forbidden(obj: JsonObject, text: str) -> StatusError:
    name = obj["metadata"].get("name") or ""
    return StatusError(403, "Forbidden", f"pods {quoted(name)} is forbidden: {text}", name=name, kind="pods")


def qos_class(spec: JsonObject) -> str:
    """Guaranteed, BestEffort or Burstable, from the cpu and memory of all containers."""
    every: list[tuple[JsonObject, JsonObject]] = []
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            resources = container.get("resources") or {}
            every.append((_compute(resources.get("requests")), _compute(resources.get("limits"))))
    if not any(requests or limits for requests, limits in every):
        return "BestEffort"
    if all(len(limits) == 2 and requests == limits for requests, limits in every):
        return "Guaranteed"
    return "Burstable"


def _compute(resources: JsonObject | None) -> JsonObject:
    return {name: value for name, value in (resources or {}).items() if name in ("cpu", "memory") and value != "0"}
