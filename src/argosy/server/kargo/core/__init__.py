"""Projects and their contents: Warehouses, Freight, Stages, Promotions, tasks."""

from __future__ import annotations

from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import Endpoint


def core_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    from argosy.server.kargo.core.approving import approving_endpoints
    from argosy.server.kargo.core.freight import freight_endpoints
    from argosy.server.kargo.core.links import link_endpoints
    from argosy.server.kargo.core.projects import project_endpoints
    from argosy.server.kargo.core.promoting import promoting_endpoints
    from argosy.server.kargo.core.promotions import promotion_endpoints
    from argosy.server.kargo.core.stages import stage_endpoints
    from argosy.server.kargo.core.tasks import task_endpoints
    from argosy.server.kargo.core.verification import verification_endpoints
    from argosy.server.kargo.core.warehouses import warehouse_endpoints

    return (
        *project_endpoints(),
        *warehouse_endpoints(context),
        *freight_endpoints(context),
        *approving_endpoints(context),
        *link_endpoints(context),
        *stage_endpoints(context),
        *verification_endpoints(context),
        *promotion_endpoints(context),
        *promoting_endpoints(context),
        *task_endpoints(),
    )
