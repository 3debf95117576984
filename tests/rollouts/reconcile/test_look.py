"""The error of a turn for a template that is not a Pod's."""

from __future__ import annotations

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.rollouts.reconcile.look import facts_of

QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def problem(**pod: object) -> str:
    labels = {"app": "web"}
    template: JsonObject = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "strategy": {"canary": {}}, "template": template}
    metadata = {"name": "web", "namespace": "default", "generation": 1}
    return facts_of(read(Rollout, {"metadata": metadata, "spec": spec}), None).problem


def container(**more: object) -> JsonObject:
    return {"name": "app", "image": "app:v1", **more}


@pytest.mark.parametrize(
    ("pod", "told"),
    [
        (
            {"containers": [container(resources={"requests": {"memory": "invalid"}})]},
            f'spec.template.spec.containers.resources.requests: Invalid value: "invalid": {QUANTITY}',
        ),
        (
            {"containers": [container()], "ephemeralContainers": [container(resources={"limits": {"cpu": "x"}})]},
            f'spec.template.spec.ephemeralContainers.resources.limits: Invalid value: "x": {QUANTITY}',
        ),
        (
            {"containers": "app"},
            (
                "spec.template.spec.containers: json: cannot unmarshal string into Go struct field "
                "PodSpec.spec.containers of type []v1.Container"
            ),
        ),
    ],
)
def test_a_template_that_is_no_pods_is_reported_by_field_and_value(pod: JsonObject, told: str) -> None:
    assert problem(**pod) == told


def test_a_long_value_is_cut() -> None:
    assert len(problem(containers=[container(resources={"limits": {"cpu": "x" * 10_000}})])) < 300
