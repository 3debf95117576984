"""What a canary writes into App Mesh's objects. Source: spec/rollouts-analysis-traffic.md 14, "App Mesh"."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.routers.app_mesh import (
    ROUTE_KINDS,
    VIRTUAL_NODES,
    VIRTUAL_ROUTERS,
    VIRTUAL_SERVICES,
    AppMeshRouter,
)
from argosy.rollouts.routers.port import Drafts, RoutingError

HASH = "rollouts-pod-template-hash"
NODES = {"canaryVirtualNodeRef": {"name": "node-canary"}, "stableVirtualNodeRef": {"name": "node-stable"}}


def named(name: str, spec: JsonObject) -> JsonObject:
    return {"metadata": {"name": name, "namespace": "team"}, "spec": spec}


def route(name: str, kind: str = "httpRoute") -> JsonObject:
    targets = [
        {"virtualNodeRef": {"name": "node-stable"}, "weight": 100},
        {"virtualNodeRef": {"name": "node-canary", "namespace": "team"}, "weight": 0},
        {"virtualNodeRef": {"name": "node-canary", "namespace": "other"}, "weight": 3},
    ]
    return {"name": name, kind: {"match": {"prefix": "/"}, "action": {"weightedTargets": targets}}}


def router(*routes: JsonObject, wanted: tuple[str, ...] = (), without: str = "") -> AppMeshRouter:
    mesh = {"virtualService": {"name": "web", "routes": list(wanted)}, "virtualNodeGroup": NODES}
    canary = {"canaryService": "canary", "stableService": "stable", "trafficRouting": {"appMesh": mesh}}
    rollout = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"strategy": {"canary": canary}}}
    provider = {"provider": {"virtualRouter": {"virtualRouterRef": {"name": "router"}}}}
    seen = {
        (VIRTUAL_SERVICES, Key("team", "web")): named("web", provider),
        (VIRTUAL_ROUTERS, Key("team", "router")): named("router", {"routes": [copy.deepcopy(one) for one in routes]}),
        (VIRTUAL_NODES, Key("team", "node-canary")): named("node-canary", {"listeners": []}),
        (VIRTUAL_NODES, Key("team", "node-stable")): named("node-stable", {"podSelector": {"matchLabels": {"a": "b"}}}),
    }
    kept = {place: obj for place, obj in seen.items() if place[0].kind != without}
    return AppMeshRouter(read(Rollout, rollout), Drafts(kept), lambda *_: None)


def weights(made: AppMeshRouter) -> list[list[int]]:
    found: Any = made.drafts.peek(VIRTUAL_ROUTERS, Key("team", "router"))
    rules = [next(route[kind] for kind in ROUTE_KINDS if kind in route) for route in found["spec"]["routes"]]
    return [[one["weight"] for one in rule["action"]["weightedTargets"]] for rule in rules]


def labels(made: AppMeshRouter, name: str) -> Any:
    found: Any = made.drafts.peek(VIRTUAL_NODES, Key("team", name))
    assert found["metadata"]["annotations"] == {"argo-rollouts.argoproj.io/managed-by-rollouts": "web"}
    return found["spec"]["podSelector"]["matchLabels"]


@pytest.mark.parametrize("kind", ROUTE_KINDS)
def test_the_targets_of_both_nodes_are_weighted_in_every_kind_of_route(kind: str) -> None:
    made = router(route("main", kind))
    made.set_weight(30, ())
    assert weights(made) == [[70, 30, 3]]
    assert made.verify_weight(30, ()) is None


def test_only_named_routes_are_weighted() -> None:
    made = router(route("main"), route("other"), wanted=("main",))
    made.set_weight(30, ())
    assert weights(made) == [[70, 30, 3], [100, 0, 3]]


def test_the_nodes_select_the_pods_of_their_version() -> None:
    made = router()
    made.update_hash("new", "old", ())
    assert labels(made, "node-stable") == {"a": "b", HASH: "old"}
    assert labels(made, "node-canary") == {HASH: "new"}


@pytest.mark.parametrize(
    ("canary", "stable", "wanted"), [("old", "old", "old"), ("", "old", "old"), ("", "", "stable-hash")]
)
def test_a_version_that_does_not_exist_is_selected_by_a_hash_that_no_pod_has(
    canary: str, stable: str, wanted: str
) -> None:
    """App Mesh refuses two nodes with the same selector."""
    made = router()
    made.update_hash(canary, stable, ())
    assert labels(made, "node-stable")[HASH] == wanted
    assert labels(made, "node-canary")[HASH] == "canary-hash"


@pytest.mark.parametrize("kind", ["VirtualService", "VirtualRouter", "VirtualNode"])
def test_a_missing_object_is_an_error_that_names_its_kind(kind: str) -> None:
    made = router(route("main"), without=kind)
    with pytest.raises(RoutingError, match=f"{kind} is missing"):
        made.set_weight(30, ()) if kind != "VirtualNode" else made.update_hash("new", "old", ())


def test_a_route_without_weighted_targets_is_an_error_that_names_it() -> None:
    with pytest.raises(RoutingError, match="Route main is not well formed"):
        router({"name": "main", "httpRoute": {}}).set_weight(30, ())
