"""kargo.akuity.io/v1alpha1: views of Kargo's resources. Their CRDs are the published ones, and name the same fields."""

from __future__ import annotations

from argosy.apis.kargo.configs import ClusterConfig, Project, ProjectConfig
from argosy.apis.kargo.freight import Freight
from argosy.apis.kargo.promotion import Promotion, PromotionRequest
from argosy.apis.kargo.stage import Stage
from argosy.apis.kargo.tasks import ClusterPromotionTask, PromotionTask
from argosy.apis.kargo.warehouse import Warehouse

GROUP = "kargo.akuity.io"

RESOURCES: tuple[type, ...] = (
    ClusterConfig,
    ClusterPromotionTask,
    Freight,
    Project,
    ProjectConfig,
    Promotion,
    PromotionRequest,
    PromotionTask,
    Stage,
    Warehouse,
)

__all__ = [
    "GROUP",
    "RESOURCES",
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
