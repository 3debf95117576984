"""The part of an object that may be returned (security rule 9), and how a write keeps the hidden rest. Pure."""

from __future__ import annotations

from typing import Any, Final, cast

import orjson

from argosy.gitops.keys import LAST_APPLIED
from argosy.gitops.model.secret_masking import masked
from argosy.machinery.objects import JsonObject, Resource
from argosy.server.services.clusters.secrets import cluster_of_secret, sanitised
from argosy.server.services.repositories.secrets import VISIBLE
from argosy.sources.credentials import TYPE_LABEL

SHOWN: Final = frozenset({*VISIBLE, "url", "server", "namespaces", "clusterResources", "shard"})
CLUSTER_CONFIG: Final = "config"


def shown(resource: Resource, obj: JsonObject, plane: str) -> JsonObject:
    """Without credentials: those of repositories and clusters are removed, values of other Secrets are masked."""
    if (resource.group, resource.plural) != ("", "secrets"):
        return obj
    metadata = obj.get("metadata") or {}
    kind = (metadata.get("labels") or {}).get(TYPE_LABEL)
    if kind is None or metadata.get("namespace") != plane:
        return cast(JsonObject, masked([obj])[0])
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    kept = {name: value for name, value in metadata.items() if name not in ("managedFields", "annotations")}
    data = {key: value for key, value in (obj.get("data") or {}).items() if key in SHOWN}
    made = {**obj, "metadata": {**kept, "annotations": annotations} if annotations else kept, "data": data}
    if kind == "cluster":
        config = sanitised(cluster_of_secret(obj))["config"]
        made["stringData"] = {CLUSTER_CONFIG: orjson.dumps(config).decode()}
    return made


def completed(resource: Resource, body: Any, before: JsonObject | None, plane: str) -> Any:
    """The body of an update, with the credentials that its writer could not see; null in a patch still removes one."""
    if before is None or (resource.group, resource.plural) != ("", "secrets") or not isinstance(body, dict):
        return body
    metadata = before.get("metadata") or {}
    if metadata.get("namespace") != plane or TYPE_LABEL not in (metadata.get("labels") or {}):
        return body
    given = {*(body.get("data") or {}), *(body.get("stringData") or {})}
    hidden = {key: value for key, value in (before.get("data") or {}).items() if key not in SHOWN and key not in given}
    return {**body, "data": {**hidden, **(body.get("data") or {})}}
