"""PromotionTasks and ClusterPromotionTasks: read only."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.promotion.kinds import CLUSTER_PROMOTION_TASKS, PROMOTION_TASKS
from argosy.server.kargo.core.simple import listing, reading
from argosy.server.kargo.endpoint import Endpoint

OWN = "/projects/{project}/promotion-tasks"
SHARED = "/shared/cluster-promotion-tasks"


def task_endpoints() -> tuple[Endpoint, ...]:
    name = "cluster-promotion-task"
    return (
        listing(OWN, PROMOTION_TASKS),
        reading(f"{OWN}/{{promotion-task}}", PROMOTION_TASKS, lambda request: request.key("promotion-task")),
        listing(SHARED, CLUSTER_PROMOTION_TASKS),
        reading(f"{SHARED}/{{{name}}}", CLUSTER_PROMOTION_TASKS, lambda request: Key("", request.path[name])),
    )
