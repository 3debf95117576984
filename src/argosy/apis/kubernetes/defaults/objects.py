"""Defaults of the kinds with data or rights: Secret, Node, LimitRange, role bindings, PriorityClass, tokens."""

from __future__ import annotations

from base64 import b64encode

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, items, struct
from argosy.machinery.objects import JsonObject

RBAC_GROUP = "rbac.authorization.k8s.io"


def default_secret(obj: JsonObject) -> None:
    """`stringData` is write-only: it wins over `data` and is removed before anything is compared or owned."""
    plain = obj.pop("stringData", None)
    if plain:
        encoded = {key: b64encode(value.encode()).decode() for key, value in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}
    fill_empty(obj, {"type": "Opaque"})


def default_node(obj: JsonObject) -> None:
    """Allocatable is the capacity unless set."""
    status = obj.get("status")
    if status and status.get("capacity"):
        fill_empty(status, {"allocatable": dict(status["capacity"])})


def default_limit_range(obj: JsonObject) -> None:
    """Container limits default to each other: default from max, defaultRequest from default, else from min."""
    for limit in items(obj.get("spec") or {}, "limits"):
        if limit.get("type") != "Container":
            continue
        for target, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
            for resource, value in (limit.get(source) or {}).items():
                struct(limit, target).setdefault(resource, value)


def default_role_binding(obj: JsonObject) -> None:
    fill_empty(struct(obj, "roleRef"), {"apiGroup": RBAC_GROUP})
    for subject in items(obj, "subjects"):
        if subject.get("kind") in ("User", "Group"):
            fill_empty(subject, {"apiGroup": RBAC_GROUP})


def default_priority_class(obj: JsonObject) -> None:
    fill(obj, {"preemptionPolicy": "PreemptLowerPriority"})


def default_token_request(obj: JsonObject) -> None:
    fill(struct(obj, "spec"), {"expirationSeconds": 3600})
