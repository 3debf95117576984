"""A snapshot of the sandbox at one moment: the input for `standing` and for the differences between environments."""

from __future__ import annotations

from typing import Final

from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import APPLICATIONS
from argosy.promotion.tracing.reading import listed
from argosy.rehearse.differences import Environment, Place
from argosy.rehearse.sandbox import Sandbox
from argosy.rehearse.standing import WATCHED, Objects
from argosy.runtime.client import Client

GROUPS: Final = frozenset({"argoproj.io", "kargo.akuity.io", "cert-manager.io", "bitnami.com"})


async def objects(client: Client) -> Objects:
    """All objects in one cluster of the kinds that `standing` examines."""
    found: dict[str, list[JsonObject]] = {}
    for resource in (await client.served()).resources:
        if resource.group in GROUPS and resource.plural in WATCHED:
            found[resource.plural] = await listed(client, resource)
    return found


async def clusters(sandbox: Sandbox) -> list[tuple[str, Client]]:
    """The control plane's own cluster comes first, named ""."""
    elsewhere = ((name, sandbox.clusters.client(name)) for name in sandbox.clusters.names())
    return [("", sandbox.client), *((name, client) for name, client in elsewhere if client is not None)]


async def environments(sandbox: Sandbox) -> list[Environment]:
    return [await _environment(sandbox, app) for app in await listed(sandbox.client, APPLICATIONS)]


async def _environment(sandbox: Sandbox, app: JsonObject) -> Environment:
    destination = (app.get("spec") or {}).get("destination") or {}
    server = str(destination.get("server") or destination.get("name") or "")
    client = sandbox.client if server in ("", IN_CLUSTER, "in-cluster") else sandbox.clusters.client(server)
    held: dict[Place, JsonObject] = {}
    if client is not None:
        kinds = {(one.group, one.kind): one for one in (await client.served()).resources}
        for entry in (app.get("status") or {}).get("resources") or ():
            await _hold(client, kinds, entry, held)
    cluster = "this cluster" if client is sandbox.client else server
    where = f"{cluster}, namespace {destination.get('namespace') or '-'}"
    return Environment(str(app["metadata"]["namespace"]), str(app["metadata"]["name"]), where, held)


async def _hold(
    client: Client, kinds: dict[tuple[str, str], Resource], entry: JsonObject, held: dict[Place, JsonObject]
) -> None:
    """One object of an Application's resource list; a missing one has no content."""
    group, kind = str(entry.get("group") or ""), str(entry.get("kind"))
    resource = kinds.get((group, kind))
    if resource is None:
        return
    key = Key(str(entry.get("namespace") or "") if resource.namespaced else "", str(entry.get("name")))
    try:
        held[group, kind, *key] = await client.get(requests.Get(resource, key))
    except StatusError as error:
        if not error.is_not_found:
            raise
