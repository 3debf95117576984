"""The families of vectors: where each is below DATA, what replays it, and how long that takes."""

from __future__ import annotations

from typing import NamedTuple

from .kargo import FAMILIES as KARGO


class Family(NamedTuple):
    place: str
    """Folder or file below DATA; the family is replayed where it is there."""
    module: str
    """Of this package, with the function's name behind a colon where that is not `run`."""
    seconds: float = 0
    """About how long it takes, where that is long: those begin first."""


FAMILIES = (
    Family("kubernetes/exchanges", "exchanges", 4),
    Family("kubernetes/roundtrip", "roundtrip"),
    Family("kubernetes/discovery", "discovery"),
    Family("kubernetes/types.json", "kubernetes_facts:types"),
    Family("kubernetes/printer-columns.json", "kubernetes_facts:printer_columns"),
    Family("kubernetes/rbac-bootstrap", "kubernetes_facts:rbac_bootstrap"),
    Family("crds", "definitions"),
    Family("argo-cd/health-builtin", "argocd_health_builtin"),
    Family("argo-cd/diff", "argocd_diff"),
    Family("kubernetes/client-requests.json", "client_requests"),
    Family("kubernetes/exchanges/workload-timelines.json", "workloads"),
    Family("kubernetes/behaviours.md", "behaviours", 8),
    Family("argo-cd/health", "argocd_health", 3),
    Family("argo-cd/actions", "argocd_actions"),
    Family("argo-cd/webhooks", "argocd_webhooks"),
    Family("argo-cd/grpc", "argocd_schema"),
    Family("sealed-secrets", "sealed_secrets", 5),
    Family("sealed-secrets/timelines", "sealed_secrets_timelines"),
    Family("sealed-secrets/manifests", "manifests:sealed_secrets"),
    Family("rollouts/vectors", "rollouts_analysis"),
    Family("rollouts/vectors", "rollouts"),
    Family("rollouts/vectors/rollout-reconcile.json", "rollouts_reconcile"),
    Family("rollouts/vectors/experiment-reconcile.json", "experiments_reconcile"),
    Family("rollouts/timelines", "rollouts_timelines", 50),
    Family("rollouts/timelines", "rollouts_takeovers", 30),
    Family("rollouts/manifests", "manifests:rollouts", 12),
    Family("rollouts/support-crds", "manifests:support_crds"),
    Family("rendering", "rendering"),
    Family("cert-manager", "certmanager", 20),
    Family("cert-manager/manifests", "manifests:cert_manager"),
    Family("argo-cd/api/rest", "argocd_api:rest", 300),
    Family("argo-cd/api/grpc-web", "argocd_api:grpc_web", 20),
    Family("argo-cd/api/cli", "argocd_api:cli", 200),
    Family("kargo/expressions.yaml", "kargo_expressions"),
    *(Family(*one) for one in KARGO),
)
"""In the order in which they are told."""
