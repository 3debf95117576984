"""What a canary writes into the routes of the Gateway API. Source: spec/rollouts-analysis-traffic.md 14."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import SetHeaderRoute
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.routers.gateway_api import IN_PROGRESS, KINDS, PLUGIN, GatewayApiRouter
from argosy.rollouts.routers.port import Drafts, RoutingError

HEADERS = {"name": "beta", "match": [{"headerName": "x-beta", "headerValue": {"prefix": "y"}}]}


def backends(*names: str) -> list[JsonObject]:
    return [{"name": name, "port": 80} for name in names]


def router(kind: str, *rules: JsonObject) -> GatewayApiRouter:
    routing = {"managedRoutes": [{"name": "beta"}], "plugins": {PLUGIN: {f"{kind}Route": "web"}}}
    canary = {"canaryService": "canary", "stableService": "stable", "trafficRouting": routing}
    rollout = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"strategy": {"canary": canary}}}
    route = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"rules": copy.deepcopy(list(rules))}}
    drafts = Drafts({(KINDS[kind], Key("team", "web")): route})
    return GatewayApiRouter(read(Rollout, rollout), drafts, lambda *_: None)


def route(made: GatewayApiRouter, kind: str) -> Any:
    return made.drafts.peek(KINDS[kind], Key("team", "web"))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_rule_that_has_both_services_is_weighted_and_marked_while_it_is(kind: str) -> None:
    made = router(kind, {"backendRefs": backends("stable", "canary")}, {"backendRefs": backends("other")})
    made.set_weight(30, ())
    both, other = route(made, kind)["spec"]["rules"]
    assert {one["name"]: one["weight"] for one in both["backendRefs"]} == {"stable": 70, "canary": 30}
    assert other == {"backendRefs": backends("other")}
    assert route(made, kind)["metadata"]["labels"] == {IN_PROGRESS: "in-progress"}

    made.set_weight(0, ())
    assert not route(made, kind)["metadata"]["labels"]


def test_a_route_without_both_services_is_an_error_that_names_them() -> None:
    with pytest.raises(RoutingError, match="has the backends canary and stable"):
        router("grpc", {"backendRefs": backends("stable")}).set_weight(30, ())


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_a_header_route_is_a_further_rule_to_the_canary_alone_and_is_removed_by_its_name(kind: str) -> None:
    rule = {"matches": [{"path": {"value": "/"}}], "backendRefs": backends("stable", "canary")}
    made = router(kind, rule)
    made.set_header_route(read(SetHeaderRoute, HEADERS))
    first, added = route(made, kind)["spec"]["rules"]
    assert first == rule
    assert added == {
        "name": "beta",
        "matches": [
            {"path": {"value": "/"}, "headers": [{"name": "x-beta", "type": "RegularExpression", "value": "y.*"}]}
        ],
        "backendRefs": [{"name": "canary", "port": 80, "weight": 100}],
    }
    made.remove_managed_routes()
    assert route(made, kind)["spec"]["rules"] == [rule]
