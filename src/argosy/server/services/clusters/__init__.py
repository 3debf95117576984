"""cluster.ClusterService: the clusters that Applications may deploy to."""

from __future__ import annotations

from argosy.server.calls import Route, within
from argosy.server.context import ServerContext
from argosy.server.services.clusters.clusters import Clusters

SERVICE = "cluster.ClusterService"


def cluster_routes(context: ServerContext) -> dict[str, Route]:
    service = Clusters(context)
    get, create, update, delete = (
        within("clusters", action, mutates=action != "get") for action in ("get", "create", "update", "delete")
    )
    return {
        f"{SERVICE}/List": Route(needs=get, unary=service.list_all),
        f"{SERVICE}/Get": Route(needs=get, unary=service.get),
        f"{SERVICE}/Create": Route(needs=create, unary=service.create),
        f"{SERVICE}/Update": Route(needs=update, unary=service.update),
        f"{SERVICE}/Delete": Route(needs=delete, unary=service.delete),
        f"{SERVICE}/RotateAuth": Route(needs=update, unary=service.rotate),
        f"{SERVICE}/InvalidateCache": Route(needs=update, unary=service.invalidate),
    }
