"""A Rollout's details: revisions with their ReplicaSets and Pods, experiments, analyses, and what it waits for."""

from __future__ import annotations

from typing import Any, TypedDict

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.server import rollout_views
from argosy.server.api.endpoint import Asked, Endpoint
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import not_found


class RolloutDetails(TypedDict):
    """`info`: RolloutInfo of the peers' dashboard; `waiting` in words, empty where it waits for nothing."""

    waiting: str
    info: dict[str, Any]


def rollout_detail_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def details(asked: Asked) -> RolloutDetails:
        _permit(asked)
        return await _details(context, asked)

    async def watched(asked: Asked) -> Events:
        _permit(asked)
        cache = context.caches.cache(LISTED["rollouts"].resource)
        await cache.wait_synced()

        async def now() -> JsonObject:
            return dict(await _details(context, asked))

        return Events(context, asked.call, now, (cache,))

    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/rollouts/{namespace}/{name}/details",
            summary="A Rollout with all that it made",
            needs=needs,
            answers=RolloutDetails,
            answer=details,
        ),
        Endpoint(
            method="GET",
            path="/stream/rollouts/{namespace}/{name}/details",
            summary="A Rollout with all that it made, live",
            needs=needs,
            stream=watched,
        ),
    )


def _permit(asked: Asked) -> None:
    """Raises ApiError: what one may not see answers as what is not there."""
    resource, target = LISTED["rollouts"].resource, _target(asked)
    if not asked.call.may(RIGHTS, "get", target):
        raise not_found(f'{resource.qualified} "{asked.path["name"]}" not found')
    asked.call.permits[RIGHTS, "get", target] = None


def _target(asked: Asked) -> str:
    return target_of(LISTED["rollouts"].resource, asked.path["namespace"], asked.path["name"])


async def _details(context: ServerContext, asked: Asked) -> RolloutDetails:
    from argosy.apis.rollouts import Rollout
    from argosy.apis.schema import read
    from argosy.rollouts.status.waiting import waiting_for

    namespace, name = asked.path["namespace"], asked.path["name"]
    resource = LISTED["rollouts"].resource
    if resource not in (await context.client.served()).resources:
        raise not_found(f'{resource.qualified} "{name}" not found')
    found = await context.client.get(requests.Get(resource, Key(namespace, name)))
    objects = await rollout_views.made_in(context, namespace)
    return {"waiting": waiting_for(read(Rollout, found)), "info": rollout_views.view(found, objects)}
