"""App Mesh: weighted targets of a VirtualRouter, and hashes in the pod selectors of two VirtualNodes. Section 14."""

from __future__ import annotations

from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import AppMesh
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY
from argosy.rollouts.routers.port import Passive, RoutingError, Shares

GROUP: Final = "appmesh.k8s.aws"
VIRTUAL_SERVICES: Final = Resource(GROUP, "v1beta2", "virtualservices", "VirtualService")
VIRTUAL_ROUTERS: Final = Resource(GROUP, "v1beta2", "virtualrouters", "VirtualRouter")
VIRTUAL_NODES: Final = Resource(GROUP, "v1beta2", "virtualnodes", "VirtualNode")
ROUTE_KINDS: Final = ("httpRoute", "tcpRoute", "http2Route", "grpcRoute")
NO_CANARY: Final = "canary-hash"
NO_STABLE: Final = "stable-hash"
"""A hash that no pod has."""


def app_mesh_of(rollout: Rollout) -> AppMesh | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.app_mesh if canary is not None and canary.traffic_routing is not None else None


def node_names(rollout: Rollout) -> tuple[str, str]:
    """(canary, stable)."""
    mesh = app_mesh_of(rollout)
    group = mesh.virtual_node_group if mesh is not None else None
    if group is None or group.canary_virtual_node_ref is None or group.stable_virtual_node_ref is None:
        return "", ""
    return group.canary_virtual_node_ref.name, group.stable_virtual_node_ref.name


def router_key(rollout: Rollout, service: JsonObject) -> Key | None:
    """The VirtualRouter of a VirtualService."""
    provider = ((service.get("spec") or {}).get("provider") or {}).get("virtualRouter") or {}
    reference = provider.get("virtualRouterRef") or {}
    if not reference.get("name"):
        return None
    return Key(str(reference.get("namespace") or service["metadata"].get("namespace") or ""), str(reference["name"]))


def route_rule(route: JsonObject) -> tuple[str, JsonObject] | None:
    return next(((kind, route[kind]) for kind in ROUTE_KINDS if isinstance(route.get(kind), dict)), None)


class AppMeshRouter(Passive):
    kind = "AppMesh"

    def update_hash(self, canary: str, stable: str, shares: Shares) -> None:
        canary_node, stable_node = node_names(self.rollout)
        stable = stable or NO_STABLE
        self._select(stable_node, stable)
        self._select(canary_node, NO_CANARY if canary in ("", stable) else canary)

    def _select(self, name: str, pod_hash: str) -> None:
        node = self.drafts.get(VIRTUAL_NODES, self.key(name))
        if node is None:
            text = f"VirtualNode `{name}` not found in namespace `{self.rollout.namespace}`"
            self.report("Warning", "VirtualNodeNotFound", text)
            raise RoutingError("VirtualNode is missing")
        notes = node["metadata"].get("annotations") or {}
        node["metadata"]["annotations"] = {**notes, MANAGED_BY: self.rollout.name}
        selector = node.setdefault("spec", {}).setdefault("podSelector", {})
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: pod_hash}

    def set_weight(self, weight: int, shares: Shares) -> None:
        mesh = app_mesh_of(self.rollout)
        wanted = mesh.virtual_service.routes if mesh is not None and mesh.virtual_service is not None else ()
        router = self._router()
        routes = (router.get("spec") or {}).get("routes")
        if not isinstance(routes, list):
            raise RoutingError(f"No routes found in VirtualRouter {router['metadata']['name']}")
        for route in routes:
            if not wanted or route.get("name") in wanted:
                self._weight(route, weight)

    def _weight(self, route: JsonObject, weight: int) -> None:
        canary, stable = node_names(self.rollout)
        rule = route_rule(route)
        targets = ((rule[1].get("action") or {}).get("weightedTargets")) if rule is not None else None
        if not isinstance(targets, list):
            raise RoutingError(f"Route {route.get('name')} is not well formed")
        for target in targets:
            reference = target.get("virtualNodeRef") or {}
            if (reference.get("namespace") or self.rollout.namespace) != self.rollout.namespace:
                continue
            if reference.get("name") == stable:
                target["weight"] = 100 - weight
            elif reference.get("name") == canary:
                target["weight"] = weight

    def _router(self) -> JsonObject:
        mesh, namespace = app_mesh_of(self.rollout), self.rollout.namespace
        name = mesh.virtual_service.name if mesh is not None and mesh.virtual_service is not None else ""
        service = self.drafts.peek(VIRTUAL_SERVICES, self.key(name))
        if service is None:
            text = f"VirtualService `{name}` not found in namespace `{namespace}`"
            self.report("Warning", "VirtualServiceNotFound", text)
            raise RoutingError("VirtualService is missing")
        key = router_key(self.rollout, service)
        router = self.drafts.get(VIRTUAL_ROUTERS, key) if key is not None else None
        if router is None:
            text = f"VirtualRouter for `{name}` not found in namespace `{namespace}`"
            self.report("Warning", "VirtualRouterNotFound", text)
            raise RoutingError("VirtualRouter is missing")
        return router
