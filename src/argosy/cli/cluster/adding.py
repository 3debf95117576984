"""`argosy cluster add`: an account in the other cluster, and the Secret here that says how it is spoken to."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys

from argosy.cli.cluster.changing import encoded, secret_of, with_flags
from argosy.cli.connect import kubeconfigs, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.repository.secrets import MANAGER, SECRETS, put
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection, ConnectionSettingsError
from argosy.runtime.http.kubeconfig import load_kubeconfig

RBAC = "rbac.authorization.k8s.io"
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
ROLES = Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
BINDINGS = Resource(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
NAMESPACED_ROLES = Resource(RBAC, "v1", "roles", "Role")
NAMESPACED_BINDINGS = Resource(RBAC, "v1", "rolebindings", "RoleBinding")
ACCOUNT, ROLE = "argocd-manager", "argocd-manager-role"
EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
OUTSIDE = [{"nonResourceURLs": ["*"], "verbs": ["*"]}]
LOOK = 0.2
PATIENCE = 30.0
"""Seconds for the other cluster to make the account's token."""


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        try:
            connection = load_kubeconfig(kubeconfigs(options), clock, context=options.target)
        except ConnectionSettingsError as error:
            text = f"context {options.target} does not exist in kubeconfig"
            raise CommandError(f"{text}: {error}", Exit.CALL_FAILED) from None
        if not options.yes and not _is_sure(options):
            return Exit.OK
        async with HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli") as other:
            token = await _token(other, clock, options)
        server = IN_CLUSTER if options.in_cluster else options.cluster_endpoint or connection.server
        secret = _secret(server.rstrip("/"), token, connection, options)
        present = await _present(client, secret)
        await put(client, secret, present, "cluster", upsert=options.upsert)
        print(f"Cluster '{server}' added")
        return Exit.OK

    return with_client(options, work)


def _is_sure(options: argparse.Namespace) -> bool:
    where = (
        f"namespaces {', '.join(options.managed_namespace)}"
        if options.managed_namespace
        else "full cluster level access"
    )
    account = options.service_account or ACCOUNT
    if not sys.stdin.isatty():
        raise CommandError(f"context {options.target!r}: nobody can be asked here; --yes makes account {account!r}")
    text = f"This will create a service account `{account}` on the cluster of context `{options.target}` with {where}."
    return input(f"WARNING: {text} Do you want to continue [y/N]? ").strip().lower() in ("y", "yes")


async def _present(client: Client, secret: JsonObject) -> JsonObject | None:
    try:
        return await client.get(requests.Get(SECRETS, Key(secret["metadata"]["namespace"], secret["metadata"]["name"])))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return None


def _secret(server: str, token: str, connection: Connection, options: argparse.Namespace) -> JsonObject:
    trust: JsonObject = {"insecure": connection.trust.insecure}
    if connection.trust.authority and not options.in_cluster:
        trust["caData"] = encoded(connection.trust.authority)
    if connection.trust.server_name:
        trust["serverName"] = connection.trust.server_name
    config = json.dumps({"bearerToken": token, "tlsClientConfig": trust}, separators=(",", ":"))
    secret = with_flags(secret_of(server, options.name or options.target, options.namespace, config), options)
    more = {"project": options.project, "shard": "" if options.shard is None else str(options.shard)}
    more["clusterResources"] = "true" if options.cluster_resources else ""
    secret["data"] |= {name: encoded(text) for name, text in more.items() if text}
    return secret


async def _token(other: Client, clock: Clock, options: argparse.Namespace) -> str:
    """Of the account there, which is made with its rights unless one is named."""
    namespace, account = options.system_namespace, options.service_account or ACCOUNT
    if not options.service_account:
        await _make(other, ACCOUNTS, {"metadata": {"name": account, "namespace": namespace}})
        await _grant(other, options)
    name = f"{account}-long-lived-token"
    metadata = {"name": name, "namespace": namespace, "annotations": {"kubernetes.io/service-account.name": account}}
    await _make(other, SECRETS, {"metadata": metadata, "type": "kubernetes.io/service-account-token"})
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                data = (await other.get(requests.Get(SECRETS, Key(namespace, name)))).get("data") or {}
                if data.get("token"):
                    return base64.b64decode(data["token"]).decode()
                await clock.sleep(LOOK)
    except TimeoutError:
        text = f"the cluster made no token in secret {namespace}/{name} within {PATIENCE:g} s"
        raise CommandError(text, Exit.CALL_FAILED) from None


async def _grant(other: Client, options: argparse.Namespace) -> None:
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": options.system_namespace}
    if not options.managed_namespace:
        reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": ROLE}
        await _make(other, ROLES, {"metadata": {"name": ROLE}, "rules": [*EVERYTHING, *OUTSIDE]})
        metadata = {"name": f"{ROLE}-binding"}
        await _make(other, BINDINGS, {"metadata": metadata, "roleRef": reference, "subjects": [subject]})
        return
    for namespace in options.managed_namespace:
        reference = {"apiGroup": RBAC, "kind": "Role", "name": ROLE}
        await _make(other, NAMESPACED_ROLES, {"metadata": {"name": ROLE, "namespace": namespace}, "rules": EVERYTHING})
        metadata = {"name": f"{ROLE}-binding", "namespace": namespace}
        await _make(other, NAMESPACED_BINDINGS, {"metadata": metadata, "roleRef": reference, "subjects": [subject]})


async def _make(other: Client, resource: Resource, obj: JsonObject) -> None:
    """What is there stays."""
    body = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
    try:
        await other.write(requests.create(resource, body, manager=MANAGER))
    except StatusError as error:
        if not error.is_already_exists:
            raise
