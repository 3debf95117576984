"""Loads objects into the sandbox in dependency order, with the status from which controllers continue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource, group_version, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

MANAGER: Final = "argosy-rehearsal"
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
ORDER: Final = (
    "CustomResourceDefinition", "Namespace", "ClusterConfig", "Project", "Secret", "ConfigMap", "ServiceAccount",
    "AppProject", "ProjectConfig", "ClusterIssuer", "Issuer", "ClusterAnalysisTemplate", "AnalysisTemplate",
    "ClusterPromotionTask", "PromotionTask", "Warehouse", "Freight", "", "Application", "ApplicationSet", "Stage",
)  # fmt: skip
"""Rank by kind; "" is every other kind. Freight comes after its Warehouse, which admission requires, and before the
Stages that look for it."""
HELD: Final = {"freightCreationPolicy": "Manual"}
"""Keeps a Warehouse from creating Freight before its present Freight, with its names and history, is loaded."""
PASSES: Final = 10
SETTLING: Final = 5.0
"""Virtual seconds between two passes."""
Kept = Callable[[JsonObject], JsonObject | None]


async def load(client: Client, clock: Clock, objects: Iterable[JsonObject]) -> list[str]:
    """Returns a sentence for each object that could not be loaded, with the reason."""
    objects = list(objects)
    waiting = sorted((one for one in objects if not _is_generated(one)), key=_rank)
    await _make_namespaces(client, waiting)
    projects = [one for one in waiting if one["kind"] == "Project"]
    waiting = [one for one in waiting if one["kind"] != "Project"]
    unloaded = [problem for one in projects if (problem := await _loaded(client, clock, one))]
    await _await_namespaces(client, clock, {str(one["metadata"]["name"]) for one in projects})
    problems: dict[int, str] = {}
    for turn in range(PASSES):
        left = []
        for obj in waiting:
            if problem := await _loaded(client, clock, obj):
                problems[id(obj)] = problem
                left.append(obj)
        stuck = turn > 0 and len(left) == len(waiting)
        waiting = left
        if stuck or not waiting:
            break
        await clock.sleep(SETTLING)
    unloaded += [problems[id(obj)] for obj in waiting]
    return unloaded + await _release(client, [one for one in objects if one["kind"] == "Warehouse"])


async def _release(client: Client, warehouses: list[JsonObject]) -> list[str]:
    """Gives each held Warehouse its own policy; a Warehouse that could not be loaded is reported already."""
    problems = []
    for obj in warehouses:
        resource = await _resource(client, obj)
        if resource is None:
            continue
        try:
            held = await client.get(requests.Get(resource, key_of(obj)))
            policy = obj["spec"].get("freightCreationPolicy") or "Automatic"
            patch = {"spec": {"freightCreationPolicy": policy}}
            await client.write(requests.merge(resource, held, patch, exact=False, manager=MANAGER))
        except StatusError as error:
            if not error.is_not_found:
                problems.append(f"{_named(obj)}: {error.message}")
    return problems


async def _loaded(client: Client, clock: Clock, obj: JsonObject) -> str:
    """The reason why an object cannot be loaded; empty on success."""
    resource = await _resource(client, obj)
    if resource is None:
        return f"{_named(obj)}: {obj['apiVersion']} {obj['kind']} is served by no definition: add it"
    try:
        made = await client.write(requests.create(resource, _loadable(obj), manager=MANAGER))
        if obj["kind"] == "Freight":
            await clock.sleep(1)  # creation times, which order Freight, have a resolution of one second
        await _with_status(client, resource, made, obj)
    except StatusError as error:
        if not error.is_already_exists:
            return f"{_named(obj)}: {error.message}"
        return await _applied(client, resource, obj)
    return ""


async def _applied(client: Client, resource: Resource, obj: JsonObject) -> str:
    """Replaces an object that exists already, such as the default AppProject."""
    try:
        made = await client.write(requests.apply(resource, _loadable(obj), manager=MANAGER, force=True))
        await _with_status(client, resource, made, obj)
    except StatusError as error:
        return f"{_named(obj)}: {error.message}"
    return ""


async def _with_status(client: Client, resource: Resource, made: JsonObject, obj: JsonObject) -> None:
    kept = KEPT.get(obj["kind"])
    status = kept(obj.get("status") or {}) if kept is not None else None
    if not status:
        return
    whole = obj["kind"] == "Application"  # the only kind without a status subresource
    await client.write(
        requests.merge(resource, made, {"status": status}, subresource="" if whole else "status", exact=False)
    )


def _of_application(status: JsonObject) -> JsonObject | None:
    """The deployment history, and the last operation if it has finished."""
    last = status.get("operationState") or {}
    ended = last if last.get("phase") in ("Succeeded", "Failed", "Error") else None
    found = {"history": status.get("history"), **({"operationState": ended} if ended else {})}
    return found if found["history"] or ended else None


def _of_stage(status: JsonObject) -> JsonObject | None:
    """Drops the parts of a status that describe running work."""
    names = ("freightHistory", "lastPromotion", "freightSummary", "autoPromotionEnabled", "autoPromotionHolds")
    return {name: status[name] for name in names if status.get(name)}


def _unchanged(status: JsonObject) -> JsonObject | None:
    return {name: value for name, value in status.items() if name not in ("conditions", "observedGeneration")}


KEPT: Final[Mapping[str, Kept]] = {
    "Application": _of_application, "Stage": _of_stage, "Freight": _unchanged, "Warehouse": _unchanged,
}  # fmt: skip


def cleaned(obj: JsonObject) -> JsonObject:
    """Drops the status and the metadata that a server sets."""
    metadata = obj.get("metadata") or {}
    kept = ("name", "namespace", "labels", "annotations", "finalizers")
    made: dict[str, Any] = {name: metadata[name] for name in kept if metadata.get(name)}
    return {**{name: value for name, value in obj.items() if name not in ("status", "operation")}, "metadata": made}


def _loadable(obj: JsonObject) -> JsonObject:
    found = cleaned(obj)
    return {**found, "spec": {**(found.get("spec") or {}), **HELD}} if obj["kind"] == "Warehouse" else found


async def _make_namespaces(client: Client, objects: list[JsonObject]) -> None:
    """Namespaces that objects name and no Project creates."""
    brought = {str(one["metadata"]["name"]) for one in objects if one["kind"] in ("Project", "Namespace")}
    wanted = {str(one["metadata"].get("namespace") or "") for one in objects} - brought - {""}
    for name in sorted(wanted):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        try:
            await client.write(requests.create(NAMESPACES, body, manager=MANAGER))
        except StatusError as error:
            if not error.is_already_exists:
                raise


async def _await_namespaces(client: Client, clock: Clock, wanted: set[str]) -> None:
    """Namespaces of Projects: they must hold their Freight before a Warehouse discovers the same artefacts again."""
    for _ in range(PASSES):
        found = {one["metadata"]["name"] for one in (await client.page(requests.List(resource=NAMESPACES))).items}
        if wanted <= found:
            return
        await clock.sleep(SETTLING)


async def _resource(client: Client, obj: JsonObject) -> Resource | None:
    group, version = group_version(obj["apiVersion"])
    wanted = group, version, obj["kind"]
    found = (one for one in (await client.served(fresh=True)).resources if (one.group, one.version, one.kind) == wanted)
    return next(found, None)


def _is_generated(obj: JsonObject) -> bool:
    """Whether another loaded object owns it."""
    owners = obj["metadata"].get("ownerReferences") or ()
    return any(one.get("controller") for one in owners)


def _rank(obj: JsonObject) -> tuple[int, str, str]:
    kind = obj["kind"]
    created = str(obj["metadata"].get("creationTimestamp") or "")
    return ORDER.index(kind if kind in ORDER else ""), created, str(obj["metadata"]["name"])


def _named(obj: JsonObject) -> str:
    key = Key(str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"]))
    return f"{obj['kind']} {key.namespace}/{key.name}" if key.namespace else f"{obj['kind']} {key.name}"
