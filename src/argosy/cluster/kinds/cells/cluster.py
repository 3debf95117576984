"""Rows of namespaces, nodes, events, rights, classes, certificates and admission objects."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kinds.cells.plain import NONE, UNKNOWN, UNSET, age, age_since, human_duration
from argosy.machinery.objects import JsonObject, JsonValue

_ROLE_LABEL = "node-role.kubernetes.io/"
_OLD_ROLE_LABEL = "kubernetes.io/role"


def _name(obj: JsonObject) -> JsonValue:
    return obj["metadata"].get("name", "")


def name_and_age(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), age(obj, now)]


def namespace_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), (obj.get("status") or {}).get("phase", ""), age(obj, now)]


def config_map_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age(obj, now)]


def secret_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), obj.get("type", ""), len(obj.get("data") or ()), age(obj, now)]


def lease_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), (obj.get("spec") or {}).get("holderIdentity") or "", age(obj, now)]


def node_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    status = obj.get("status") or {}
    info = status.get("nodeInfo") or {}
    addresses = {item.get("type"): item.get("address") for item in reversed(status.get("addresses") or ())}
    system = [info.get(name) or UNKNOWN for name in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    return [
        _name(obj),
        _node_status(obj, status),
        _node_roles(obj["metadata"].get("labels") or {}),
        age(obj, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP") or NONE,
        addresses.get("ExternalIP") or NONE,
        *system,
    ]


def _node_status(obj: JsonObject, status: JsonObject) -> str:
    ready = next((item for item in status.get("conditions") or () if item.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"]
    if (obj.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(labels: JsonObject) -> str:
    roles = {key.removeprefix(_ROLE_LABEL) for key in labels if key.startswith(_ROLE_LABEL)}
    roles.add(labels.get(_OLD_ROLE_LABEL) or "")
    return ",".join(sorted(roles - {""})) or NONE


def event_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    """The stored v1 form."""
    subject, source, series = obj.get("involvedObject") or {}, obj.get("source") or {}, obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return [
        age_since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{subject.get('kind', '').lower()}/{subject.get('name', '')}" if subject.get("name") else "",
        subject.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or "").strip(),
        age_since(first, now),
        series.get("count") or obj.get("count") or 1,
        _name(obj),
    ]


def role_binding_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    role = obj.get("roleRef") or {}
    subjects = obj.get("subjects") or ()
    named = [", ".join(item["name"] for item in subjects if item.get("kind") == kind) for kind in ("User", "Group")]
    accounts = (item for item in subjects if item.get("kind") == "ServiceAccount")
    spelled = ", ".join(f"{item.get('namespace', '')}/{item['name']}" for item in accounts)
    return [_name(obj), f"{role.get('kind')}/{role.get('name')}", age(obj, now), *named, spelled]


def resource_quota_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    status = obj.get("status") or {}
    used = status.get("used") or {}
    texts = {name: f"{name}: {used.get(name, '0')}/{hard}" for name, hard in sorted((status.get("hard") or {}).items())}
    limits = ", ".join(text for name, text in texts.items() if name.startswith("limits."))
    requests = ", ".join(text for name, text in texts.items() if not name.startswith("limits."))
    return [_name(obj), requests, limits, age(obj, now)]


def priority_class_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    preemption = obj.get("preemptionPolicy") or ""
    return [_name(obj), obj.get("value") or 0, bool(obj.get("globalDefault")), age(obj, now), preemption]


def runtime_class_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), obj.get("handler", ""), age(obj, now)]


def signing_request_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    seconds = spec.get("expirationSeconds")
    duration = NONE if seconds is None else human_duration(seconds)
    return [
        _name(obj),
        age(obj, now),
        spec.get("signerName") or NONE,
        spec.get("username", ""),
        duration,
        _signing_condition(obj.get("status") or {}),
    ]


def _signing_condition(status: JsonObject) -> str:
    types = {item.get("type") for item in status.get("conditions") or ()}
    words = ["Denied"] if "Denied" in types else ["Approved"] if "Approved" in types else ["Pending"]
    if "Failed" in types:
        words.append("Failed")
    if status.get("certificate"):
        words.append("Issued")
    return ",".join(words)


def webhooks_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    return [_name(obj), len(obj.get("webhooks") or ()), age(obj, now)]


def policy_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    parameter = spec.get("paramKind")
    text = f"{parameter.get('apiVersion', '')}/{parameter.get('kind', '')}" if parameter else UNSET
    count = len(spec.get("validations") or spec.get("mutations") or ())
    return [_name(obj), count, text, age(obj, now)]


def policy_binding_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    reference = spec.get("paramRef")
    text = UNSET
    if reference:
        text = (
            f"{reference['namespace']}/{reference.get('name', '')}"
            if reference.get("namespace")
            else f"*/{reference.get('name', '')}"
        )
    return [_name(obj), spec.get("policyName", ""), text, age(obj, now)]


def api_service_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    service = (obj.get("spec") or {}).get("service")
    where = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    conditions = (obj.get("status") or {}).get("conditions") or ()
    available = next((item for item in conditions if item.get("type") == "Available"), None)
    text = "Unknown"
    if available is not None:
        text = available.get("status", "")
        if text != "True" and available.get("reason"):
            text = f"{text} ({available['reason']})"
    return [_name(obj), where, text, age(obj, now)]


def flow_schema_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    distinguisher = (spec.get("distinguisherMethod") or {}).get("type") or NONE
    conditions = (obj.get("status") or {}).get("conditions") or ()
    dangling = next((item.get("status") for item in conditions if item.get("type") == "Dangling"), "?")
    level = (spec.get("priorityLevelConfiguration") or {}).get("name", "")
    return [_name(obj), level, spec.get("matchingPrecedence") or 0, distinguisher, age(obj, now), dangling]


def priority_level_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    spec = obj.get("spec") or {}
    limited = spec.get("limited")
    shares = (limited or spec.get("exempt") or {}).get("nominalConcurrencyShares")
    queuing = ((limited or {}).get("limitResponse") or {}).get("queuing") or {}
    queues = [queuing.get(name) if queuing else NONE for name in ("queues", "handSize", "queueLengthLimit")]
    return [_name(obj), spec.get("type", ""), NONE if shares is None else shares, *queues, age(obj, now)]


def component_status_cells(obj: JsonObject, now: datetime) -> list[JsonValue]:
    healthy: JsonObject = next((item for item in obj.get("conditions") or () if item.get("type") == "Healthy"), {})
    word = {"True": "Healthy", "False": "Unhealthy"}.get(healthy.get("status", ""), "Unknown")
    return [_name(obj), word, healthy.get("message", ""), healthy.get("error", "")]
