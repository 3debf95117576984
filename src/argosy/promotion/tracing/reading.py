"""Reads a pipeline through a client, for callers without caches of it."""

from __future__ import annotations

from typing import TypeVar

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Resource, resource_of
from argosy.machinery.requests import List
from argosy.machinery.status import StatusError
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.runtime.client import Client

T = TypeVar("T")


async def read_pipeline(client: Client, project: str = "") -> Pipeline:
    """For one project, or all. Applications and Rollouts may be in any namespace. Raises StatusError."""
    return Pipeline(
        freight=await views(client, Freight, project),
        stages=await views(client, Stage, project),
        promotions=await views(client, Promotion, project),
        applications=await views(client, Application),
        rollouts=await views(client, Rollout),
    )


async def views(client: Client, kind: type[T], namespace: str = "") -> list[T]:
    """As `listed`. Raises StatusError."""
    return [read(kind, one) for one in await listed(client, resource_of(kind), namespace)]


async def listed(client: Client, kind: Resource, namespace: str = "") -> list[JsonObject]:
    """An empty list if the kind is not served. Raises StatusError."""
    try:
        page = await client.page(List(resource=kind, namespace=namespace))
    except StatusError as error:
        if error.is_not_found:
            return []
        raise
    return list(page.items)
