"""The resource tree of an Application: its own objects, all their descendants, orphans, and the Pods' hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.comparison.orphaned_resources import Asked, Orphans, orphans
from argosy.gitops.health.custom import Judge
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.model.resource_tracking import owner_of
from argosy.gitops.projects import permissions
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource, group_version, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.caches.outline import Outline
from argosy.runtime.client import Client
from argosy.server.context import ServerContext
from argosy.server.services.applications.comparing import View, view
from argosy.server.services.applications.node_details import details, milli, pod_requests
from argosy.server.services.applications.resource_health import health_json, judge_of

NODES: Final = Resource("", "v1", "nodes", "Node", namespaced=False)
PODS: Final = Resource("", "v1", "pods", "Pod")
COUNTED: Final = ("cpu", "memory", "storage")


async def tree_of(context: ServerContext, app: JsonObject) -> JsonObject:
    """Empty if its destination is unknown."""
    seen = await view(context, app)
    return {} if seen is None else await Tree(context, app, seen).build()


class Tree:
    """One computation; it fetches objects of which caches only have metadata."""

    def __init__(self, context: ServerContext, app: JsonObject, seen: View) -> None:
        self._context, self._app, self._seen = context, app, seen
        self._live: LiveObjects = seen.state.destination.live
        self._judge: Judge = judge_of(context, key_of(app))
        self._index = Orphans()
        self._whole: dict[ResourceKey, JsonObject] = dict(seen.live)

    async def build(self) -> JsonObject:
        self._watch()
        keys = self._below(key for key in self._seen.live if self._is_permitted(key))
        orphaned = self._orphans(set(keys))
        await self._fetch([*keys, *orphaned])
        nodes = [*self._missing(), *(self._node(key) for key in keys)]
        return {
            "nodes": [node for node in nodes if node],
            "orphanedNodes": [node for key in orphaned if (node := self._node(key))],
            "hosts": await self._hosts(keys),
        }

    def _watch(self) -> None:
        settings = self._context.engine.plane.settings
        apps = self._context.gitops.plane.applications
        names = {
            app["metadata"]["name"]
            if app["metadata"]["namespace"] == self._context.namespace
            else f"{app['metadata']['namespace']}_{app['metadata']['name']}"
            for app in apps.list()
        }
        asked = Asked(lambda obj: owner_of(obj, settings), names.__contains__, lambda namespace: None)
        spaces = {key.namespace for key in self._seen.live if key.namespace}
        if self._seen.state.namespace:
            spaces.add(self._seen.state.namespace)
        for namespace in spaces:
            self._index.watch(namespace, self._live.within(namespace), asked)

    def _below(self, roots: Iterable[ResourceKey]) -> list[ResourceKey]:
        found: dict[ResourceKey, None] = {}
        queue = list(roots)
        while queue:
            key = queue.pop(0)
            if key not in found and self._is_permitted(key):
                found[key] = None
                queue += self._index.below(key)
        return list(found)

    def _is_permitted(self, key: ResourceKey) -> bool:
        state = self._seen.state
        return not permissions.refusal_of(state.project, state.spec.project, key, state.cluster)

    def _orphans(self, known: set[ResourceKey]) -> list[ResourceKey]:
        monitoring = self._seen.state.project.orphaned_resources
        if monitoring is None or not self._seen.state.namespace:
            return []
        return orphans(
            self._index,
            self._seen.state.namespace,
            own=known.__contains__,
            ignored=monitoring.ignore,
            permitted=self._is_permitted,
        )

    def _missing(self) -> list[JsonObject]:
        """Target objects that do not exist."""
        compared = self._seen.compared
        found = []
        for pair in compared.comparison.pairs if compared is not None else ():
            if pair.live is None and pair.target is not None and not _is_hook(pair.target):
                version = group_version(str(pair.target.get("apiVersion") or ""))[1]
                found.append({**_ref(pair.key, version), "health": {"status": "Missing"}})
        return found

    async def _fetch(self, keys: Iterable[ResourceKey]) -> None:
        """One list for each kind and namespace of which only metadata is cached."""
        wanted: dict[tuple[str, str, str], None] = {}
        for key in keys:
            obj = self._whole.get(key) or self._live.get(key)
            if obj is not None and not isinstance(obj, Outline):
                self._whole[key] = obj
            elif obj is not None:
                wanted[key.group, key.kind, key.namespace] = None
        for group, kind, namespace in wanted:
            resource = self._live.kinds.preferred(group, kind)
            if resource is not None:
                self._whole |= {resource_key(obj): obj for obj in await self._listed(resource, namespace)}

    async def _listed(self, resource: Resource, namespace: str) -> list[JsonObject]:
        try:
            return list((await self._client.page(requests.List(resource=resource, namespace=namespace))).items)
        except StatusError:
            return []  # an object that may not be read appears only with its name

    @property
    def _client(self) -> Client:
        return self._seen.state.destination.client

    def _node(self, key: ResourceKey) -> JsonObject | None:
        obj = self._whole.get(key) or self._live.get(key)
        if obj is None:
            return None
        metadata, version = obj.get("metadata") or {}, group_version(str(obj.get("apiVersion") or ""))[1]
        node: JsonObject = {**_ref(key, version), "uid": metadata.get("uid") or ""}
        node["parentRefs"] = self._parents(key, obj)
        node["resourceVersion"] = str(metadata.get("resourceVersion") or "")
        node["createdAt"] = metadata.get("creationTimestamp")
        if not isinstance(obj, Outline):
            node |= details(obj)
            if (health := self._judge(obj)) is not None:
                node["health"] = health_json(health)
        return {name: value for name, value in node.items() if value}

    def _parents(self, key: ResourceKey, obj: JsonObject) -> list[JsonObject]:
        owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
        found = []
        for owner in owners:
            group, version = group_version(str(owner.get("apiVersion") or ""))
            resource = self._live.kinds.preferred(group, str(owner.get("kind") or ""))
            namespace = key.namespace if resource is None or resource.namespaced else ""
            parent = ResourceKey(group, str(owner.get("kind") or ""), namespace, str(owner.get("name") or ""))
            found.append({**_ref(parent, version), "uid": str(owner.get("uid") or "")})
        if not owners and key[:2] == ("", "Endpoints"):
            found.append(_ref(key._replace(kind="Service"), "v1"))
        return found

    # -- hosts ---------------------------------------------------------------------------------------------------------

    async def _hosts(self, keys: list[ResourceKey]) -> list[JsonObject]:
        own = {key for key in keys if key[:2] == ("", "Pod")}
        if not own:
            return []
        hosts = {str(obj["metadata"]["name"]): obj for obj in await self._listed(NODES, "")}
        used = {name for key in own if (name := _host_of(self._whole.get(key) or {})) in hosts}
        pods = await self._listed(PODS, "") if used else []
        labels = self._context.configuration.settings.get("application.allowedNodeLabels", "")
        shown = [word.strip() for word in labels.split(",") if word.strip()]
        return [_host(name, hosts[name], pods, own.__contains__, shown) for name in sorted(used)]


def _host_of(pod: JsonObject) -> str:
    return str((pod.get("spec") or {}).get("nodeName") or "")


def _host(
    name: str, host: JsonObject, pods: list[JsonObject], is_own: Callable[[ResourceKey], bool], shown: list[str]
) -> JsonObject:
    status = host.get("status") or {}
    found: dict[str, dict[str, Any]] = {
        kind: {"resourceName": kind, "capacity": milli(amount)}
        for kind, amount in sorted((status.get("capacity") or {}).items())
        if kind in COUNTED and milli(amount) > 0
    }
    for pod in pods:
        if _host_of(pod) != name:
            continue
        own = is_own(resource_key({**pod, "apiVersion": "v1", "kind": "Pod"}))
        if not own and (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        word = "requestedByApp" if own else "requestedByNeighbors"
        for kind, amount in pod_requests(pod).items():
            if kind in found:
                found[kind][word] = found[kind].get(word, 0) + amount
    labels = (host.get("metadata") or {}).get("labels") or {}
    return {
        "name": name,
        "resourcesInfo": list(found.values()),
        "systemInfo": status.get("nodeInfo") or {},
        "labels": {key: labels[key] for key in shown if key in labels},
    }


def _ref(key: ResourceKey, version: str) -> JsonObject:
    found = {"group": key.group, "version": version, "kind": key.kind, "namespace": key.namespace, "name": key.name}
    return {name: value for name, value in found.items() if value}


def _is_hook(obj: JsonObject) -> bool:
    from argosy.gitops.sync.hooks import is_hook

    return is_hook(obj)
