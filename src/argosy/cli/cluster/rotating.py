"""`argosy cluster rotate-auth`: another token for the account that Argosy uses in a cluster; the old one ends."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import quote

from argosy.cli.cluster.adding import issued_token
from argosy.cli.cluster.changing import encoded, found
from argosy.cli.connect import chosen_server, with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server, calling, claims_of
from argosy.cli.repository.secrets import MANAGER, SECRETS
from argosy.gitops.clusters.resolution import Cluster, cluster_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.connection import ConnectionSettingsError


def run(options: argparse.Namespace) -> int:
    """At a signed-in server that does it, else with the user's own rights. Raises CommandError."""
    code = _by_server(options) if chosen_server(options) else _by_kubeconfig(options)
    print(f"Cluster '{options.cluster}' rotated auth")
    return code


def _by_server(options: argparse.Namespace) -> int:
    kind = "url" if "://" in options.cluster else "name"

    async def work(server: Server) -> int:
        path = f"/api/v1/clusters/{quote(options.cluster, safe='')}/rotate-auth?id.type={kind}"
        await server.call("POST", path, {})
        return Exit.OK

    return calling(options, work)


def _by_kubeconfig(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        secret = await found(client, options.cluster, options.namespace)
        cluster = cluster_of(secret)
        config = json.loads(cluster.config.reveal() or "{}")
        namespace, account, old = account_of(str(config.get("bearerToken") or ""), cluster.server)
        name = f"{account}-token-{SystemRng().uuid()[:8]}"
        async with _reached(cluster, json.dumps(config), clock) as there:
            fresh = await issued_token(there, clock, namespace, account, name)
        changed = renewed(config, fresh)
        async with _reached(cluster, changed, clock) as there:
            await there.served(fresh=True)  # Only a token that works is kept.
            data = {**secret["data"], "config": encoded(changed)}
            await client.write(requests.update(SECRETS, {**secret, "data": data}, manager=MANAGER))
            if old:
                await _forget(there, Key(namespace, old))
        return Exit.OK

    return with_client(options, work)


def account_of(token: str, server: str) -> tuple[str, str, str]:
    """Namespace and name of the account, and its token's Secret, if it has one. Pure. Raises CommandError."""
    if not token:
        raise CommandError(f"Cluster '{server}' does not use bearer token authentication", Exit.CALL_FAILED)
    claims: dict[str, Any] = claims_of(token)
    words = str(claims.get("sub") or "").split(":")
    if len(words) != 4 or words[:2] != ["system", "serviceaccount"]:
        text = "its token is not one of a service account: 'argosy cluster add --upsert' registers it anew"
        raise CommandError(f"cluster {server!r}: {text}", Exit.CALL_FAILED)
    bound = claims.get("kubernetes.io") or {}
    held = claims.get("kubernetes.io/serviceaccount/secret.name") or (bound.get("secret") or {}).get("name")
    return words[2], words[3], str(held or "")


def renewed(config: JsonObject, token: str) -> str:
    """The cluster's configuration with that token and without a client certificate. Pure."""
    trust = config.get("tlsClientConfig") or {}
    trust = {name: value for name, value in trust.items() if name not in ("certData", "keyData")}
    return json.dumps({**config, "bearerToken": token, "tlsClientConfig": trust}, separators=(",", ":"))


def _reached(cluster: Cluster, config: str, clock: Clock) -> HttpClient:
    try:
        connection = connection_of_cluster(cluster.server, config, clock)
    except ConnectionSettingsError as error:
        raise CommandError(f"cluster {cluster.server!r}: {error}", Exit.CALL_FAILED) from None
    return HttpClient(connection, clock, SystemRng(), user_agent="argosy-cli")


async def _forget(there: Client, key: Key) -> None:
    try:
        await there.write(requests.remove(SECRETS, key))
    except StatusError as error:
        if not error.is_not_found:
            raise
