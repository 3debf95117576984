from __future__ import annotations

from argosy.rollouts.revisions.hashing import pod_template_hash, step_hash
from tests.kit.rollouts import TEMPLATE, canary

CONTAINER = {"name": "app", "image": "argoproj/rollouts-demo:blue"}
BLUE = {"metadata": {"labels": {"app": "rollouts-demo"}}, "spec": {"containers": [CONTAINER]}}


def test_the_order_of_keys_and_the_spelling_of_quantities_change_no_hash() -> None:
    one = {
        "spec": {"containers": [{"name": "a", "image": "i", "resources": {"limits": {"memory": "1024Mi", "cpu": "1"}}}]}
    }
    two = {
        "spec": {
            "containers": [{"image": "i", "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}, "name": "a"}]
        }
    }
    assert pod_template_hash(one) == pod_template_hash(two)


def test_a_collision_makes_another_hash() -> None:
    hashes = {pod_template_hash(BLUE, count) for count in (None, 0, 1, 2)}
    assert len(hashes) == 4


def test_the_hash_of_steps_does_not_depend_on_how_they_are_written() -> None:
    one = canary(
        steps=[{"setHeaderRoute": {"name": "h", "match": [{"headerName": "a", "headerValue": {"exact": "b"}}]}}]
    )
    two = canary(
        steps=[{"setHeaderRoute": {"match": [{"headerValue": {"exact": "b"}, "headerName": "a"}], "name": "h"}}]
    )
    assert step_hash(one) == step_hash(two) != step_hash(canary(steps=[]))


def test_an_absent_field_and_an_empty_one_hash_alike() -> None:
    assert pod_template_hash(TEMPLATE) == pod_template_hash({**TEMPLATE, "spec": {**TEMPLATE["spec"], "volumes": []}})
