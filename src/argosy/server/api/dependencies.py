"""What an object needs, and what needs it, across all capabilities: before removing it, or to see why it waits.

Searches Applications and the kinds of the lists. Objects that the caller may not see are only counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypedDict

from argosy.machinery.objects import JsonObject, group_version
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import AT_ONCE, LISTED, RIGHTS, Objects, target_of
from argosy.server.api.references import Reference, references
from argosy.server.calls import Call, within
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.errors import not_found
from argosy.server.services.applications.access import RESOURCE, is_enabled, target_of_app

CORE = "core"
"""In a path, for the core group; `-` stands for no namespace."""


class Dependency(TypedDict):
    """`why`: what is needed is to the dependent object: its `project`, its `upstream stage`, its `issuer`."""

    group: str
    kind: str
    namespace: str
    name: str
    why: str


class Dependencies(TypedDict):
    """`hidden`: the number of further dependents that the caller may not see."""

    needs: list[Dependency]
    neededBy: list[Dependency]
    hidden: int


def dependency_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    objects = Objects(context)

    async def dependencies(request: ApiRequest) -> Dependencies:
        path = request.path
        group = "" if path["group"] == CORE else path["group"]
        wanted = (group, path["kind"], "" if path["namespace"] == "-" else path["namespace"], path["name"])
        request.call.checked = True
        needs: list[Dependency] = []
        needed: list[Dependency] = []
        hidden, seen = 0, False
        async for obj in _all(context, objects):
            mine = _is(obj, wanted)
            found = references(obj) if mine else [one for one in references(obj) if one[:4] == wanted]
            if not mine and not found:
                continue
            visible = may_see(context, request.call, obj)
            if mine and visible:
                seen = True
                needs = [_shown(one) for one in found]
            elif not mine and visible:
                needed += [_of(obj, one) for one in found]
            elif not mine:
                hidden += 1
        if not seen and not needed:
            # An object without visible dependents has the same answer as one that does not exist.
            raise not_found(f"{path['kind']} {path['name']!r} not found, or nothing that you may see needs it")
        needed.sort(key=lambda one: (one["kind"], one["namespace"], one["name"]))
        return {"needs": needs, "neededBy": needed, "hidden": hidden if seen else 0}

    return (
        Endpoint(
            method="GET",
            path="/dependencies/{group}/{kind}/{namespace}/{name}",
            summary="What an object depends on, and what depends on it (`core`: the core group, `-`: no namespace)",
            needs=within(RIGHTS, "get"),
            answers=Dependencies,
            answer=dependencies,
        ),
    )


async def _all(context: ServerContext, objects: Objects) -> AsyncIterator[JsonObject]:
    """Yields to other tasks, since there may be many."""
    at = 0
    for app in context.gitops.plane.applications.list():
        if (at := at + 1) % AT_ONCE == 0:
            await context.clock.sleep(0)
        yield {"apiVersion": APPLICATIONS.api_version, "kind": APPLICATIONS.kind, **app}
    for listed in LISTED.values():
        cache = await objects.cache(listed)
        for obj in cache.list() if cache is not None else ():
            if (at := at + 1) % AT_ONCE == 0:
                await context.clock.sleep(0)
            yield obj


def may_see(context: ServerContext, call: Call, obj: JsonObject) -> bool:
    metadata = obj["metadata"]
    if obj["kind"] == APPLICATIONS.kind:
        return is_enabled(context, metadata["namespace"]) and call.may(RESOURCE, "get", target_of_app(context, obj))
    resource = next(one.resource for one in LISTED.values() if one.resource.kind == obj["kind"])
    return call.may(RIGHTS, "get", target_of(resource, metadata.get("namespace") or "", metadata["name"]))


def _is(obj: JsonObject, wanted: tuple[str, str, str, str]) -> bool:
    metadata, group = obj["metadata"], group_version(obj["apiVersion"])[0]
    return (group, obj["kind"], metadata.get("namespace") or "", metadata["name"]) == wanted


def _shown(reference: Reference) -> Dependency:
    return {
        "group": reference.group,
        "kind": reference.kind,
        "namespace": reference.namespace,
        "name": reference.name,
        "why": reference.why,
    }


def _of(obj: JsonObject, reference: Reference) -> Dependency:
    metadata = obj["metadata"]
    return {
        "group": group_version(obj["apiVersion"])[0],
        "kind": obj["kind"],
        "namespace": str(metadata.get("namespace") or ""),
        "name": metadata["name"],
        "why": reference.why,
    }
