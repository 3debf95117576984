"""The health of each object, computed from the live objects: controllers do not store it by default."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from argosy.machinery import requests
from argosy.machinery.objects import GroupKind, JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock, RealClock

if TYPE_CHECKING:
    from argosy.gitops.control_plane.customizations import Customizations
    from argosy.gitops.keys import ResourceKey

AT_ONCE = 16
"""Objects fetched concurrently."""

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


async def with_health(client: Client, app: JsonObject, clock: Clock | None = None) -> JsonObject:
    """The Application with `health` set in `status.resources` where it is missing and the object is readable.

    Custom health checks apply if the settings of the responsible control plane are readable. `clock`: the real clock.
    """
    listed = (app.get("status") or {}).get("resources")
    if not listed:
        return app
    served = {resource.group_kind: resource for resource in reversed((await client.served()).resources)}
    turns = asyncio.Semaphore(AT_ONCE)

    async def seen(item: JsonObject) -> JsonObject | str:
        """The live object, or a status for its absence."""
        resource = served.get(GroupKind(str(item.get("group") or ""), str(item.get("kind") or "")))
        if item.get("health") or item.get("hook") or resource is None:
            return ""
        async with turns:
            return await _live(client, resource, item)

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(seen(item)) for item in listed]
    namespace = str(app["status"].get("controllerNamespace") or "argocd")
    healths = await _judged(client, clock or RealClock(), namespace, [one.result() for one in asked])
    resources = [
        {**item, "health": {"status": health}} if health else item for item, health in zip(listed, healths, strict=True)
    ]
    return {**app, "status": {**app["status"], "resources": resources}}


async def judged_objects(client: Client, status: JsonObject, objects: list[JsonObject]) -> list[str]:
    """The health of live objects; empty for kinds without health."""
    namespace = str(status.get("controllerNamespace") or "argocd")
    return await _judged(client, RealClock(), namespace, list(objects))


async def _live(client: Client, resource: Resource, item: JsonObject) -> JsonObject | str:
    """Empty if the caller may not read it."""
    try:
        return await client.get(requests.Get(resource, Key(str(item.get("namespace") or ""), str(item["name"]))))
    except StatusError as error:
        return "Missing" if error.is_not_found else ""


async def _judged(client: Client, clock: Clock, namespace: str, found: list[JsonObject | str]) -> list[str]:
    """One health status per object; empty for kinds without health."""
    # Imported late: the catalogue of kinds is large, and most commands never compute health.
    from argosy.gitops.health.custom_checks import CustomChecks
    from argosy.gitops.keys import resource_key
    from argosy.render.lua.evaluator import LuaWorkers

    live: Mapping[ResourceKey, JsonObject] = {resource_key(obj): obj for obj in found if not isinstance(obj, str)}
    custom = await customizations(client, namespace)
    with ExitStack() as stack:
        lua = stack.enter_context(LuaWorkers(clock, size=1)) if custom.judges else None
        judge = (await CustomChecks(lua, clock).judge_for(live, custom, {})).judge
    statuses = []
    for one in found:
        health = None if isinstance(one, str) else judge(one)
        statuses.append(one if isinstance(one, str) else health.status if health else "")
    return statuses


async def customizations(client: Client, namespace: str) -> Customizations:
    from argosy.gitops.control_plane.customizations import customizations_of
    from argosy.gitops.control_plane.settings import CONFIG_MAP

    try:
        settings = await client.get(requests.Get(CONFIG_MAPS, Key(namespace, CONFIG_MAP)))
    except StatusError:
        settings = {}
    return customizations_of(settings.get("data") or {})
