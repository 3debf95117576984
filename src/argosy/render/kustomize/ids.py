"""Identity of a resource while a kustomization processes it: its kind, its previous names, and what may select it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import re2

from argosy.machinery.objects import JsonObject, group_version
from argosy.render.files import ToolError

CLUSTER_SCOPED = frozenset(
    f"{group}/{kind}"
    for group, kinds in {
        "": ("ComponentStatus", "Namespace", "Node", "PersistentVolume"),
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ),
        "apiextensions.k8s.io": ("CustomResourceDefinition",),
        "apiregistration.k8s.io": ("APIService",),
        "authentication.k8s.io": ("SelfSubjectReview", "TokenReview"),
        "authorization.k8s.io": ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
        "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
        "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
        "networking.k8s.io": ("IPAddress", "IngressClass", "ServiceCIDR"),
        "node.k8s.io": ("RuntimeClass",),
        "policy": ("PodSecurityPolicy",),
        "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
        "resource.k8s.io": ("DeviceClass", "ResourceSlice"),
        "scheduling.k8s.io": ("PriorityClass",),
        "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
    }.items()
    for kind in kinds
)
"""Built-in kinds without a namespace; an unknown kind counts as namespaced."""


FIRST = (
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
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def ranks_of(first: Sequence[str], last: Sequence[str]) -> dict[str, int]:
    """The position of kinds in Kustomize's order; all others are at 0."""
    ranks = {kind: index - len(first) for index, kind in enumerate(first)}
    return {**ranks, **{kind: index + 1 for index, kind in enumerate(last)}}


_RANKS = ranks_of(FIRST, LAST)


class Gvk(NamedTuple):
    group: str = ""
    version: str = ""
    kind: str = ""

    def is_selected_by(self, selector: Gvk) -> bool:
        """Empty parts of a selector match anything."""
        return all(not want or want == have for want, have in zip(selector, self, strict=True))

    @property
    def sort_text(self) -> str:
        return "_".join((self.group or "~G", self.version or "~V", self.kind or "~K"))

    @property
    def sort_key(self) -> tuple[int, str]:
        return _RANKS.get(self.kind, 0), self.sort_text

    @property
    def is_cluster_scoped(self) -> bool:
        return f"{self.group}/{self.kind}" in CLUSTER_SCOPED


class ResourceId(NamedTuple):
    gvk: Gvk
    name: str
    namespace: str = ""

    @property
    def effective_namespace(self) -> str:
        """Cluster-scoped objects have none; an unset one is `default`."""
        return "" if self.gvk.is_cluster_scoped else self.namespace or "default"

    def equals(self, other: ResourceId) -> bool:
        return (
            self.gvk == other.gvk and self.name == other.name and self.effective_namespace == other.effective_namespace
        )

    def __str__(self) -> str:
        kind, version, group = self.gvk.kind or "[noKind]", self.gvk.version or "[noVer]", self.gvk.group or "[noGrp]"
        return f"{kind}.{version}.{group}/{self.name or '[noName]'}.{self.namespace or '[noNs]'}"


def gvk_of(obj: JsonObject) -> Gvk:
    group, version = group_version(str(obj.get("apiVersion") or ""))
    return Gvk(group, version, str(obj.get("kind") or ""))


class Pattern:
    """A regular expression that must match the whole text; empty matches anything."""

    def __init__(self, text: str, field: str) -> None:
        self.text = text
        try:
            self._compiled = re2.compile(f"^(?:{text})$") if text else None
        except re2.error as error:
            raise ToolError(f"{field}: {text!r} is not a regular expression: {error}") from None

    def matches(self, value: str) -> bool:
        return self._compiled is None or self._compiled.match(value) is not None
