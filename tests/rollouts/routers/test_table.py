"""Each router in a whole update: weighted by a step, never by the first deployment, and undone by an abort.

Source: spec/rollouts-analysis-traffic.md 14 and 5.6.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key, Resource
from argosy.rollouts.resources import INGRESSES
from argosy.rollouts.routers import apisix, app_mesh, gateway_api
from argosy.rollouts.routers.istio.resources import VIRTUAL_SERVICES
from argosy.rollouts.routers.versions import MAPPINGS, TRAEFIK_SERVICES, TRAFFIC_SPLITS
from tests.kit.rollout_story import NAMESPACE, RolloutStory
from tests.kit.rollouts import TEMPLATE

Json = dict[str, Any]
HEADERS: Json = {"name": "beta", "match": [{"headerName": "x-beta", "headerValue": {"exact": "yes"}}]}
MIRROR: Json = {"name": "shadow", "match": [{"path": {"prefix": "/"}}], "percentage": 30}


@dataclass(frozen=True)
class Case:
    routing: Json
    given: tuple[Json, ...]
    weights: tuple[tuple[Resource, str, str], ...]
    """(kind, name, path of the canary's weight); a path that ends in `{}` is JSON text."""
    absent: int | None = 0
    """The weight without an update; None: there is no such object."""
    routes: tuple[Json, ...] = ()
    """Steps that set managed routes, which are at the paths of `managed`."""
    managed: tuple[tuple[Resource, str, str], ...] = field(default=())


def of(kind: Resource, name: str, **content: Any) -> Json:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, **content}


def pair(field_name: str) -> list[Json]:
    return [{field_name: "stable", "weight": 100}, {field_name: "canary", "weight": 0}]


def ingress(port: Json) -> Json:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "stable", "port": port}}}
    return of(INGRESSES, "web", spec={"rules": [{"host": "web.example", "http": {"paths": [path]}}]})


def nodes() -> tuple[Json, ...]:
    listed = [{"virtualNodeRef": {"name": name}, "weight": 50} for name in ("node-stable", "node-canary")]
    routes = [{"name": "main", "httpRoute": {"action": {"weightedTargets": listed}}}]
    provider = {"virtualRouter": {"virtualRouterRef": {"name": "router"}}}
    return (
        of(app_mesh.VIRTUAL_SERVICES, "web", spec={"provider": provider}),
        of(app_mesh.VIRTUAL_ROUTERS, "router", spec={"routes": routes}),
        *(
            of(app_mesh.VIRTUAL_NODES, name, spec={"podSelector": {"matchLabels": {"app": "web"}}})
            for name in ("node-stable", "node-canary")
        ),
    )


