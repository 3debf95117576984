"""Weights written to routers are read back from their objects, and changes by others are reported too."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers import ambassador, apisix, app_mesh, gateway_api, smi, traefik
from argosy.rollouts.routers.alb import AlbRouter
from argosy.rollouts.routers.gateway_api import PLUGIN
from argosy.rollouts.routers.istio.resources import VIRTUAL_SERVICES
from argosy.rollouts.routers.istio.router import IstioRouter
from argosy.rollouts.routers.nginx import NginxRouter
from argosy.rollouts.routers.port import Drafts, Router
from argosy.rollouts.routers.reported import Reported, reported
from argosy.rollouts.routers.versions import MAPPINGS, TRAEFIK_SERVICES

Seen = Mapping[tuple[Resource, Key], JsonObject]
Make = Callable[..., Router]
NODES = {
    "canaryVirtualNodeRef": {"name": "node-canary"},
    "stableVirtualNodeRef": {"name": "node-stable"},
}


def named(name: str, **fields: Any) -> JsonObject:
    return {"metadata": {"name": name, "namespace": "team"}, **fields}


def ingress() -> JsonObject:
    path = {"path": "/", "backend": {"service": {"name": "stable", "port": {"number": 80}}}}
    return named("web", spec={"rules": [{"host": "web.example", "http": {"paths": [path]}}]})


def at(resource: Resource, obj: JsonObject) -> Seen:
    return {(resource, Key("team", obj["metadata"]["name"])): obj}


def two(field: str) -> list[JsonObject]:
    return [{field: "stable", "weight": 100}, {field: "canary", "weight": 0}]


def destinations(field: str) -> list[JsonObject]:
    return [{"destination": {field: name}, "weight": weight} for name, weight in (("stable", 100), ("canary", 0))]


def targets() -> list[JsonObject]:
    return [{"virtualNodeRef": {"name": f"node-{name}"}, "weight": 50} for name in ("stable", "canary")]


MESH_SERVICE = named("web", spec={"provider": {"virtualRouter": {"virtualRouterRef": {"name": "web"}}}})
MESH_ROUTER = named("web", spec={"routes": [{"name": "main", "httpRoute": {"action": {"weightedTargets": targets()}}}]})


def alb_ingress() -> JsonObject:
    made = ingress()
    backend = made["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    backend["port"] = {"name": "use-annotation"}
    return made


ROUTERS: dict[str, tuple[JsonObject, Make, Seen]] = {
    "nginx": ({"nginx": {"stableIngress": "web"}}, NginxRouter, at(INGRESSES, ingress())),
    "alb": (
        {"alb": {"ingress": "web", "servicePort": 80}},
        lambda of, drafts, tell: AlbRouter(of, drafts, tell, lambda weight, shares: None),
        at(INGRESSES, alb_ingress()),
    ),
    "smi": ({"smi": {}}, smi.SmiRouter, {}),
    "ambassador": (
        {"ambassador": {"mappings": ["web"]}},
        ambassador.AmbassadorRouter,
        at(MAPPINGS, named("web", spec={"service": "stable:80", "prefix": "/"})),
    ),
    "traefik": (
        {"traefik": {"weightedTraefikServiceName": "web"}},
        traefik.TraefikRouter,
        at(TRAEFIK_SERVICES, named("web", spec={"weighted": {"services": two("name")}})),
    ),
    "apisix": (
        {"apisix": {"route": {"name": "web", "rules": ["main"]}}},
        apisix.ApisixRouter,
        at(apisix.ROUTES, named("web", spec={"http": [{"name": "main", "backends": two("serviceName")}]})),
    ),
    "app mesh": (
        {"appMesh": {"virtualService": {"name": "web"}, "virtualNodeGroup": NODES}},
        app_mesh.AppMeshRouter,
        {**at(app_mesh.VIRTUAL_SERVICES, MESH_SERVICE), **at(app_mesh.VIRTUAL_ROUTERS, MESH_ROUTER)},
    ),
    "istio": (
        {"istio": {"virtualService": {"name": "web"}}},
        IstioRouter,
        at(VIRTUAL_SERVICES, named("web", spec={"http": [{"name": "main", "route": destinations("host")}]})),
    ),
    "gateway": (
        {"plugins": {PLUGIN: {"httpRoute": "web", "namespace": "team"}}},
        gateway_api.GatewayApiRouter,
        at(gateway_api.KINDS["http"], named("web", spec={"rules": [{"backendRefs": two("name")}]})),
    ),
}


def rollout(routing: JsonObject, **canary: Any) -> Rollout:
    given = {"canaryService": "canary", "stableService": "stable", "trafficRouting": routing, **canary}
    return read(Rollout, named("web", spec={"strategy": {"canary": given}}))


def after(weight: int, routing: JsonObject, make: Make, seen: Seen) -> list[Reported]:
    of, drafts = rollout(routing), Drafts(copy.deepcopy(dict(seen)))
    make(of, drafts, lambda *told: None).set_weight(weight, ())
    there = {place: obj for place, obj in {**drafts.seen, **drafts.changed}.items() if obj is not None}
    return reported(of, there)


@pytest.mark.parametrize("weight", [0, 30, 100])
@pytest.mark.parametrize("name", ROUTERS)
def test_a_weight_written_to_a_router_is_read_back(name: str, weight: int) -> None:
    found = after(weight, *ROUTERS[name])
    if name == "ambassador" and weight == 0:
        assert found == []  # no Mapping of the canary's own
        return
    assert [(one.canary, one.stable) for one in found] == [(weight, 100 - weight)]


def test_what_a_person_wrote_is_reported_with_its_place() -> None:
    routes = [
        {"name": "main", "route": destinations("host")},
        {"name": "other", "route": [{"destination": {"host": "canary.team.svc"}, "weight": 7}]},
        {"name": "strange", "route": "x"},
    ]
    seen = at(VIRTUAL_SERVICES, named("web", spec={"http": routes}))
    found = reported(rollout({"istio": {"virtualService": {"name": "web"}}}), seen)
    assert [(one.place, one.canary, one.stable) for one in found] == [("main", 0, 100), ("other", 100, 0)]


def test_subsets_of_a_destination_rule_are_versions() -> None:
    rule = {"name": "web", "canarySubsetName": "new", "stableSubsetName": "old"}
    both = [{"destination": {"host": "web", "subset": name}, "weight": 50} for name in ("old", "new")]
    seen = at(VIRTUAL_SERVICES, named("web", spec={"http": [{"route": both}]}))
    found = reported(rollout({"istio": {"virtualService": {"name": "web"}, "destinationRule": rule}}), seen)
    assert [(one.canary, one.stable) for one in found] == [(50, 50)]


def test_an_annotation_that_is_no_json_says_nothing() -> None:
    broken = ingress()
    broken["metadata"]["annotations"] = {"alb.ingress.kubernetes.io/actions.stable": "{"}
    assert reported(rollout({"alb": {"ingress": "web", "servicePort": 80}}), at(INGRESSES, broken)) == []
