"""What must be there before the controllers start: definitions, the control plane's namespace, its ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Resource, group_version
from argosy.runtime.client import Client

_CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}
_PLURALS = {"Endpoints": "endpoints"}


def control_plane_objects(namespace: str) -> list[JsonObject]:
    return [*crds(), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]


async def install(client: Client, objects: Iterable[JsonObject], manager: str) -> None:
    """Server-side apply, in order: a second time changes nothing."""
    for obj in objects:
        await client.apply(resource_of(obj), obj, field_manager=manager, force=True)


def resource_of(obj: JsonObject) -> Resource:
    """For the few kinds that are installed here."""
    group, version = group_version(obj["apiVersion"])
    kind = str(obj["kind"])
    plural = _PLURALS.get(kind) or f"{kind.lower()}s"
    return Resource(group, version, plural, kind, namespaced=kind not in _CLUSTER_WIDE)