VIRTUAL = of(
    VIRTUAL_SERVICES,
    "web",
    spec={"http": [{"route": [{"destination": {"host": one}} for one in ("stable", "canary")]}]},
)
VIRTUAL["spec"]["http"][0]["route"][0]["weight"] = 100
MESH = {
    "virtualService": {"name": "web"},
    "virtualNodeGroup": {
        "canaryVirtualNodeRef": {"name": "node-canary"},
        "stableVirtualNodeRef": {"name": "node-stable"},
    },
}
APISIX = of(apisix.ROUTES, "web", spec={"http": [{"name": "main", "backends": pair("serviceName")}]})
GATEWAY = of(gateway_api.KINDS["http"], "web", spec={"rules": [{"backendRefs": pair("name")}]})
ALB_ACTION = "metadata/annotations/alb.ingress.kubernetes.io~1actions.stable/{}"
CASES = {
    "istio": Case(
        {"istio": {"virtualService": {"name": "web"}}},
        (VIRTUAL,),
        ((VIRTUAL_SERVICES, "web", "spec/http/-1/route/1/weight"),),
        routes=({"setHeaderRoute": HEADERS}, {"setMirrorRoute": MIRROR}),
        managed=(
            (VIRTUAL_SERVICES, "web", "spec/http/0/match/0/headers/x-beta/exact"),
            (VIRTUAL_SERVICES, "web", "spec/http/1/mirrorPercentage/value"),
        ),
    ),
    "nginx": Case(
        {"nginx": {"stableIngress": "web"}},
        (ingress({"number": 80}),),
        ((INGRESSES, "web-web-canary", "metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight"),),
    ),
    "alb": Case(
        {"alb": {"ingress": "web", "servicePort": 80}},
        (ingress({"name": "use-annotation"}),),
        ((INGRESSES, "web", f"{ALB_ACTION}/ForwardConfig/TargetGroups/0/Weight"),),
        routes=({"setHeaderRoute": HEADERS},),
        managed=((INGRESSES, "web", "metadata/annotations/alb.ingress.kubernetes.io~1conditions.beta"),),
    ),
    "smi": Case({"smi": {}}, (), ((TRAFFIC_SPLITS, "web", "spec/backends/0/weight"),)),
    "ambassador": Case(
        {"ambassador": {"mappings": ["web"]}},
        (of(MAPPINGS, "web", spec={"prefix": "/", "service": "stable:80"}),),
        ((MAPPINGS, "web-canary", "spec/weight"),),
        absent=None,
    ),
    "traefik": Case(
        {"traefik": {"weightedTraefikServiceName": "web"}},
        (of(TRAEFIK_SERVICES, "web", spec={"weighted": {"services": pair("name")}}),),
        ((TRAEFIK_SERVICES, "web", "spec/weighted/services/1/weight"),),
    ),
    "apisix": Case(
        {"apisix": {"route": {"name": "web", "rules": ["main"]}}},
        (APISIX,),
        ((apisix.ROUTES, "web", "spec/http/0/backends/1/weight"),),
        routes=({"setHeaderRoute": HEADERS},),
        managed=((apisix.ROUTES, "beta", "spec/http/0/match/exprs/0/value"),),
    ),
    "app mesh": Case(
        {"appMesh": MESH},
        nodes(),
        (
            (
                app_mesh.VIRTUAL_ROUTERS,
                "router",
                "spec/routes/0/httpRoute/action/weightedTargets/1/weight",
            ),
        ),
    ),
    "gateway": Case(
        {"plugins": {gateway_api.PLUGIN: {"httpRoute": "web", "namespace": NAMESPACE}}},
        (GATEWAY,),
        ((gateway_api.KINDS["http"], "web", "spec/rules/0/backendRefs/1/weight"),),
        routes=({"setHeaderRoute": HEADERS},),
        managed=((gateway_api.KINDS["http"], "web", "spec/rules/1/matches/0/headers/0/value"),),
    ),
}


def value(world: RolloutStory, resource: Resource, name: str, path: str) -> Any:
    """None: there is no such object, or nothing at the path."""
    found: Any = world.get(resource, Key(NAMESPACE, name))
    for part in path.split("/"):
        if found is None:
            return None
        if part == "{}":
            found = json.loads(found)
        elif isinstance(found, list):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = found.get(part.replace("~1", "/"))
    return found


def weights(world: RolloutStory, case: Case) -> list[int | None]:
    found = [value(world, *place) for place in case.weights]
    return [None if one is None else int(one) for one in found]


def services() -> list[Json]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
        for name in ("stable", "canary")
    ]


def rollout(case: Case, *more: Json) -> Json:
    """`more`: steps after the pause."""
    managed = [{"name": next(iter(step.values()))["name"]} for step in case.routes]
    routing = {**case.routing, **({"managedRoutes": managed} if managed else {})}
    steps = [{"setWeight": 20}, *case.routes, {"pause": {}}, *more]
    canary = {"stableService": "stable", "canaryService": "canary", "trafficRouting": routing, "steps": steps}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
    return {**body, "spec": {**spec, "strategy": {"canary": canary}}}


