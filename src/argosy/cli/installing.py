"""What must be there before the controllers start: definitions, the control plane's namespace, its ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Resource, group_version
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

_CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}
_NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
_PLURALS = {"Endpoints": "endpoints"}


def control_plane_objects(namespace: str) -> list[JsonObject]:
    return [*crds(), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]


async def install(client: Client, objects: Iterable[JsonObject], manager: str) -> None:
    """Server-side apply, in order: a second time changes nothing."""
    for obj in objects:
        await client.apply(resource_of(obj), obj, field_manager=manager, force=True)


async def lacking(client: Client, namespace: str) -> str:
    """What the controllers cannot be without and the cluster does not have; empty when all is there."""
    served = {(resource.group, resource.plural) for resource in await client.resources()}
    for name in ("applications", "appprojects"):
        if ("argoproj.io", name) not in served:
            return f"kind {name}.argoproj.io"
    try:
        await client.get(_NAMESPACES, namespace)
    except StatusError as error:
        # Who may not read namespaces is not told so here: it is none of what the controllers need.
        return f"namespace {namespace!r}" if error.is_not_found else ""
    return ""


def resource_of(obj: JsonObject) -> Resource:
    """For the few kinds that are installed here."""
    group, version = group_version(obj["apiVersion"])
    kind = str(obj["kind"])
    plural = _PLURALS.get(kind) or f"{kind.lower()}s"
    return Resource(group, version, plural, kind, namespaced=kind not in _CLUSTER_WIDE)
