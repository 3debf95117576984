"""What Events about Promotions say of the Applications that are touched."""

from __future__ import annotations

import json

from argosy.apis.kargo import Promotion
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.events import promotion_event

SHAPE: JsonObject = {
    "metadata": {"name": "p", "namespace": "demo", "creationTimestamp": "2030-01-01T00:00:00Z"},
    "spec": {
        "stage": "test",
        "steps": [
            {"uses": "argocd-update", "config": {"apps": [{"name": "web"}, {"name": "api", "namespace": "own"}]}},
        ],
    },
}


def touched(**more: str) -> list[tuple[str, str]]:
    event = promotion_event(read(Promotion, SHAPE), None, "PromotionCreated", "made", **more)
    found = json.loads((event.annotations or {})["event.kargo.akuity.io/applications"])
    return [(one["Namespace"], one["Name"]) for one in found]


def test_an_application_without_a_namespace_is_reported_with_that_of_the_operator() -> None:
    assert touched() == [("argocd", "web"), ("own", "api")]
    assert touched(applications="delivery") == [("delivery", "web"), ("own", "api")]
