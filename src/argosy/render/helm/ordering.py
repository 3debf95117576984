"""The order in which `helm template` prints: like Helm's installation order, kind by kind, with hooks last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject

HOOK: Final = "helm.sh/hook"
TEST_HOOKS: Final = frozenset({"test", "test-success"})
HOOKS: Final = TEST_HOOKS | {
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "delete", "upgrade", "rollback")
}

_INSTALL: Final = (
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_RANKS: Final = {kind: index for index, kind in enumerate(_INSTALL)}


@dataclass(frozen=True, slots=True)
class Template:
    """One document of a template's output: its text, and the objects in it (more than one only after `...`)."""

    path: str
    text: str
    documents: list[JsonObject]

    @property
    def kind(self) -> str:
        return str(self.documents[0]["kind"])

    @property
    def hooks(self) -> tuple[str, ...] | None:
        """None if it is not a hook."""
        metadata = self.documents[0].get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        found = annotations.get(HOOK) if isinstance(annotations, dict) else None
        return None if found is None else tuple(word.strip().lower() for word in str(found).split(","))


def in_install_order(
    templates: Iterable[Template], *, without_hooks: bool = False, without_tests: bool = False
) -> list[Template]:
    """Filters the templates' output; a hook that Helm does not know is dropped."""
    plain: list[Template] = []
    hooks: list[Template] = []
    for template in templates:
        names = template.hooks
        if names is None:
            plain.append(template)
        elif not without_hooks and HOOKS.issuperset(names) and not (without_tests and TEST_HOOKS.intersection(names)):
            hooks.append(template)
    return [*sorted(plain, key=_rank), *sorted(hooks, key=_rank)]


def _rank(template: Template) -> tuple[int, str]:
    """Kinds that Helm does not know come last, by name."""
    rank = _RANKS.get(template.kind)
    return (len(_RANKS), template.kind) if rank is None else (rank, "")
