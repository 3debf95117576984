"""`argosy cluster set|rm`: changes the Secret that describes a cluster."""

from __future__ import annotations

import argparse
import base64
import sys

from argosy.cli.app.spec.flags import pair
from argosy.cli.cluster.listing import SELECTOR
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.repository.secrets import MANAGER, SECRETS, fnv32a
from argosy.gitops.clusters.resolution import LOCAL_NAME, cluster_of
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


def secret_name(server: str) -> str:
    """Derived from the URL as upstream does."""
    host = server.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return f"cluster-{host}-{fnv32a(server)}"


async def found(client: Client, wanted: str, namespace: str) -> JsonObject:
    """Finds the Secret by server or name; the in-cluster one exists only after a first change."""
    page = await client.page(requests.List(resource=SECRETS, namespace=namespace, label_selector=SELECTOR))
    for secret in page.items:
        cluster = cluster_of(secret)
        if wanted.rstrip("/") == cluster.server or wanted == cluster.name:
            return secret
    if wanted in (IN_CLUSTER, LOCAL_NAME) and not any(cluster_of(one).server == IN_CLUSTER for one in page.items):
        return secret_of(IN_CLUSTER, LOCAL_NAME, namespace, '{"tlsClientConfig":{"insecure":false}}')
    raise CommandError(f"cluster '{wanted}' not found", Exit.CALL_FAILED)


def secret_of(server: str, name: str, namespace: str, config: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(server),
            "namespace": namespace,
            "labels": {"argocd.argoproj.io/secret-type": "cluster"},
            "annotations": {"managed-by": "argocd.argoproj.io"},
        },
        "data": {key: encoded(value) for key, value in (("name", name), ("server", server), ("config", config))},
    }


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def with_flags(secret: JsonObject, options: argparse.Namespace) -> JsonObject:
    """Labels, annotations and namespaces with the flags applied. Pure."""
    metadata, data = dict(secret["metadata"]), dict(secret.get("data") or {})
    for flag, name, texts in (
        ("--label", "labels", options.label),
        ("--annotation", "annotations", options.annotation),
    ):
        metadata[name] = {**(metadata.get(name) or {}), **dict(pair(flag, text) for text in texts)}
    if options.managed_namespace:
        data["namespaces"] = encoded(",".join(options.managed_namespace))
    return {**secret, "metadata": metadata, "data": data}


def set_flags(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        secret = await found(client, options.cluster, options.namespace)
        changed = with_flags(secret, options)
        if options.name:
            changed["data"] = {**changed["data"], "name": encoded(options.name)}
        if changed["metadata"].get("uid"):
            await client.write(requests.update(SECRETS, changed, manager=MANAGER))
        else:
            await client.write(requests.create(SECRETS, changed, manager=MANAGER))
        print(f"Cluster '{options.cluster}' updated.")
        return Exit.OK

    return with_client(options, work)


def remove(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        for wanted in options.clusters:
            secret = await found(client, wanted, options.namespace)
            if not secret["metadata"].get("uid"):
                raise CommandError(
                    f"cluster '{wanted}': the control plane's own: no Secret describes it", Exit.CALL_FAILED
                )
            if options.yes or _is_sure(wanted):
                metadata = secret["metadata"]
                await client.write(
                    requests.remove(SECRETS, Key(options.namespace, metadata["name"]), uid=metadata["uid"])
                )
                print(f"Cluster '{wanted}' removed")
        return Exit.OK

    return with_client(options, work)


def _is_sure(name: str) -> bool:
    if not sys.stdin.isatty():
        raise CommandError(f"cluster {name!r}: nobody can be asked here; --yes removes it")
    text = f"Are you sure you want to remove '{name}'? Apps deploying to it will go to health status Unknown."
    return input(f"{text} [y/N] ").strip().lower() in ("y", "yes")
