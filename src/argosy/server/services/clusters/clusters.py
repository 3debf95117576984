"""Registers, changes and removes clusters; each is contacted before it is stored; no credentials are returned (A8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.cluster_secret import connection_of_cluster
from argosy.runtime.http.connection import ConnectionSettingsError
from argosy.runtime.http.credentials import CredentialError
from argosy.runtime.http.exchange import Unreachable
from argosy.server.calls import Call
from argosy.server.configuration import SECRETS
from argosy.server.context import ServerContext
from argosy.server.errors import denied, invalid, unknown
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.services.account import seen
from argosy.server.services.clusters import secrets
from argosy.server.services.differences import different_spec
from argosy.server.sessions.tokens import InvalidToken, parts_of
from argosy.server.transport.query import pairs
from argosy.sources.credentials import TYPE_LABEL

FIELDS: Final = ("name", "namespaces", "config", "shard", "clusterResources", "labels", "annotations", "project")
ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
TOKEN_SECONDS: Final = 365 * 86_400


def target_of(cluster: JsonObject) -> str:
    project = cluster.get("project")
    return f"{project}/{cluster['server']}" if project else str(cluster["server"])


class Clusters:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._reached_at: dict[str, JsonObject] = {}
        """The cluster's state when it was stored: used until an Application makes it watched."""

    @property
    def _secrets(self) -> list[JsonObject]:
        found = [
            item
            for item in self._context.configuration.secrets()
            if ((item["metadata"].get("labels") or {}).get(TYPE_LABEL)) == secrets.TYPE
        ]
        return sorted(found, key=lambda item: str(item["metadata"]["name"]))

    def _all(self) -> list[tuple[JsonObject, JsonObject | None]]:
        """Each with its Secret; the in-cluster one has none unless somebody created it."""
        found: list[tuple[JsonObject, JsonObject | None]] = [
            (secrets.cluster_of_secret(secret), secret) for secret in self._secrets
        ]
        enabled = self._context.gitops.plane.settings.in_cluster_enabled
        if enabled and all(cluster["server"] != IN_CLUSTER for cluster, _ in found):
            found.append((secrets.local_cluster(), None))
        return found

    async def list_all(self, call: Call) -> JsonObject:
        request, wanted = call.request, _asked(call.request)
        wanted = [*wanted, *((key, str(request[key])) for key in ("name", "server") if request.get(key))]
        call.checked = True
        items = [
            self._answered(cluster)
            for cluster, _ in self._all()
            if all(cluster.get(key) == value for key, value in wanted if value)
            and call.may("clusters", "get", target_of(cluster))
        ]
        return {"items": items or None}

    async def get(self, call: Call) -> JsonObject:
        cluster, _ = self._find(call, "get")
        return self._answered(cluster)

    async def create(self, call: Call) -> JsonObject:
        cluster = self._given(call)
        call.permit("clusters", "create", target_of(cluster))
        if not cluster["server"]:
            raise invalid("server: the URL of the cluster's API server is missing")
        info = await self._reached(cluster, "error getting server version: ")
        found = [(item, secret) for item, secret in self._all() if item["server"] == cluster["server"] and secret]
        if not found:
            made = secrets.secret_of_cluster(cluster, self._context.namespace)
            await seen(self._context, await self._context.client.write(requests.create(SECRETS, made)))
            return secrets.answered(self._context, cluster, info)
        existing, secret = found[0]
        if _comparable(existing) != _comparable(cluster):
            if call.request.get("upsert") is not True:
                before, after = (_comparable(secrets.sanitised(item)) for item in (existing, cluster))
                raise invalid(different_spec("cluster", before, after, "v1alpha1.Cluster"))
            call.permit("clusters", "update", target_of(existing))
            assert secret is not None
            await self._replace(secret, cluster)
        return secrets.answered(self._context, cluster, info)

    async def update(self, call: Call) -> JsonObject:
        given, fields = self._given(call), call.request.get("updatedFields") or []
        asked = call.request if call.request.get("id") else {"server": given["server"], "name": given.get("name")}
        existing, secret = self._find(call, "update", asked)
        if not fields or "project" in fields:
            call.permit_hidden("clusters", "update", target_of({**given, "server": existing["server"]}))
        changes = {key: given.get(key) for key in FIELDS if key in fields} if fields else given
        cluster = {**existing, **changes} if fields else {**given, "server": existing["server"]}
        info = await self._reached(cluster, "failed to get server version: ")
        if secret is None:
            made = secrets.secret_of_cluster(cluster, self._context.namespace)
            await seen(self._context, await self._context.client.write(requests.create(SECRETS, made)))
        else:
            await self._replace(secret, cluster)
        return secrets.answered(self._context, cluster, info)

    async def delete(self, call: Call) -> JsonObject:
        self._find(call, "get")
        for cluster, secret in self._matching(call.request):
            call.permit_hidden("clusters", "delete", target_of(cluster))
            if secret is None:
                raise invalid(f"cluster '{cluster['server']}' is the one that the server is in: it has no Secret")
            metadata = secret["metadata"]
            await self._context.client.write(
                requests.remove(SECRETS, Key(metadata["namespace"], metadata["name"]), uid=metadata["uid"])
            )
            await self._gone(metadata["name"])
            self._reached_at.pop(str(cluster["server"]), None)
        return {}

    async def rotate(self, call: Call) -> JsonObject:
        """Rotates the token of the service account that the stored token belongs to."""
        self._find(call, "get")
        for cluster, secret in self._matching(call.request):
            call.permit_hidden("clusters", "update", target_of(cluster))
            token = str((cluster.get("config") or {}).get("bearerToken") or "")
            if not token or secret is None:
                raise invalid(f"Cluster '{cluster['server']}' does not use bearer token authentication")
            fresh = await self._new_token(cluster, token)
            config = dict(cluster["config"])
            tls = {
                key: value
                for key, value in (config.get("tlsClientConfig") or {}).items()
                if key not in ("certData", "keyData")
            }
            changed = {**cluster, "config": {**config, "bearerToken": fresh, "tlsClientConfig": tls}}
            await self._reached(changed, "failed to get server version: ")
            await self._replace(secret, changed)
        return {}

    async def _new_token(self, cluster: JsonObject, token: str) -> str:
        try:
            _, claims, _, _ = parts_of(token)
            _, _, namespace, name = str(claims.get("sub") or "").split(":")
        except (InvalidToken, ValueError):
            raise unknown("the cluster's token is not one of a service account: register the cluster anew") from None
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": TOKEN_SECONDS},
        }
        asked = Write(verb="create", resource=ACCOUNTS, key=Key(namespace, name), body=body, subresource="token")
        async with self._client(cluster) as client:
            answer = await client.write(asked)
        return str((answer.get("status") or {})["token"])

    async def invalidate(self, call: Call) -> JsonObject:
        cluster, secret = self._find(call, "get")
        call.permit_hidden("clusters", "update", target_of(cluster))
        now = seconds(self._context.clock.now())
        if secret is None:
            self._context.gitops.replicas_changed()
            return secrets.answered(self._context, cluster)
        changed = {**cluster, "refreshRequestedAt": now}
        await self._replace(secret, changed)
        return secrets.answered(self._context, changed)

    def _answered(self, cluster: JsonObject) -> JsonObject:
        info = secrets.info_of(self._context, str(cluster["server"]))
        if info["connectionState"]["status"] == "Unknown":
            info = self._reached_at.get(str(cluster["server"]), info)
        return secrets.answered(self._context, cluster, info)

    # -- finding -------------------------------------------------------------------------------------------------------

    def _find(self, call: Call, action: str, request: JsonObject | None = None) -> tuple[JsonObject, JsonObject | None]:
        """An absent cluster and a forbidden one give the same answer."""
        found = self._matching(call.request if request is None else request)
        call.checked = True
        if not found:
            raise denied()
        call.permit_hidden("clusters", action, target_of(found[0][0]))
        return found[0]

    def _matching(self, request: JsonObject) -> list[tuple[JsonObject, JsonObject | None]]:
        """Several may have one name."""
        wanted = _asked(request)
        if not wanted:
            key = "server" if request.get("server") else "name"
            wanted = [(key, str(request.get(key) or ""))]
        key, value = wanted[0]
        value = value.rstrip("/") if key == "server" else value
        every = self._all()
        found = [item for item in every if value and item[0].get(key) == value]
        if not found and "%" in value:  # a client that escapes twice
            found = [item for item in every if item[0].get(key) == dict(pairs(f"v={value}"))["v"]]
        return found

    def _given(self, call: Call) -> JsonObject:
        given = call.request.get("cluster")
        if not isinstance(given, dict):
            call.checked = True
            raise invalid("cluster: the cluster is missing")
        try:
            found = shaped("v1alpha1.Cluster", given)
        except Misshapen as error:
            raise invalid(f"cluster: {error}") from None
        if secrets.LAST_APPLIED in (found.get("annotations") or {}):
            raise invalid(f"annotation {secrets.LAST_APPLIED} cannot be set")
        kept = ("server", "name", "config", *FIELDS)
        made = {key: found[key] for key in kept if key in found}
        return {**made, "server": str(made.get("server") or "").rstrip("/")}

    # -- reaching and storing ------------------------------------------------------------------------------------------

    def _client(self, cluster: JsonObject) -> HttpClient:
        context = self._context
        config = orjson.dumps(cluster.get("config") or {})
        try:
            connection = connection_of_cluster(str(cluster["server"]), config, context.clock)
        except ConnectionSettingsError as error:
            raise invalid(f"config: {error}") from None
        return HttpClient(connection, context.clock, context.rng, user_agent="argosy-server")

    async def _reached(self, cluster: JsonObject, failed: str) -> JsonObject:
        """The cluster's version. Raises ApiError."""
        if cluster["server"] == IN_CLUSTER:
            return secrets.info_of(self._context, IN_CLUSTER)
        try:
            async with self._client(cluster) as client:
                version = dict((await client.served(fresh=True)).version)
        except (StatusError, Unreachable, CredentialError) as error:
            raise unknown(f"{failed}failed to get server version: {_told(error)}") from None
        state = {"status": "Successful", "attemptedAt": seconds(self._context.clock.now())}
        known = str(version.get("gitVersion") or "").partition("+")[0]
        info = {"connectionState": state, "serverVersion": known, "cacheInfo": {}, "applicationsCount": 0}
        self._reached_at[str(cluster["server"])] = info
        return info

    async def _replace(self, secret: JsonObject, cluster: JsonObject) -> None:
        made, metadata = secrets.secret_of_cluster(cluster, self._context.namespace), secret["metadata"]
        before: JsonObject = dict.fromkeys(secret.get("data") or {})
        labels, annotations = (
            {**dict.fromkeys(metadata.get(part) or {}), **made["metadata"][part]} for part in ("labels", "annotations")
        )
        patch: JsonObject = {
            "metadata": {
                "resourceVersion": metadata["resourceVersion"],
                "labels": labels,
                "annotations": annotations,
            },
            "data": {**before, **made["data"]},
        }
        client = self._context.client
        await seen(
            self._context,
            await client.write(
                requests.patch(SECRETS, Key(metadata["namespace"], metadata["name"]), patch, PatchType.MERGE)
            ),
        )

    async def _gone(self, name: str) -> None:
        for _ in range(200):
            if self._context.configuration.secret_object(name) is None:
                return
            await self._context.clock.sleep(0.01)


def _asked(request: JsonObject) -> Sequence[tuple[str, str]]:
    """By `id`, whose type determines the meaning of its value."""
    given: Any = request.get("id")
    if not isinstance(given, dict) or not given.get("value"):
        return []
    value, kind = str(given["value"]), str(given.get("type") or "")
    if kind == "name_escaped":
        return [("name", dict(pairs(f"v={value}"))["v"])]
    return [("name" if kind == "name" else "server", value)]


def _comparable(cluster: JsonObject) -> JsonObject:
    found = {key: cluster.get(key) for key in ("server", *FIELDS)}
    found["name"] = found["name"] or found["server"]
    return {key: value for key, value in found.items() if value}


def _told(error: Exception) -> str:
    return error.message if isinstance(error, StatusError) else str(error)
