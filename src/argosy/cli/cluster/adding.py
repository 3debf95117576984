"""`argosy cluster add`: creates an account in the other cluster, and the Secret here with its connection."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import sys
from dataclasses import replace

from argosy.cli.app.spec.flags import pair
from argosy.cli.cluster.changing import encoded, secret_of, with_flags
from argosy.cli.connect import kubeconfigs, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.repository.secrets import MANAGER, SECRETS, put
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.observe.secret import Secret
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
"""Seconds that the other cluster has to issue the account's token."""


def run(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        try:
            connection = load_kubeconfig(kubeconfigs(options), clock, context=options.target)
        except ConnectionSettingsError as error:
            text = f"context {options.target} does not exist in kubeconfig"
            raise CommandError(f"{text}: {error}", Exit.CALL_FAILED) from None
        connection = replace(connection, proxy=Secret(options.proxy_url)) if options.proxy_url else connection
        access = access_of(options)
        if not access:
            if not options.yes and not _is_sure(options):
                return Exit.OK
            async with HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli") as other:
                access = {"bearerToken": await _token(other, clock, options)}
        server = server_of(connection, options)
        secret = _secret(server.rstrip("/"), access, connection, options)
        present = await _present(client, secret)
        await put(client, secret, present, "cluster", upsert=options.upsert)
        print(f"Cluster '{server}' added")
        return Exit.OK

    return with_client(options, work)


def access_of(options: argparse.Namespace) -> JsonObject:
    """The credentials given by flags; empty if an account is to be created. Pure."""
    if options.aws_cluster_name:
        given = {"roleARN": options.aws_role_arn, "profile": options.aws_profile}
        return {"awsAuthConfig": {"clusterName": options.aws_cluster_name, **_without_empty(given)}}
    if not options.exec_command:
        return {}
    program: JsonObject = {
        "command": options.exec_command,
        "args": list(options.exec_command_args),
        "env": dict(pair("--exec-command-env", text) for text in options.exec_command_env),
        "apiVersion": options.exec_command_api_version,
        "installHint": options.exec_command_install_hint,
    }
    return {"execProviderConfig": _without_empty(program)}


def _without_empty(given: JsonObject) -> JsonObject:
    return {name: value for name, value in given.items() if value}


def server_of(connection: Connection, options: argparse.Namespace) -> str:
    """The cluster's address: from the flag, else from the kubeconfig. Raises CommandError."""
    endpoint = options.cluster_endpoint
    if options.in_cluster and endpoint:
        raise CommandError("give either --in-cluster or --cluster-endpoint")
    if options.in_cluster or endpoint == "internal":
        return IN_CLUSTER
    if endpoint in ("", "kubeconfig"):
        return connection.server
    if not endpoint.startswith(("https://", "http://")):
        raise CommandError(f"--cluster-endpoint {endpoint!r}: give kubeconfig, internal, or the URL of the cluster")
    return str(endpoint)


def _is_sure(options: argparse.Namespace) -> bool:
    where = (
        f"namespaces {', '.join(options.managed_namespace)}"
        if options.managed_namespace
        else "full cluster level access"
    )
    account = options.service_account or ACCOUNT
    if not sys.stdin.isatty():
        return True  # like upstream: without a terminal, the command itself counts as the confirmation
    text = f"This will create a service account `{account}` on the cluster of context `{options.target}` with {where}."
    return input(f"WARNING: {text} Do you want to continue [y/N]? ").strip().lower() in ("y", "yes")


async def _present(client: Client, secret: JsonObject) -> JsonObject | None:
    try:
        return await client.get(requests.Get(SECRETS, Key(secret["metadata"]["namespace"], secret["metadata"]["name"])))
    except StatusError as error:
        if not error.is_not_found:
            raise
        return None


def _secret(server: str, access: JsonObject, connection: Connection, options: argparse.Namespace) -> JsonObject:
    trust: JsonObject = {"insecure": connection.trust.insecure}
    if connection.trust.authority and not options.in_cluster:
        trust["caData"] = encoded(connection.trust.authority)
    if connection.trust.server_name:
        trust["serverName"] = connection.trust.server_name
    proxy = options.proxy_url if options.server_proxy_url is None else options.server_proxy_url
    more = _without_empty({"proxyUrl": proxy, "disableCompression": options.disable_compression})
    config = json.dumps({**access, "tlsClientConfig": trust, **more}, separators=(",", ":"))
    secret = with_flags(secret_of(server, options.name or options.target, options.namespace, config), options)
    fields = {"project": options.project, "shard": "" if options.shard is None else str(options.shard)}
    fields["clusterResources"] = "true" if options.cluster_resources else ""
    secret["data"] |= {name: encoded(text) for name, text in fields.items() if text}
    return secret


async def _token(other: Client, clock: Clock, options: argparse.Namespace) -> str:
    """The token of the account, which is created with its rights unless one is named."""
    namespace, account = options.system_namespace, options.service_account or ACCOUNT
    if not options.service_account:
        await _make(other, ACCOUNTS, {"metadata": {"name": account, "namespace": namespace}})
        await _grant(other, options)
    return await issued_token(other, clock, namespace, account, f"{account}-long-lived-token")


async def issued_token(other: Client, clock: Clock, namespace: str, account: str, name: str) -> str:
    """The token that the cluster puts into the account's Secret `name`. Raises CommandError when it puts none."""
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
    """Existing objects are left unchanged."""
    body = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
    try:
        await other.write(requests.create(resource, body, manager=MANAGER))
    except StatusError as error:
        if not error.is_already_exists:
            raise
