"""The order in which objects are applied (spec 7.1)."""

from __future__ import annotations

import re

from argosy.gitops.keys import SYNC_WAVE, annotations_of
from argosy.machinery.objects import JsonObject

PHASES = ("PreSync", "Sync", "PostSync", "SyncFail")
KINDS = [
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
]
_WAVE = re.compile(r"[+-]?[0-9]{1,19}")
_WIDEST = 1 << 63
"""Numbers beyond 64 bits are not waves, and would not fit into a status."""
RANK = {kind: rank for rank, kind in enumerate(KINDS)}


def wave_of(obj: JsonObject) -> int:
    """The first valid annotation of the two; 0 if neither is."""
    annotations = annotations_of(obj)
    for name in (SYNC_WAVE, "helm.sh/hook-weight"):
        if name in annotations:
            text = str(annotations[name])
            found = int(text) if _WAVE.fullmatch(text) else 0
            return found if -_WIDEST <= found < _WIDEST else 0
    return 0


def kind_rank(kind: str) -> int:
    return RANK.get(kind, len(RANK))
