"""`argosy cluster list|get`: the clusters that Applications may deploy to, and whether each is reachable from here."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from argosy.cli.cluster.details import cluster_value, sheet
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.gitops.clusters.resolution import Cluster, ClusterBook
from argosy.gitops.control_plane.configuration import SECRETS
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests, timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.connection import ConnectionSettingsError
from argosy.runtime.http.credentials import CredentialError
from argosy.runtime.http.exchange import Unreachable

HEADER = ("SERVER", "NAME", "VERSION", "STATUS", "MESSAGE", "PROJECT")
SELECTOR = "argocd.argoproj.io/secret-type=cluster"
PATIENCE = 10.0
"""Seconds that one cluster has to answer."""


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        asked = [_connection(cluster, client, clock) for cluster in await _clusters(client, options.namespace)]
        _show(await asyncio.gather(*asked), options.output)
        return Exit.OK

    return with_client(options, work)


def show(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        wanted = options.cluster.rstrip("/")
        found = [one for one in await _clusters(client, options.namespace) if wanted in (one.server, one.name)]
        if not found:
            raise CommandError(f"cluster '{options.cluster}' not found", Exit.CALL_FAILED)
        cluster = found[0]
        fields = await _connection(cluster, client, clock)
        if options.output == "wide":
            sys.stdout.write(sheet(cluster, fields))
        elif options.output in ("name", "server"):
            _show([fields], options.output)
        else:
            served = (await client.served()).resources if cluster.server == IN_CLUSTER else ()
            value = cluster_value(cluster, fields, served, timestamps.seconds(clock.now()))
            write_value(sys.stdout, value, options.output)
        return Exit.OK

    return with_client(options, work)


async def _clusters(client: Client, namespace: str) -> list[Cluster]:
    page = await client.page(requests.List(resource=SECRETS, namespace=namespace, label_selector=SELECTOR))
    book = ClusterBook(page.items)
    return [book.local(), *(found for found in book.by_server.values() if found.server != IN_CLUSTER)]


async def _connection(cluster: Cluster, client: Client, clock: Clock) -> JsonObject:
    """Upstream's words: Successful or Failed, and the reason."""
    fields: JsonObject = {"server": cluster.server, "name": cluster.name, "project": cluster.project}
    if cluster.namespaces:
        fields |= {"namespaces": list(cluster.namespaces), "clusterResources": cluster.cluster_resources}
    try:
        async with asyncio.timeout(PATIENCE):
            version = await (_version(client) if cluster.server == IN_CLUSTER else _version_there(cluster, clock))
    except TimeoutError:
        return {**fields, "status": "Failed", "message": f"no answer within {PATIENCE:g} s"}
    except StatusError as error:
        return {**fields, "status": "Failed", "message": error.message}
    except (Unreachable, CredentialError, ConnectionSettingsError) as error:
        return {**fields, "status": "Failed", "message": str(error)}
    return {**fields, "status": "Successful", "version": str(version.get("gitVersion") or "").partition("+")[0]}


async def _version(client: Client) -> JsonObject:
    """Asks for the version each time, which also checks that the server is reachable."""
    return dict((await client.served(fresh=True)).version)


async def _version_there(cluster: Cluster, clock: Clock) -> JsonObject:
    connection = connection_of_cluster(cluster.server, cluster.config.reveal(), clock)
    async with HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli") as other:
        return await _version(other)


def _show(clusters: Sequence[JsonObject], output: str) -> None:
    if output in ("name", "server"):
        sys.stdout.writelines(f"{item['server']}\n" for item in clusters)
    elif output == "wide":
        names = ("name", "version", "status", "message", "project")
        rows = [[_server(item), *(str(item.get(name) or "") for name in names)] for item in clusters]
        sys.stdout.write(table(HEADER, rows))
    else:
        write_value(sys.stdout, list(clusters), output)


def _server(item: JsonObject) -> str:
    """With the number of its namespaces that are managed, if not all are."""
    count = len(item.get("namespaces") or ())
    return f"{item['server']} ({count} namespaces)" if count else str(item["server"])
