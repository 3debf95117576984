"""Installations that share a cluster: each works on what has its label, and on nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import Key
from argosy.rollouts import RolloutSettings
from tests.kit.rollout_story import EXPERIMENTS, NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

LABEL = "argo-rollouts.argoproj.io/controller-instance-id"
SELECTOR = {"matchLabels": {"app": "web"}}


def objects(instance: str) -> list[dict[str, Any]]:
    name = f"of-{instance or 'nobody'}"
    metadata = {"name": name, "labels": {LABEL: instance} if instance else {}}
    canary: dict[str, Any] = {"replicas": 1, "template": TEMPLATE, "selector": SELECTOR, "strategy": {"canary": {}}}
    trial = {"templates": [{"name": "a", "template": TEMPLATE, "selector": SELECTOR}]}
    specs = (("Rollout", canary), ("Experiment", trial))
    return [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec} for kind, spec in specs
    ]


@pytest.mark.parametrize("own", ["", "blue"])
def test_only_what_has_the_label_of_this_installation_is_worked_on(own: str) -> None:
    with RolloutStory(settings=RolloutSettings(instance_id=own)) as world:
        world.given([obj for instance in ("", "blue", "green") for obj in objects(instance)])
        world.pass_time(30)
        for resource in (ROLLOUTS, EXPERIMENTS):
            for name in ("of-nobody", "of-blue", "of-green"):
                found = world.get(resource, Key(NAMESPACE, name))
                assert found is not None
                assert bool(found.get("status")) == (name == f"of-{own or 'nobody'}")
