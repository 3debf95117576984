"""The resources that this room reads and writes, as values; `apis` has views of those that it reads."""

from __future__ import annotations

from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.kargo import (
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
from argosy.machinery.objects import Resource, resource_of

PROJECTS: Final = resource_of(Project)
PROJECT_CONFIGS: Final = resource_of(ProjectConfig)
CLUSTER_CONFIGS: Final = resource_of(ClusterConfig)
WAREHOUSES: Final = resource_of(Warehouse)
FREIGHT: Final = resource_of(Freight)
STAGES: Final = resource_of(Stage)
PROMOTIONS: Final = resource_of(Promotion)
PROMOTION_REQUESTS: Final = resource_of(PromotionRequest)
PROMOTION_TASKS: Final = resource_of(PromotionTask)
CLUSTER_PROMOTION_TASKS: Final = resource_of(ClusterPromotionTask)
APPLICATIONS: Final = resource_of(Application)

ROLLOUTS: Final = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
ANALYSIS_RUNS: Final = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
ANALYSIS_TEMPLATES: Final = Resource("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate")
CLUSTER_ANALYSIS_TEMPLATES: Final = Resource(
    "argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", namespaced=False
)
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
SERVICE_ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
ROLES: Final = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDINGS: Final = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES: Final = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS: Final = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
