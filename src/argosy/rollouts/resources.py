"""The resources that this room uses without a view of its own, and the labels and annotations it uses."""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import Resource

ANALYSIS_RUNS: Final = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
ANALYSIS_TEMPLATES: Final = Resource("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate")
CLUSTER_TEMPLATES: Final = Resource(
    "argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", namespaced=False
)
PODS: Final = Resource("", "v1", "pods", "Pod")
INGRESSES: Final = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")

HASH_LABEL: Final = "rollouts-pod-template-hash"
SCALE_DOWN_DEADLINE: Final = "scale-down-deadline"
MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"
INSTANCE_ID: Final = "argo-rollouts.argoproj.io/controller-instance-id"
REVISION: Final = "rollout.argoproj.io/revision"
REVISION_HISTORY: Final = "rollout.argoproj.io/revision-history"
DESIRED_REPLICAS: Final = "rollout.argoproj.io/desired-replicas"
WORKLOAD_GENERATION: Final = "rollout.argoproj.io/workload-generation"
EXPERIMENT_NAME: Final = "experiment.argoproj.io/name"
TEMPLATE_NAME: Final = "experiment.argoproj.io/template-name"
RUN_TYPE: Final = "rollout-type"
STEP_INDEX: Final = "step-index"
NOTIFIED: Final = "notified.notifications.argoproj.io"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
WAITING: Final = "argosy.dev/waiting"
"""On a Rollout: one line that says what it waits for, and until when."""
