"""The order of a build's output: as it came, or by kind as older versions print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.machinery.objects import JsonObject
from argosy.render.files import ToolError
from argosy.render.kustomize.resource import Resource

_FIRST = (
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
)
_LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def in_order(resources: Iterable[Resource], options: JsonObject) -> Sequence[Resource]:
    """`sortOptions` of the kustomization; `legacy` (the default) goes by kind, `fifo` keeps the order of appearance."""
    order = options.get("order") or "legacy"
    if order == "fifo":
        return list(resources)
    if order != "legacy":
        raise ToolError(f"sortOptions.order: {order!r} should be fifo or legacy")
    legacy = options.get("legacySortOptions") or {}
    first, last = legacy.get("orderFirst") or _FIRST, legacy.get("orderLast") or _LAST
    ranks = {kind: index - len(first) for index, kind in enumerate(first)}
    ranks.update({kind: index + 1 for index, kind in enumerate(last)})
    return sorted(resources, key=lambda resource: _sort_key(resource, ranks))


def _sort_key(resource: Resource, ranks: dict[str, int]) -> tuple[int, str, str, str, str, str]:
    """What is empty sorts last, as upstream writes it: `~`."""
    gvk, name, namespace = resource.current_id
    return ranks.get(gvk.kind, 0), gvk.group or "~", gvk.version, gvk.kind, namespace or "~", name
