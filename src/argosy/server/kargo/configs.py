"""ProjectConfigs and the ClusterConfig: get, watch, delete, refresh.

The command watches the ClusterConfig at an address that upstream does not serve; we do.
"""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import Key, Resource
from argosy.promotion.kinds import CLUSTER_CONFIGS, PROJECT_CONFIGS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core.simple import KeyOf, deleting, refreshing
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.shapes import plain
from argosy.server.kargo.watching import watch

OWN: Final = "/projects/{project}/config"
CLUSTER: Final = "/system/cluster-config"
WATCHED: Final = "/cluster-config"


def config_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    return (
        _shown(context, OWN, PROJECT_CONFIGS, _own),
        deleting(OWN, PROJECT_CONFIGS, _own),
        refreshing(context, f"{OWN}/refresh", PROJECT_CONFIGS, _own),
        _shown(context, CLUSTER, CLUSTER_CONFIGS, _cluster),
        _shown(context, WATCHED, CLUSTER_CONFIGS, _cluster),
        deleting(CLUSTER, CLUSTER_CONFIGS, _cluster),
        refreshing(context, f"{CLUSTER}/refresh", CLUSTER_CONFIGS, _cluster),
    )


def _own(request: ApiRequest) -> Key:
    return Key(request.project, request.project)


def _cluster(_: ApiRequest) -> Key:
    return Key("", "cluster")


def _shown(context: ServerContext, path: str, resource: Resource, key_of: KeyOf) -> Endpoint:
    async def one(request: ApiRequest) -> Reply | Stream:
        if request.flag("watch"):
            return await watch(request, context.client, resource, key_of(request))
        return Reply(plain(await request.objects.read(resource, key_of(request))))

    return Endpoint(method="GET", path=path, needs=within(resource.plural, "get"), answer=one)
