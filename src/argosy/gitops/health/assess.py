"""Which rule judges which kind, and what a rule that fails means (spec/argo-cd-engine-2.md 9.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argosy.gitops.health import cluster_kinds, delivery, workloads
from argosy.gitops.health.verdict import Health, progressing, unknown
from argosy.gitops.keys import HOOK_FINALIZER
from argosy.machinery.objects import JsonObject, group_version

Check = Callable[[JsonObject], Health]

_VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "apps": ("v1",),
    "": ("v1",),
    "batch": ("v1",),
    "autoscaling": ("v1", "v2"),
    "apiregistration.k8s.io": ("v1", "v1beta1"),
}
"""Versions that a built-in check reads; another one is an error. Groups that are not named take any version."""

TABLE: Final[Mapping[tuple[str, str], Check]] = {
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): workloads.cron_job,
    ("", "Pod"): workloads.pod,
    ("", "Service"): cluster_kinds.service,
    ("", "PersistentVolumeClaim"): cluster_kinds.persistent_volume_claim,
    ("networking.k8s.io", "Ingress"): cluster_kinds.ingress,
    ("extensions", "Ingress"): cluster_kinds.ingress,
    ("autoscaling", "HorizontalPodAutoscaler"): cluster_kinds.horizontal_pod_autoscaler,
    ("apiregistration.k8s.io", "APIService"): cluster_kinds.api_service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): cluster_kinds.custom_resource_definition,
    ("policy", "PodDisruptionBudget"): cluster_kinds.pod_disruption_budget,
    ("argoproj.io", "Workflow"): delivery.workflow,
    ("argoproj.io", "CronWorkflow"): delivery.cron_workflow,
    ("argoproj.io", "Rollout"): delivery.rollout,
    ("argoproj.io", "AnalysisRun"): delivery.analysis_run,
    ("argoproj.io", "Experiment"): delivery.experiment,
    ("argoproj.io", "ApplicationSet"): delivery.application_set,
    ("cert-manager.io", "Certificate"): delivery.certificate,
    ("cert-manager.io", "Issuer"): delivery.issuer,
    ("cert-manager.io", "ClusterIssuer"): delivery.issuer,
    ("bitnami.com", "SealedSecret"): delivery.sealed_secret,
}


def assess(obj: JsonObject) -> Health | None:
    """The object's health; None for a kind that has none, which then does not count. Never raises."""
    metadata = obj.get("metadata") or {}
    if metadata.get("deletionTimestamp") and HOOK_FINALIZER not in (metadata.get("finalizers") or ()):
        return progressing("Pending deletion")
    return judge(obj)


def judge(obj: JsonObject) -> Health | None:
    """By the kind's own rule alone, whether the object is being deleted or not."""
    group, version = group_version(str(obj.get("apiVersion") or ""))
    kind = str(obj.get("kind") or "")
    check = TABLE.get((group, kind))
    if check is None:
        return None
    if (group, kind) not in _ANY_VERSION and version not in _VERSIONS.get(group, (version,)):
        return unknown(f"unsupported {kind} GVK: {group}/{version}, Kind={kind}")
    try:
        return check(obj)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        # A lax client stored something of the wrong type; the object is at fault, not the pass (security rule 16).
        return unknown(f"failed to read {kind}: {type(error).__name__}: {error}")


_ANY_VERSION: Final = frozenset({("batch", "CronJob")})
