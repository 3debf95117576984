"""kargo.akuity.io/v1alpha1: views of Kargo's resources. Their CRDs are the published ones.

A Stage's or a Promotion's rules walk over whole documents (steps, templates, collections), so `spec` and `status` stay
JSON; each view names the parts that every reader needs.
"""

from __future__ import annotations

from argosy.apis.kargo.configs import ClusterConfig, Project, ProjectConfig
from argosy.apis.kargo.delivery import Freight, Promotion, PromotionRequest, Stage, Warehouse
from argosy.apis.kargo.tasks import ClusterPromotionTask, PromotionTask

GROUP = "kargo.akuity.io"

__all__ = [
    "GROUP",
    "ClusterConfig",
    "ClusterPromotionTask",
    "Freight",
    "Project",
    "ProjectConfig",
    "Promotion",
    "PromotionRequest",
    "PromotionTask",
    "Stage",
    "Warehouse",
]
