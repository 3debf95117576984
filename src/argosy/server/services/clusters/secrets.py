"""Converts clusters between their Secrets and the API's JSON (spec 12). Results have no credentials."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from argosy.server.context import ServerContext
from argosy.sources.credentials import TYPE_LABEL, decoded

TYPE: Final = "cluster"
REFRESH: Final = "argocd.argoproj.io/refresh"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
MANAGED_BY, MANAGER = "managed-by", "argocd.argoproj.io"
SHOWN_CONFIG: Final = ("awsAuthConfig", "proxyUrl", "disableCompression")


def cluster_of_secret(secret: JsonObject) -> JsonObject:
    """With its credentials: never return it."""
    data, metadata = decoded(secret), secret.get("metadata") or {}
    try:
        config = orjson.loads(data.get("config") or "{}")
    except orjson.JSONDecodeError:
        config = {}
    found: JsonObject = {
        "server": data.get("server", "").strip().rstrip("/"),
        "name": data.get("name", "").strip(),
        "config": config if isinstance(config, dict) else {},
        "namespaces": [word for item in data.get("namespaces", "").split(",") if (word := item.strip())],
        "clusterResources": data.get("clusterResources", "").strip() == "true",
        "project": data.get("project", "").strip(),
        "labels": {key: value for key, value in (metadata.get("labels") or {}).items() if key != TYPE_LABEL},
        "annotations": {
            key: value
            for key, value in (metadata.get("annotations") or {}).items()
            if key not in (LAST_APPLIED, MANAGED_BY)
        },
    }
    if data.get("shard", "").strip().isdecimal():
        found["shard"] = int(data["shard"])
    if refresh := (metadata.get("annotations") or {}).get(REFRESH):
        found["refreshRequestedAt"] = refresh
    return found


def local_cluster() -> JsonObject:
    return {"server": IN_CLUSTER, "name": "in-cluster", "config": {}}


def secret_of_cluster(cluster: JsonObject, namespace: str) -> JsonObject:
    annotations = {**(cluster.get("annotations") or {}), MANAGED_BY: MANAGER}
    annotations.pop(REFRESH, None)
    if cluster.get("refreshRequestedAt"):
        annotations[REFRESH] = cluster["refreshRequestedAt"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(str(cluster["server"])),
            "namespace": namespace,
            "labels": {**(cluster.get("labels") or {}), TYPE_LABEL: TYPE},
            "annotations": annotations,
        },
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in _data(cluster).items()},
    }


def _data(cluster: JsonObject) -> dict[str, str]:
    server = str(cluster["server"]).rstrip("/")
    found = {
        "server": server,
        "name": str(cluster.get("name") or server),
        "config": orjson.dumps(cluster.get("config") or {"tlsClientConfig": {"insecure": False}}).decode(),
    }
    if namespaces := cluster.get("namespaces"):
        found["namespaces"] = ",".join(namespaces)
    if cluster.get("shard") is not None:
        found["shard"] = str(cluster["shard"])
    if cluster.get("clusterResources"):
        found["clusterResources"] = "true"
    if cluster.get("project"):
        found["project"] = str(cluster["project"])
    return found


def secret_name(server: str) -> str:
    host = (urlsplit(server).hostname or "cluster").replace(":", "-")[:200].lower()
    return f"cluster-{host}-{int(hashlib.blake2b(server.encode(), digest_size=4).hexdigest(), 16)}"


def sanitised(cluster: JsonObject) -> JsonObject:
    config = cluster.get("config") or {}
    tls = config.get("tlsClientConfig") or {}
    shown: JsonObject = {key: config[key] for key in SHOWN_CONFIG if config.get(key)}
    if isinstance(shown.get("proxyUrl"), str):
        shown["proxyUrl"] = _without_user(shown["proxyUrl"])
    shown["tlsClientConfig"] = {
        "insecure": tls.get("insecure") is True,
        **({"serverName": tls["serverName"]} if tls.get("serverName") else {}),
    }
    return {**cluster, "config": shown}


def _without_user(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def answered(context: ServerContext, cluster: JsonObject, info: JsonObject | None = None) -> JsonObject:
    """With its state; the old fields next to `info` are for old clients."""
    connection = info or info_of(context, str(cluster["server"]))
    found = {**sanitised(cluster), "info": connection, "connectionState": connection["connectionState"]}
    if connection.get("serverVersion"):
        found["serverVersion"] = connection["serverVersion"]
    return found


def info_of(context: ServerContext, server: str) -> JsonObject:
    """The state of this process's caches."""
    plane, now = context.gitops.plane, seconds(context.clock.now())
    count = sum(1 for app in plane.applications.list() if _goes_to(context, app, server))
    if server == IN_CLUSTER:
        live = context.gitops.live
        return {
            "connectionState": {"status": "Successful", "attemptedAt": now},
            "serverVersion": live.kube_version,
            "cacheInfo": {"apisCount": len(live.kinds.listable), "lastCacheSyncTime": now},
            "applicationsCount": count,
            "apiVersions": list(live.api_versions),
        }
    connection = context.gitops.clusters.states().get(server)
    if connection is None:
        state: JsonObject = {"status": "Unknown", "message": "Cluster has no applications and is not being monitored."}
        return {"connectionState": state, "cacheInfo": {}, "applicationsCount": count}
    if connection.destination is None:
        state = {"status": "Failed" if connection.message else "Unknown", "message": connection.message}
        return {"connectionState": {**state, "attemptedAt": now}, "cacheInfo": {}, "applicationsCount": count}
    live = connection.destination.live
    return {
        "connectionState": {"status": "Successful", "attemptedAt": now},
        "serverVersion": live.kube_version,
        "cacheInfo": {"apisCount": len(live.kinds.listable), "lastCacheSyncTime": now},
        "applicationsCount": count,
        "apiVersions": list(live.api_versions),
    }


def _goes_to(context: ServerContext, app: JsonObject, server: str) -> bool:
    destination: Any = (app.get("spec") or {}).get("destination") or {}
    if destination.get("server"):
        return bool(str(destination["server"]).rstrip("/") == server)
    named = context.gitops.plane.cluster_book.named(str(destination.get("name") or ""))
    if named:
        return any(item.server == server for item in named)
    return server == IN_CLUSTER and destination.get("name") == "in-cluster"


def cluster_json(context: ServerContext, cluster: Cluster) -> JsonObject:
    """The engine's own view."""
    secret = context.configuration.secret_object(cluster.secret) if cluster.secret else None
    return answered(context, cluster_of_secret(secret) if secret else local_cluster())