@pytest.mark.parametrize("name", CASES)
def test_a_step_sets_weight_and_routes_and_an_abort_undoes_both(name: str) -> None:
    case = CASES[name]
    with RolloutStory() as world:
        world.given([*services(), *case.given, rollout(case)])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert weights(world, case) == [20] * len(case.weights)
        assert all(value(world, *place) for place in case.managed)

        world.command(["abort", "web"])
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        assert weights(world, case) == [case.absent] * len(case.weights)
        assert not any(value(world, *place) for place in case.managed)

        world.command(["retry", "rollout", "web"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert weights(world, case) == [20] * len(case.weights)
        world.command(["promote", "web"])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert weights(world, case) == [case.absent] * len(case.weights)
        assert not any(value(world, *place) for place in case.managed)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.managed])
def test_a_step_that_names_a_route_without_a_match_removes_it_for_good(name: str) -> None:
    case = CASES[name]
    removed = [{kind: {"name": route["name"]}} for step in case.routes for kind, route in step.items()]
    with RolloutStory() as world:
        world.given([*services(), *case.given, rollout(case, *removed, {"pause": {}})])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert all(value(world, *place) for place in case.managed)
        world.command(["promote", "web"])
        last = len(case.routes) + 2 + len(removed)
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": last})
        assert not any(value(world, *place) for place in case.managed)
        assert weights(world, case) == [20] * len(case.weights)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.managed])
def test_a_managed_route_that_somebody_edits_is_reported_and_set_again(name: str) -> None:
    case = CASES[name]
    with RolloutStory() as world:
        world.given([*services(), *case.given, rollout(case)])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        resource, found, path = case.managed[0]
        before = value(world, resource, found, path)
        top, *inner = path.split("/")
        patch = {top: edited(value(world, resource, found, top), inner)}
        world.pass_time(2)
        world.run(world.client.patch(resource, found, NAMESPACE, patch, PatchType.MERGE, field_manager="kubectl-edit"))
        world.pass_time(5)
        assert value(world, resource, found, path) == before
        reported = [event.message for _, event in world.told if event.reason == "RouteEdited"]
        assert len(reported) == 1
        assert f"{resource.kind} {found} was changed by 'kubectl-edit'" in reported[0]
        assert weights(world, case) == [20] * len(case.weights)


CREATED = {
    "nginx": (INGRESSES, "web-web-canary"),
    "smi": (TRAFFIC_SPLITS, "web"),
    "ambassador": (MAPPINGS, "web-canary"),
    "apisix": (apisix.ROUTES, "beta"),
}
"""What a router creates; it changes the other objects only."""


@pytest.mark.parametrize("name", CREATED)
def test_an_object_that_somebody_deletes_again_and_again_is_reported_and_left_alone_for_ten_minutes(name: str) -> None:
    case, (resource, found) = CASES[name], CREATED[name]
    with RolloutStory() as world:
        world.given([*services(), *case.given, rollout(case)])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        world.pass_time(700)
        assert not [event for _, event in world.told if event.reason == "RouteEdited"]
        for _ in range(3):
            world.run(world.client.delete(resource, found, NAMESPACE))
            world.pass_time(2)
            assert world.get(resource, Key(NAMESPACE, found))
        world.run(world.client.delete(resource, found, NAMESPACE))
        world.pass_time(60)
        assert world.get(resource, Key(NAMESPACE, found)) is None
        reported = [event.message for _, event in world.told if event.reason == "RouteEdited"]
        missing = f"{resource.kind} {found} is missing while 20% are for the canary: it is created again"
        assert reported[:3] == [missing] * 3
        assert reported[3:] == [f"somebody keeps deleting {resource.kind} {found}: it is left alone for now"]
        world.pass_time(600)
        assert world.get(resource, Key(NAMESPACE, found))
        assert weights(world, case) == [20] * len(case.weights)


def edited(found: Any, path: list[str]) -> Any:
    """With another value at the path."""
    if not path:
        return "edited"
    part = path[0].replace("~1", "/")
    if isinstance(found, list):
        return [edited(one, path[1:]) if number == int(part) else one for number, one in enumerate(found)]
    return {**found, part: edited(found[part], path[1:])}
