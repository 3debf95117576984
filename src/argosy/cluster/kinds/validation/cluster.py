"""Events, leases, classes, nodes and certificate requests."""

from __future__ import annotations

from argosy.cluster.kinds.validation.causes import (
    forbidden,
    immutable,
    invalid,
    one_of_or_unset,
    required,
)
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_HIGHEST_USER_PRIORITY = 1_000_000_000
_SYSTEM_PRIORITIES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_NEW_EVENT_REQUIRED = ("reportingController", "reportingInstance", "action", "reason")


def check_event(obj: JsonObject) -> list[Cause]:
    """v1. An event about a cluster-scoped object is in the default namespace."""
    namespace = obj["metadata"].get("namespace") or ""
    about = (obj.get("involvedObject") or {}).get("namespace") or ""
    if about == namespace or (not about and namespace in ("default", "kube-system")):
        return []
    return [invalid("involvedObject.namespace", about, "does not match event.namespace")]


def check_new_event(obj: JsonObject) -> list[Cause]:
    """events.k8s.io/v1."""
    causes = [required("eventTime")] if not obj.get("eventTime") else []
    causes += [required(name) for name in _NEW_EVENT_REQUIRED if not obj.get(name)]
    if obj.get("type") not in ("Normal", "Warning"):
        causes.append(invalid("type", obj.get("type") or "", 'has invalid value: must be "Normal" or "Warning"'))
    namespace = obj["metadata"].get("namespace") or ""
    about = (obj.get("regarding") or {}).get("namespace") or ""
    if about != namespace and not (not about and namespace in ("default", "kube-system")):
        causes.append(invalid("regarding.namespace", about, "does not match event.namespace"))
    return causes


def check_lease(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes: list[Cause] = []
    if (seconds := spec.get("leaseDurationSeconds")) is not None and seconds <= 0:
        causes.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    if (count := spec.get("leaseTransitions")) is not None and count < 0:
        causes.append(invalid("spec.leaseTransitions", count, "must be greater than or equal to 0"))
    return causes  # an empty holder is how client-go releases a lease


def check_priority_class(obj: JsonObject) -> list[Cause]:
    name, value = obj["metadata"].get("name") or "", obj.get("value") or 0
    causes: list[Cause] = []
    if name.startswith("system-"):
        if _SYSTEM_PRIORITIES.get(name) != value:
            text = "priority class names with 'system-' prefix are reserved for system use only"
            causes.append(forbidden("metadata.name", text))
    elif value > _HIGHEST_USER_PRIORITY:
        limit = f"maximum allowed value of a user defined priority is {_HIGHEST_USER_PRIORITY}"
        causes.append(forbidden("value", limit))
    policies = ("Never", "PreemptLowerPriority")
    return causes + one_of_or_unset("preemptionPolicy", obj.get("preemptionPolicy"), policies)


def check_priority_class_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    causes = []
    if (obj.get("value") or 0) != (old.get("value") or 0):
        causes.append(forbidden("value", "may not be changed in an update."))
    return causes + immutable("preemptionPolicy", obj.get("preemptionPolicy"), old.get("preemptionPolicy"))


def check_runtime_class(obj: JsonObject) -> list[Cause]:
    return [] if obj.get("handler") else [required("handler")]


def check_runtime_class_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    return immutable("handler", obj.get("handler"), old.get("handler"))


def check_signing_request(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes: list[Cause] = []
    if not spec.get("usages"):
        causes.append(required("spec.usages", "usages are required"))
    if not spec.get("request"):
        causes.append(required("spec.request", "PEM block type must be CERTIFICATE REQUEST"))
    host, slash, path = (spec.get("signerName") or "").partition("/")
    if not host:
        causes.append(required("spec.signerName"))
    elif not slash or not path or "." not in host:
        text = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        causes.append(invalid("spec.signerName", spec["signerName"], text))
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < 600:
        causes.append(
            invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)")
        )
    return causes
