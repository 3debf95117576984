"""Reads a pipeline through a client, for those who hold no caches of it."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import List
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import APPLICATIONS, FREIGHT, PROMOTIONS, ROLLOUTS, STAGES
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.runtime.client import Client


async def read_pipeline(client: Client, project: str = "") -> Pipeline:
    """Of one project, or of all. Applications and Rollouts may be anywhere. Raises StatusError."""
    return Pipeline(
        freight=await listed(client, FREIGHT, project),
        stages=await listed(client, STAGES, project),
        promotions=await listed(client, PROMOTIONS, project),
        applications=await listed(client, APPLICATIONS),
        rollouts=await listed(client, ROLLOUTS),
    )


async def listed(client: Client, kind: Resource, namespace: str = "") -> list[JsonObject]:
    """Nothing where the kind is not served. Raises StatusError."""
    try:
        page = await client.page(List(resource=kind, namespace=namespace))
    except StatusError as error:
        if error.is_not_found:
            return []
        raise
    return list(page.items)
