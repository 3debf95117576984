"""A Rollout's details: revisions with their ReplicaSets and Pods, experiments, analyses, and what it waits for."""

from __future__ import annotations

from typing import Any, TypedDict

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Cache
from argosy.server import rollout_views
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import not_found


class Traffic(TypedDict):
    """The weights that one object of a traffic router has now for the new and the stable version, in percent."""

    kind: str
    name: str
    place: str
    canary: int
    stable: int


class RolloutDetails(TypedDict):
    """`info`: RolloutInfo as in the dashboard of Argo Rollouts; `waiting`: a sentence, or empty."""

    waiting: str
    info: dict[str, Any]
    traffic: list[Traffic]


def rollout_detail_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def details(request: ApiRequest) -> RolloutDetails:
        _permit(request)
        return await _details(context, request)

    async def watched(request: ApiRequest) -> Events:
        _permit(request)
        cache = context.caches.cache(LISTED["rollouts"].resource)
        await cache.wait_synced()

        async def now() -> JsonObject:
            return dict(await _details(context, request))

        routers = await _router_caches(context, cache.get(Key(request.path["namespace"], request.path["name"])))
        return Events(context, request.call, now, (cache, *routers.values()))

    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/rollouts/{namespace}/{name}/details",
            summary="A Rollout with the objects it owns",
            needs=needs,
            answers=RolloutDetails,
            answer=details,
        ),
        Endpoint(
            method="GET",
            path="/stream/rollouts/{namespace}/{name}/details",
            summary="A Rollout with the objects it owns, live",
            needs=needs,
            stream=watched,
        ),
    )


def _permit(request: ApiRequest) -> None:
    """Raises ApiError: what one may not see answers as what is not there."""
    resource, target = LISTED["rollouts"].resource, _target(request)
    if not request.call.may(RIGHTS, "get", target):
        raise not_found(f'{resource.qualified} "{request.path["name"]}" not found')
    request.call.permits[RIGHTS, "get", target] = None


def _target(request: ApiRequest) -> str:
    return target_of(LISTED["rollouts"].resource, request.path["namespace"], request.path["name"])


async def _details(context: ServerContext, request: ApiRequest) -> RolloutDetails:
    from argosy.apis.rollouts import Rollout
    from argosy.apis.schema import read
    from argosy.rollouts.status.waiting import waiting_for

    namespace, name = request.path["namespace"], request.path["name"]
    resource = LISTED["rollouts"].resource
    if resource not in (await context.client.served()).resources:
        raise not_found(f'{resource.qualified} "{name}" not found')
    found = await context.client.get(requests.Get(resource, Key(namespace, name)))
    objects = await rollout_views.made_in(context, namespace)
    return {
        "waiting": waiting_for(read(Rollout, found)),
        "info": rollout_views.view(found, objects),
        "traffic": await _traffic(context, found),
    }


async def _traffic(context: ServerContext, obj: JsonObject) -> list[Traffic]:
    from argosy.apis.rollouts import Rollout
    from argosy.apis.schema import read
    from argosy.promotion.preview.loaded import Loaded
    from argosy.rollouts.routers.needs import namespaces_of, objects_of
    from argosy.rollouts.routers.reported import reported

    rollout = read(Rollout, obj)
    caches = await _router_caches(context, obj)
    there = {
        resource: [one for namespace in namespaces_of(rollout) for one in cache.list(namespace)]
        for resource, cache in caches.items()
    }
    return [
        {"kind": one.kind, "name": one.name, "place": one.place, "canary": one.canary, "stable": one.stable}
        for one in reported(rollout, objects_of(Loaded(there), rollout))
    ]


async def _router_caches(context: ServerContext, obj: JsonObject | None) -> dict[Resource, Cache]:
    """Of the kinds that its traffic routers have, as far as they are served."""
    from argosy.apis.rollouts import Rollout
    from argosy.apis.schema import read
    from argosy.rollouts.routers.needs import resources_of

    if obj is None:
        return {}
    served = (await context.client.served()).resources
    found = {
        resource: context.caches.cache(resource) for resource in resources_of(read(Rollout, obj)) if resource in served
    }
    for cache in found.values():
        await cache.wait_synced()
    return found
