"""Templates of Experiments that cannot become pods, or become them late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Experiment
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Decision
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.rollouts.experiments.decide import decide
from argosy.rollouts.experiments.look import Seen
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


BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


def asked_for(size: int, *, since: datetime, now: datetime) -> Decision:
    """The turn at `now` of an Experiment of one pod; its ReplicaSet has `size` since then, and nothing came of it."""
    template = {"name": "canary", "selector": {"matchLabels": {"app": "a"}}, "template": {}}
    status = {"name": "canary", "status": "Progressing", "lastTransitionTime": timestamps.seconds(since)}
    experiment: JsonObject = {
        "metadata": {"name": "e", "namespace": NAMESPACE, "uid": "1", "resourceVersion": "1"},
        "spec": {"progressDeadlineSeconds": 600, "templates": [template]},
        "status": {"phase": "Pending", "templateStatuses": [status]},
    }
    pods: JsonObject = {
        "metadata": {"name": "e-canary", "namespace": NAMESPACE, "uid": "2", "resourceVersion": "2"},
        "spec": {"replicas": size},
    }
    return decide(Seen(experiment=read(Experiment, experiment), sets={"canary": read(ReplicaSet, pods)}), now)


def writes(decision: Decision) -> list[tuple[str, JsonObject]]:
    made = [step for step in decision.steps if isinstance(step, Write) and isinstance(step.body, dict)]
    return [(one.resource.plural, one.body) for one in made if isinstance(one.body, dict)]


def test_pods_that_are_asked_for_late_get_their_whole_deadline_which_is_noted_first() -> None:
    late = BEGAN + timedelta(minutes=20)
    ((plural, body),) = writes(asked_for(0, since=BEGAN, now=late))
    assert plural == "experiments"
    (status,) = body["status"]["templateStatuses"]
    assert (status["status"], status["lastTransitionTime"]) == ("Progressing", timestamps.seconds(late))

    ((plural, body), *_) = writes(asked_for(0, since=late, now=late + timedelta(seconds=1)))
    assert (plural, body["spec"]) == ("replicasets", {"replicas": 1})


def test_pods_that_do_not_come_within_the_deadline_fail_their_template() -> None:
    (*_, (plural, body)) = writes(asked_for(1, since=BEGAN, now=BEGAN + timedelta(seconds=600)))
    assert plural == "experiments"
    (status,) = body["status"]["templateStatuses"]
    assert status["status"] == "Failed"
    assert status["message"] == "Template 'canary' exceeded its progressDeadlineSeconds (600)"
