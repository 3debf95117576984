"""A router's objects are read and written in the version that the cluster serves. Source: spec 14."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write
from argosy.promotion.preview.loaded import Loaded
from argosy.rollouts.routers import needs, versions
from argosy.rollouts.routers.ambassador import AmbassadorRouter
from argosy.rollouts.routers.istio.resources import VIRTUAL_SERVICES
from argosy.rollouts.routers.istio.router import IstioRouter
from argosy.rollouts.routers.port import Drafts, Passive
from argosy.rollouts.routers.smi import SmiRouter
from argosy.rollouts.routers.traefik import TraefikRouter
from argosy.rollouts.routers.versions import MAPPINGS, OTHERS, TRAEFIK_SERVICES, TRAFFIC_SPLITS, versions_of

SPECS: dict[Resource, tuple[type[Passive], JsonObject, JsonObject]] = {
    VIRTUAL_SERVICES: (
        IstioRouter,
        {"istio": {"virtualService": {"name": "web"}}},
        {"http": [{"route": [{"destination": {"host": name}} for name in ("stable", "canary")]}]},
    ),
    TRAEFIK_SERVICES: (
        TraefikRouter,
        {"traefik": {"weightedTraefikServiceName": "web"}},
        {"weighted": {"services": [{"name": "stable"}, {"name": "canary"}]}},
    ),
    MAPPINGS: (AmbassadorRouter, {"ambassador": {"mappings": ["web"]}}, {"prefix": "/", "service": "stable"}),
}


class Served(Loaded):
    """A cluster that serves one version of a kind."""

    def __init__(self, resource: Resource, *objects: JsonObject) -> None:
        super().__init__({resource: objects})
        self.resource = resource

    def serves(self, kind: Any) -> bool:
        return bool(kind == self.resource)


def rollout(routing: JsonObject) -> Rollout:
    canary = {"canaryService": "canary", "stableService": "stable", "trafficRouting": routing}
    metadata = {"name": "web", "namespace": "team", "uid": "1"}
    return read(Rollout, {"metadata": metadata, "spec": {"strategy": {"canary": canary}}})


CASES = [(default, one) for default in SPECS for one in versions_of(default)]


@pytest.mark.parametrize(("default", "served"), CASES, ids=[f"{one.plural}.{one.api_version}" for _, one in CASES])
def test_an_object_is_written_in_the_version_that_is_served(default: Resource, served: Resource) -> None:
    make, routing, spec = SPECS[default]
    metadata = {"name": "web", "namespace": "team", "uid": "2", "resourceVersion": "3"}
    obj = {"apiVersion": served.api_version, "kind": served.kind, "metadata": metadata, "spec": spec}
    made = rollout(routing)
    snapshot = Served(served, obj)
    router = make(made, Drafts(needs.objects_of(snapshot, made)), lambda *_: None)
    router.set_weight(20, ())  # type: ignore[attr-defined]
    (write,) = router.drafts.flush()
    assert isinstance(write, Write)
    assert write.resource == served
    assert served in needs.resources_of(made)


@pytest.mark.parametrize(
    ("version", "weight"), [("v1alpha1", "20"), ("v1alpha2", 20), ("v1alpha3", 20), ("v1alpha4", 20)]
)
def test_a_new_traffic_split_has_the_served_version_and_its_kind_of_weight(version: str, weight: object) -> None:
    (served,) = (one for one in versions_of(TRAFFIC_SPLITS) if one.version == version)
    made = rollout({"smi": {}})
    found = needs.split_version(Served(served), made)
    router = SmiRouter(made, Drafts({}), lambda *_: None, found)
    router.set_weight(20, ())
    (write,) = router.drafts.flush()
    assert isinstance(write, Write)
    assert write.resource == served
    assert write.body["apiVersion"] == served.api_version
    assert write.body["spec"]["backends"][0]["weight"] == weight


def test_the_default_of_upstream_is_tried_first() -> None:
    class All(Loaded):
        def serves(self, kind: Any) -> bool:
            return True

    for resource in OTHERS:
        assert next(versions.served(All({}), resource)) == resource
