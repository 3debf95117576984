"""The health of each object for a listing: judged from live objects, as controllers do not store it by default."""

from __future__ import annotations

import asyncio

from argosy.machinery.objects import GroupKind, JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

AT_ONCE = 16
"""Objects asked for at the same time."""


async def with_health(client: Client, app: JsonObject) -> JsonObject:
    """The Application with `health` in `status.resources` where it is absent and the object may be read."""
    status = app.get("status") or {}
    if not status.get("resources"):
        return app
    served = {resource.group_kind: resource for resource in reversed(await client.resources())}
    turns = asyncio.Semaphore(AT_ONCE)

    async def judged(item: JsonObject) -> JsonObject:
        resource = served.get(GroupKind(str(item.get("group") or ""), str(item.get("kind") or "")))
        if item.get("health") or item.get("hook") or resource is None:
            return item
        async with turns:
            health = await _health(client, resource, item)
        return {**item, "health": {"status": health}} if health else item

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(judged(item)) for item in status["resources"]]
    return {**app, "status": {**status, "resources": [one.result() for one in asked]}}


async def _health(client: Client, resource: Resource, item: JsonObject) -> str:
    """Empty for a kind without health, and for what the caller may not read."""
    # Imported late: the catalogue of kinds is large, and most commands never judge anything.
    from argosy.gitops.health import health_of

    try:
        found = health_of(await client.get(resource, str(item["name"]), str(item.get("namespace") or "")))
    except StatusError as error:
        return "Missing" if error.is_not_found else ""
    return found.status if found else ""
