from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.schema import read
from argosy.rollouts.revisions.finding import find_new
from tests.kit.rollouts import TEMPLATE, canary, pods
from tests.kit.rollouts import live as live_template


def test_a_replicaset_of_an_older_build_is_found_by_its_template() -> None:
    found = find_new(canary(), [pods("other-hash", 3)])
    assert found is not None
    assert found.name == "other-hash"


def test_injected_metadata_hides_no_replicaset() -> None:
    template = {**TEMPLATE, "metadata": {"labels": {"app": "web", "role": "canary"}}}
    notes = {"rollout.argoproj.io/ephemeral-metadata": '{"labels":{"role":"canary"}}'}
    live = read(
        ReplicaSet, {"metadata": {"name": "old", "annotations": notes}, "spec": {"template": live_template(template)}}
    )
    assert find_new(canary(), [live]) == live


def test_another_image_is_another_revision() -> None:
    other = {**TEMPLATE, "spec": {"containers": [{"name": "app", "image": "app:v2"}]}}
    live = read(ReplicaSet, {"metadata": {"name": "old"}, "spec": {"template": live_template(other)}})
    assert find_new(canary(), [live]) is None
