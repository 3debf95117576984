"""A Rollout that upstream, or an older version of it, left in the middle of an update continues here, with its Pods."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.machinery.objects import Key, Resource
from tests.kit.rollout_story import NAMESPACE, REPLICA_SETS, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

PODS = Resource("", "v1", "pods", "Pod")
HASH = "rollouts-pod-template-hash"
OLDER = {"v1": "687d76d795", "v2": "75dd778f8d"}
"""Hashes of other builds: upstream's differ with the version of its libraries."""
STEPS = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {"duration": 5}}]


def template(version: str) -> dict[str, Any]:
    found = copy.deepcopy(TEMPLATE)
    found["spec"]["containers"][0]["image"] = f"app:{version}"
    return found


def replica_set(version: str, revision: int, uid: str) -> dict[str, Any]:
    pod_hash = OLDER[version]
    labels = {"app": "web", HASH: pod_hash}
    inner = template(version)
    inner["metadata"] = {"labels": labels}
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "uid": uid}
    notes = {"rollout.argoproj.io/revision": str(revision), "rollout.argoproj.io/desired-replicas": "2"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"web-{pod_hash}",
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": notes,
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
        },
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": inner},
    }


def left_half_way(world: RolloutStory, *, told: bool) -> None:
    """At the pause of the second step; `told`: with the complete status, or with that of a first version."""
    world.kill()
    made = world.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {
                "name": "web",
                "namespace": NAMESPACE,
                "annotations": {"rollout.argoproj.io/revision": "2"},
            },
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": template("v2"),
                "strategy": {"canary": {"steps": STEPS}},
            },
        }
    )
    for version, revision in (("v1", 1), ("v2", 2)):
        world.create(replica_set(version, revision, made["metadata"]["uid"]))
    world.pass_time(5)
    pause = {"reason": "CanaryPauseStep", "startTime": "2029-12-31T23:00:00Z"}
    status: dict[str, Any] = {"stableRS": OLDER["v1"], "currentPodHash": OLDER["v2"], "currentStepIndex": 1}
    if told:
        status |= {"controllerPause": True, "pauseConditions": [pause], "observedGeneration": "1", "phase": "Paused"}
    world.patch(ROLLOUTS, "web", {"status": status}, NAMESPACE, subresource="status")
    world.start()
    world.pass_time(30)


def pods(world: RolloutStory) -> dict[str, str]:
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in world.list(PODS, NAMESPACE)}


@pytest.mark.parametrize("told", [True, False])
def test_the_pods_stay_and_no_replica_set_is_made(told: bool) -> None:
    with RolloutStory() as world:
        left_half_way(world, told=told)
        begun = pods(world)
        assert sorted(name.rpartition("-")[0] for name in begun) == sorted(f"web-{old}" for old in OLDER.values())
        world.pass_time(600)
        assert pods(world) == begun
        assert len(world.list(REPLICA_SETS, NAMESPACE)) == 2


def test_the_update_continues_to_its_end() -> None:
    with RolloutStory() as world:
        left_half_way(world, told=True)
        begun = pods(world)
        world.command(["promote", "web"])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
        assert found is not None
        assert found["status"]["stableRS"] == OLDER["v2"]
        assert len(world.list(REPLICA_SETS, NAMESPACE)) == 2
        assert any(name in begun for name in pods(world))
