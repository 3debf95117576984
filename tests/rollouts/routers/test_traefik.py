"""What a canary writes into a TraefikService. Source: spec/rollouts-analysis-traffic.md 14, "Traefik"."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.routers.port import Drafts, RoutingError
from argosy.rollouts.routers.traefik import TraefikRouter
from argosy.rollouts.routers.versions import TRAEFIK_SERVICES

PLACE = TRAEFIK_SERVICES, Key("team", "weighted")


def router(spec: JsonObject | None) -> TraefikRouter:
    canary: dict[str, Any] = {"canaryService": "canary", "stableService": "stable"}
    canary["trafficRouting"] = {"traefik": {"weightedTraefikServiceName": "weighted"}}
    rollout = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"strategy": {"canary": canary}}}
    found = {"metadata": {"name": "weighted", "namespace": "team"}, "spec": spec}
    return TraefikRouter(read(Rollout, rollout), Drafts({PLACE: found} if spec is not None else {}), lambda *_: None)


@pytest.mark.parametrize("weight", [0, 35, 100])
def test_both_services_are_weighted_and_others_are_left_alone(weight: int) -> None:
    services = [{"name": "other", "weight": 7}, {"name": "canary", "port": 80}, {"name": "stable", "weight": 1}]
    made = router({"weighted": {"services": services, "sticky": {"cookie": {}}}})
    made.set_weight(weight, ())
    found = made.drafts.peek(*PLACE)
    assert found is not None
    assert found["spec"] == {
        "weighted": {
            "services": [
                {"name": "other", "weight": 7},
                {"name": "canary", "port": 80, "weight": weight},
                {"name": "stable", "weight": 100 - weight},
            ],
            "sticky": {"cookie": {}},
        }
    }
    assert made.verify_weight(weight, ()) is None


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (None, 'traefikservices.traefik.io "weighted" not found'),
        ({}, "spec.weighted.services was not found in traefik service manifest"),
        ({"weighted": {"services": [{"name": "stable"}]}}, "traefik canary service was not found"),
        ({"weighted": {"services": [{"name": "canary"}]}}, "traefik stable service was not found"),
    ],
)
def test_an_object_that_cannot_be_weighted_is_an_error_that_says_why(spec: JsonObject | None, text: str) -> None:
    with pytest.raises(RoutingError) as caught:
        router(spec).set_weight(20, ())
    assert str(caught.value) == text
