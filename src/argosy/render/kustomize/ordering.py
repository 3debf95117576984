"""The order of a build's output: as it came, or by kind as older versions print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.render.files import ToolError
from argosy.render.kustomize.model import Kustomization
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


def in_order(resources: Iterable[Resource], kustomization: Kustomization, reorder: str) -> Sequence[Resource]:
    """By `sortOptions` of the kustomization, else as the command line says: `legacy`, the default, goes by kind."""
    options = kustomization.mapping("sortOptions")
    order = options.get("order") or "" if kustomization.has("sortOptions") else reorder or "legacy"
    legacy = options.get("legacySortOptions")
    if order in ("fifo", "none"):
        if legacy is not None:
            raise ToolError(
                f"{kustomization.where}: the field 'sortOptions.legacySortOptions' is set but the selected sort order"
                f" is {order!r}, not 'legacy'"
            )
        return list(resources)
    if order != "legacy":
        raise ToolError(
            f"{kustomization.where}: the field 'sortOptions.order' must be one of [fifo, legacy], not {order!r}"
        )
    first, last = (_FIRST, _LAST) if legacy is None else (legacy.get("orderFirst") or (), legacy.get("orderLast") or ())
    ranks = {kind: index - len(first) for index, kind in enumerate(first)}
    ranks.update({kind: index + 1 for index, kind in enumerate(last)})
    return sorted(resources, key=lambda resource: _sort_key(resource, ranks))


def _sort_key(resource: Resource, ranks: dict[str, int]) -> tuple[int, str, str]:
    """As the texts that Kustomize compares: what is empty is `~`, so last; `|` after a namespace comes after `-`."""
    gvk, name, namespace = resource.current_id
    kind = "_".join((gvk.group or "~G", gvk.version or "~V", gvk.kind or "~K"))
    return ranks.get(gvk.kind, 0), kind, f"{namespace or '~X'}|{name or '~N'}"
