"""What a canary writes into ApisixRoutes. Source: spec/rollouts-analysis-traffic.md 14, "Apisix"."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import SetHeaderRoute
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.routers.apisix import ROUTES, ApisixRouter
from argosy.rollouts.routers.port import Drafts, RoutingError

MAIN = {
    "name": "main",
    "priority": 4,
    "match": {"hosts": ["web.example"]},
    "backends": [{"serviceName": "stable", "servicePort": 80}, {"serviceName": "canary", "servicePort": 80}],
}
HEADERS = {
    "name": "beta",
    "match": [
        {"headerName": "x-exact", "headerValue": {"exact": "a"}},
        {"headerName": "x-regex", "headerValue": {"regex": "b.c"}},
        {"headerName": "x-prefix", "headerValue": {"prefix": "d"}},
    ],
}


def router(*rules: JsonObject, named: tuple[str, ...] = ("main",), more: JsonObject | None = None) -> ApisixRouter:
    routing: dict[str, Any] = {"apisix": {"route": {"name": "web", "rules": list(named)}}}
    routing["managedRoutes"] = [{"name": "beta"}]
    canary = {"canaryService": "canary", "stableService": "stable", "trafficRouting": routing}
    metadata = {"name": "web", "namespace": "team", "uid": "u1"}
    rollout = {"metadata": metadata, "spec": {"strategy": {"canary": canary}}}
    labels = {"labels": {"team": "a"}, "uid": "7", "resourceVersion": "9", "generation": 3}
    route = {
        "apiVersion": "apisix.apache.org/v2",
        "kind": "ApisixRoute",
        "metadata": {"name": "web", "namespace": "team", **labels},
        "spec": {"http": [copy.deepcopy(rule) for rule in rules]},
        "status": {"conditions": []},
    }
    seen = {(ROUTES, Key("team", "web")): route}
    if more is not None:
        seen[ROUTES, Key("team", "beta")] = more
    return ApisixRouter(read(Rollout, rollout), Drafts(seen), lambda *_: None)


def object_of(made: ApisixRouter, name: str) -> Any:
    return made.drafts.peek(ROUTES, Key("team", name))


def test_the_named_rules_are_weighted_and_no_other() -> None:
    made = router(MAIN, {**MAIN, "name": "other"})
    made.set_weight(35, ())
    main, other = object_of(made, "web")["spec"]["http"]
    assert {one["serviceName"]: one["weight"] for one in main["backends"]} == {"stable": 65, "canary": 35}
    assert other == {**MAIN, "name": "other"}
    assert made.verify_weight(35, ()) is None


def test_without_rules_the_one_named_like_the_route_is_weighted() -> None:
    made = router({**MAIN, "name": "web"}, named=())
    made.set_weight(35, ())
    assert object_of(made, "web")["spec"]["http"][0]["backends"][1]["weight"] == 35


def test_a_header_route_is_an_own_route_to_the_canary_before_the_one_it_copies() -> None:
    made = router(MAIN)
    made.set_header_route(read(SetHeaderRoute, HEADERS))
    found = object_of(made, "beta")
    metadata = dict(found["metadata"])
    owners = metadata.pop("ownerReferences")
    assert [(one["kind"], one["uid"], one["controller"]) for one in owners] == [("Rollout", "u1", True)]
    assert metadata == {"name": "beta", "namespace": "team", "labels": {"team": "a"}}
    assert "status" not in found
    (rule,) = found["spec"]["http"]
    assert rule["priority"] == 5
    assert rule["backends"] == [{"serviceName": "canary", "servicePort": 80, "weight": 100}]
    assert rule["match"]["hosts"] == ["web.example"]
    assert [(one["subject"], one["op"], one["value"]) for one in rule["match"]["exprs"]] == [
        ({"scope": "Header", "name": "x-exact"}, "Equal", "a"),
        ({"scope": "Header", "name": "x-regex"}, "RegexMatch", "b.c"),
        ({"scope": "Header", "name": "x-prefix"}, "RegexMatch", "^d.*"),
    ]
    assert object_of(made, "web")["spec"]["http"] == [MAIN]
    made.set_header_route(read(SetHeaderRoute, HEADERS))
    assert object_of(made, "beta")["spec"]["http"] == [rule]  # the priority grows once

    made.remove_managed_routes()
    assert object_of(made, "beta") is None


@pytest.mark.parametrize("act", ["set", "remove"])
def test_a_route_of_somebody_else_is_never_changed(act: str) -> None:
    theirs = {"metadata": {"name": "beta", "namespace": "team"}, "spec": {"http": []}}
    made = router(MAIN, more=theirs)
    if act == "set":
        with pytest.raises(RoutingError, match=r"duplicate ApisixRoute \[beta\] already exists"):
            made.set_header_route(read(SetHeaderRoute, HEADERS))
    else:
        made.remove_managed_routes()
    assert object_of(made, "beta") == theirs


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([], "Apisix http route rule main not found"),
        ([{"name": "main"}], "Apisix http route backends not found"),
        ([{"name": "main", "backends": [{"serviceName": "stable"}]}], "apisix route canary backend was not found"),
        ([{"name": "main", "backends": [{"serviceName": "canary"}]}], "apisix route stable backend was not found"),
    ],
)
def test_a_route_that_cannot_be_weighted_is_an_error_that_says_why(rules: list[JsonObject], text: str) -> None:
    with pytest.raises(RoutingError) as caught:
        router(*rules).set_weight(20, ())
    assert str(caught.value) == text
