"""Templates of Experiments that cannot become pods."""

from __future__ import annotations

from argosy.machinery.objects import Key
from tests.kit.rollout_story import EXPERIMENTS, NAMESPACE, RolloutStory


def test_a_template_that_is_no_pod_template_is_an_error_of_the_experiment() -> None:
    """The published definition lets a quantity be any string."""
    requests = {"requests": {"memory": "invalid"}}
    template = {
        "name": "canary",
        "selector": {"matchLabels": {"app": "a"}},
        "template": {
            "metadata": {"labels": {"app": "a"}},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": requests}]},
        },
    }
    experiment = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Experiment",
        "metadata": {"name": "malformed", "namespace": NAMESPACE},
        "spec": {"duration": "30s", "templates": [template]},
    }
    with RolloutStory() as world:
        world.create(experiment)
        world.pass_time(2)
        found = world.get(EXPERIMENTS, Key(NAMESPACE, "malformed"))
        assert found is not None
        assert found["status"]["phase"] == "Error"
        assert found["status"]["message"].startswith("Failed to create ReplicaSet for template 'canary': ")
        assert not world.engine.failing
