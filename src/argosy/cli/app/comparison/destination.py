"""The cluster that an Application deploys to, and its objects there."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.cli.failing import CommandError, Exit
from argosy.gitops.clusters.resolution import ClusterBook, InvalidDestination, resolve
from argosy.gitops.control_plane.configuration import SECRETS
from argosy.gitops.control_plane.settings import settings_of
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.objects import GroupKind, JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.connection import ConnectionSettingsError

SELECTOR = "argocd.argoproj.io/secret-type=cluster"


@dataclass(frozen=True, slots=True)
class Live:
    """One live object of an Application."""

    resource: Resource
    obj: JsonObject

    @property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.obj["metadata"].get("namespace") or "")


@asynccontextmanager
async def destination(
    client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace
) -> AsyncIterator[HttpClient]:
    """A client of the Application's destination cluster."""
    wanted = read(Application, app).spec.destination
    if wanted.server == IN_CLUSTER:
        yield client
        return
    page = await client.page(requests.List(resource=SECRETS, namespace=options.namespace, label_selector=SELECTOR))
    try:
        cluster = resolve(wanted, settings_of({}, {}), ClusterBook(page.items))
        if cluster.server == IN_CLUSTER:
            yield client
            return
        connection = connection_of_cluster(cluster.server, cluster.config.reveal(), clock)
    except (InvalidDestination, ConnectionSettingsError) as error:
        raise CommandError(str(error), Exit.CALL_FAILED) from None
    async with HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli") as other:
        yield other


def listed(app: JsonObject, options: argparse.Namespace) -> list[JsonObject]:
    """The entries of `status.resources` that the flags select."""
    wanted = {
        "group": options.group,
        "kind": options.kind,
        "namespace": options.resource_namespace,
        "name": options.resource_name,
    }
    return [
        item
        for item in (app.get("status") or {}).get("resources") or ()
        if all(value is None or str(item.get(name) or "") == value for name, value in wanted.items())
    ]


async def live_objects(client: HttpClient, items: list[JsonObject]) -> list[Live]:
    """The ones that exist."""
    served = {resource.group_kind: resource for resource in reversed((await client.served()).resources)}
    found = []
    for item in items:
        resource = served.get(GroupKind(str(item.get("group") or ""), str(item.get("kind") or "")))
        if resource is None:
            continue
        try:
            obj = await client.get(requests.Get(resource, Key(str(item.get("namespace") or ""), str(item["name"]))))
        except StatusError as error:
            if not error.is_not_found:
                raise
            continue
        found.append(Live(resource, obj))
    return found


async def chosen(client: HttpClient, app: JsonObject, options: argparse.Namespace) -> list[Live]:
    """At least one object; several only with --all. Raises CommandError."""
    found = await live_objects(client, listed(app, options))
    if not found:
        raise CommandError("no matching resource found", Exit.CALL_FAILED)
    if len(found) > 1 and not options.all:
        text = "multiple resources match inputs. use the --all flag if you intend to act on all of them"
        raise CommandError(text, Exit.CALL_FAILED)
    return found
