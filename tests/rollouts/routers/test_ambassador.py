"""Which Mappings a canary makes. Source: spec/rollouts-analysis-traffic.md 14, "Ambassador"."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.rollouts.routers.ambassador import AmbassadorRouter, canary_mapping_name
from argosy.rollouts.routers.port import Drafts, RoutingError
from argosy.rollouts.routers.versions import MAPPINGS


class Told(list[tuple[str, str]]):
    def __call__(self, kind: str, reason: str, text: str) -> None:
        self.append((reason, text))


def router(spec: JsonObject | None, canary_spec: JsonObject | None = None) -> tuple[AmbassadorRouter, Told]:
    canary: dict[str, Any] = {"canaryService": "canary", "stableService": "stable"}
    canary["trafficRouting"] = {"ambassador": {"mappings": ["web"]}}
    rollout = {"metadata": {"name": "web", "namespace": "team"}, "spec": {"strategy": {"canary": canary}}}
    seen = {}
    for name, content in (("web", spec), ("web-canary", canary_spec)):
        if content is not None:
            head = {"apiVersion": "getambassador.io/v2", "kind": "Mapping"}
            metadata = {"name": name, "namespace": "team", "labels": {"a": "b"}, "uid": name}
            seen[MAPPINGS, Key("team", name)] = {**head, "metadata": metadata, "spec": content, "status": {"x": 1}}
    told = Told()
    return AmbassadorRouter(read(Rollout, rollout), Drafts(seen), told), told


def mapping(made: AmbassadorRouter) -> Any:
    return made.drafts.peek(MAPPINGS, Key("team", "web-canary"))


def test_the_canarys_mapping_is_a_copy_with_its_service_and_a_weight() -> None:
    made, told = router({"prefix": "/", "service": "http://stable.team:8080", "timeout_ms": 5})
    made.set_weight(20, ())
    assert mapping(made) == {
        "apiVersion": "getambassador.io/v2",
        "kind": "Mapping",
        "metadata": {"name": "web-canary", "namespace": "team"},
        "spec": {"prefix": "/", "service": "http://canary.team:8080", "timeout_ms": 5, "weight": 20},
    }
    assert told == [("CanaryMappingWeightUpdate", "Set canary mapping weight to 20")]
    assert made.verify_weight(20, ()) is None


def test_a_weight_of_0_makes_none_and_removes_one_only_after_it_has_no_traffic() -> None:
    made, _ = router({"service": "stable"})
    made.set_weight(0, ())
    assert mapping(made) is None
    made, _ = router({"service": "stable"}, {"service": "canary", "weight": 20})
    made.set_weight(0, ())
    assert mapping(made)["spec"]["weight"] == 0
    made, _ = router({"service": "stable"}, {"service": "canary", "weight": 0})
    made.set_weight(0, ())
    assert mapping(made) is None


@pytest.mark.parametrize(
    ("spec", "reason", "text"),
    [
        (None, "AmbassadorMappingNotFound", 'Ambassador mapping "web" not found'),
        ({"weight": 5}, "AmbassadorMappingConfigError", 'Ambassador mapping "web" can not define weight'),
    ],
)
def test_a_mapping_that_cannot_be_copied_is_an_error_with_an_event(spec: Any, reason: str, text: str) -> None:
    made, told = router(spec)
    with pytest.raises(RoutingError):
        made.set_weight(20, ())
    assert told == [(reason, text)]


def test_a_long_name_leaves_room_for_its_suffix() -> None:
    assert canary_mapping_name("x" * 250) == "x" * 246 + "-canary"
