"""Each router's weights, as its resources spell them, become shares of what comes for a Service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from argosy.cluster.workloads.traffic.routing import destinations_of
from argosy.machinery.objects import JsonObject

ISTIO, GATEWAY = "networking.istio.io", "gateway.networking.k8s.io"


class Stored:
    def __init__(self, objects: dict[tuple[str, str], list[JsonObject]]) -> None:
        self._objects = objects

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        return self._objects.get((group, plural), [])


def obj(kind: str, spec: Any = None, **annotations: str) -> JsonObject:
    named = {f"nginx.ingress.kubernetes.io/canary{key}": value for key, value in annotations.items()}
    return {"kind": kind, "metadata": {"name": "r", "annotations": named}, "spec": spec or {}}


def ingress(service: str, **annotations: str) -> JsonObject:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return obj("Ingress", {"rules": [{"host": "x", "http": {"paths": paths}}]}, **annotations)


def virtual_service(*weights: tuple[str, str, int]) -> JsonObject:
    route = [{"destination": {"host": host, "subset": subset}, "weight": weight} for host, subset, weight in weights]
    return obj("VirtualService", {"hosts": ["web.ns.svc"], "http": [{"match": [{}], "route": []}, {"route": route}]})


def references(*weights: tuple[str, int]) -> Any:
    return {"rules": [{"backendRefs": [{"name": name, "weight": weight} for name, weight in weights]}]}


ALB = {
    "kind": "Ingress",
    "metadata": {
        "name": "r",
        "annotations": {
            "alb.ingress.kubernetes.io/actions.web": '{"Type":"forward","ForwardConfig":{"TargetGroups":'
            '[{"ServiceName":"web","Weight":70},{"ServiceName":"canary","Weight":30}]}}'
        },
    },
}


@pytest.mark.parametrize(
    ("stored", "router", "shares"),
    [
        ({}, "", {"web": 1.0}),
        (
            {(ISTIO, "virtualservices"): [virtual_service(("web", "", 75), ("canary.ns", "", 25))]},
            "VirtualService/r",
            {"web": 0.75, "canary": 0.25},
        ),
        (
            {(GATEWAY, "httproutes"): [obj("HTTPRoute", references(("web", 9), ("canary", 1)))]},
            "HTTPRoute/r",
            {"web": 0.9, "canary": 0.1},
        ),
        (
            {
                ("split.smi-spec.io", "trafficsplits"): [
                    obj(
                        "TrafficSplit",
                        {
                            "service": "web",
                            "backends": [
                                {"service": "stable", "weight": "800m"},
                                {"service": "canary", "weight": "200m"},
                            ],
                        },
                    )
                ]
            },
            "TrafficSplit/r",
            {"stable": 0.8, "canary": 0.2},
        ),
        (
            {
                ("networking.k8s.io", "ingresses"): [
                    ingress("web"),
                    ingress("canary", **{"": "true", "-weight": "40"}),
                ]
            },
            "Ingress/r",
            {"web": 0.6, "canary": 0.4},
        ),
        (
            {
                ("networking.k8s.io", "ingresses"): [
                    ingress("web"),
                    ingress("canary", **{"": "true", "-weight": "5", "-weight-total": "10"}),
                ]
            },
            "Ingress/r",
            {"web": 0.5, "canary": 0.5},
        ),
        ({("networking.k8s.io", "ingresses"): [ALB]}, "Ingress/r", {"web": 0.7, "canary": 0.3}),
        (
            {
                ("traefik.io", "traefikservices"): [
                    obj(
                        "TraefikService",
                        {"weighted": {"services": [{"name": "web", "weight": 1}, {"name": "canary", "weight": 3}]}},
                    )
                ]
            },
            "TraefikService/r",
            {"web": 0.25, "canary": 0.75},
        ),
        (
            {(GATEWAY, "httproutes"): [obj("HTTPRoute", references(("other", 1)))]},
            "",
            {"web": 1.0},
        ),
        (
            {(GATEWAY, "httproutes"): [obj("HTTPRoute", references(("web", 100), ("canary", 0)))]},
            "HTTPRoute/r",
            {"web": 1.0},
        ),
    ],
)
def test_weights_are_shares(stored: Any, router: str, shares: dict[str, float]) -> None:
    found, destinations = destinations_of(Stored(stored), "ns", "web")
    assert found == router
    assert {one.service: round(one.weight, 9) for one in destinations} == shares


def test_a_subset_means_the_pods_with_its_labels() -> None:
    rule = {"host": "web", "subsets": [{"name": "stable", "labels": {"h": "1"}}, {"name": "new", "labels": {"h": "2"}}]}
    stored: Any = {
        (ISTIO, "virtualservices"): [virtual_service(("web", "stable", 90), ("web", "new", 10))],
        (ISTIO, "destinationrules"): [obj("DestinationRule", rule)],
    }
    _, destinations = destinations_of(Stored(stored), "ns", "web")
    assert [(one.labels, one.weight) for one in destinations] == [({"h": "1"}, 0.9), ({"h": "2"}, 0.1)]
