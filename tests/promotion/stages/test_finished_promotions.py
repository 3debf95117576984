"""What a Stage's annotations say about its last Promotion."""

from __future__ import annotations

import json

from argosy.apis.kargo import Promotion
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.stages.finished_promotions import _context


def promotion(steps: list[tuple[str, str]], state: JsonObject, *checked: str) -> Promotion:
    checks = [{"uses": "argocd-update", "config": {"apps": [app(name) for name in checked]}}] if checked else []
    return read(
        Promotion,
        {
            "metadata": {"name": "p"},
            "spec": {"steps": [{"uses": uses, "as": alias} for uses, alias in steps]},
            "status": {"state": state, "healthChecks": checks},
        },
    )


def app(name: str) -> JsonObject:
    return {"name": name, "namespace": "argocd"}


def test_applications_that_were_updated_or_waited_for_are_reported_once_in_the_order_of_the_steps() -> None:
    steps = [("argocd-wait", "w"), ("argocd-update", "u"), ("compose-output", "other")]
    state = {"w": {"apps": [app("b")]}, "u": {"apps": [app("a"), app("b")]}, "other": {"apps": [app("z")]}}

    (told,) = _context(promotion(steps, state, "a", "c")).values()

    assert json.loads(told) == [app("b"), app("a"), app("c")]


def test_without_applications_the_annotation_is_removed() -> None:
    assert list(_context(promotion([("fail", "f")], {})).values()) == [None]
