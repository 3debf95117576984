"""One cluster as `argocd cluster get` shows it: how it is connected to, never with which secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from argosy.gitops.clusters.resolution import Cluster
from argosy.machinery.objects import JsonObject, Resource


def cluster_value(cluster: Cluster, connection: JsonObject, resources: Iterable[Resource], at: str) -> JsonObject:
    """Argo CD's Cluster. `connection`: status, message and version; `at`: when that was tried, RFC 3339."""
    tls = _config(cluster).get("tlsClientConfig") or {}
    state = {"attemptedAt": at, "message": str(connection.get("message") or ""), "status": connection["status"]}
    version = str(connection.get("version") or "")
    shown: JsonObject = {
        "config": {"tlsClientConfig": {"insecure": tls.get("insecure") is True}},
        "connectionState": state,
        "info": {"apiVersions": api_versions(resources), "connectionState": state, "serverVersion": version},
        "name": cluster.name,
        "server": cluster.server,
        "serverVersion": version,
    }
    if cluster.namespaces:
        shown |= {"clusterResources": cluster.cluster_resources, "namespaces": list(cluster.namespaces)}
    return shown | ({"project": cluster.project} if cluster.project else {})


def api_versions(resources: Iterable[Resource]) -> list[str]:
    """As charts see them: each group and version, and each kind in it."""
    found = set()
    for resource in resources:
        found |= {resource.api_version, f"{resource.api_version}/{resource.kind}"}
    return sorted(found)


def sheet(cluster: Cluster, connection: JsonObject) -> str:
    config = _config(cluster)
    tls: Mapping[str, Any] = config.get("tlsClientConfig") or {}
    namespaces = ", ".join(cluster.namespaces) or "all namespaces"
    return (
        "Cluster information\n\n"
        f"  Server URL:            {cluster.server}\n"
        f"  Server Name:           {cluster.name or '-'}\n"
        f"  Server Version:        {connection.get('version') or ''}\n"
        f"  Namespaces:        \t {namespaces}\n"
        "\nTLS configuration\n\n"
        f"  Client cert:           {_word(tls.get('certData'))}\n"
        f"  Cert validation:       {_word(not tls.get('insecure'))}\n"
        "\nAuthentication\n\n"
        f"  Basic authentication:  {_word(config.get('username'))}\n"
        f"  oAuth authentication:  {_word(config.get('bearerToken'))}\n"
        f"  AWS authentication:    {_word(config.get('awsAuthConfig'))}\n"
        f"\nDisable compression: {_word(config.get('disableCompression'))}\n"
        f"\nUse proxy: {_word(config.get('proxyUrl'))}\n\n"
    )


def _word(value: object) -> str:
    return "true" if value else "false"


def _config(cluster: Cluster) -> JsonObject:
    try:
        found = json.loads(cluster.config.reveal() or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
