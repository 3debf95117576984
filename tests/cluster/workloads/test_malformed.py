"""One broken object stops no other (security rule 16)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from argosy.cluster.workloads.decision import NOTHING, Controller, Decision, later
from argosy.cluster.workloads.engine import STEPS_PER_INSTANT
from argosy.cluster.workloads.rules.rule_reading import RuleError, annotated, parse_rules
from argosy.cluster.workloads.simulation import Settings
from argosy.machinery.objects import JsonObject, Key
from tests.kit.workloads import PLACES, World, job, play, ready, workload

HUGE = 10**30
SPECS: tuple[Any, ...] = (
    None,
    "text",
    7,
    [],
    {},
    {"replicas": "many", "selector": "all", "template": 3},
    {"replicas": HUGE, "completions": HUGE, "parallelism": -HUGE, "schedule": 5, "minAvailable": "x%"},
    {"selector": {"matchLabels": ["a"]}, "template": {"metadata": "m", "spec": {"containers": "c"}}},
    {"selector": {"matchExpressions": [{"key": 1, "operator": "Near"}]}, "template": {"spec": None}},
    {"containers": None, "nodeName": "node-1", "volumes": 4, "tolerations": {"a": 1}, "initContainers": "i"},
    {"containers": [{"name": 5}], "nodeName": "node-1", "terminationGracePeriodSeconds": "long"},
    {"containers": [{"name": "c", "image": "a:1", "resources": {"requests": {"cpu": "loads"}}}], "nodeName": "node-1"},
    {"strategy": "Sideways", "updateStrategy": 9, "type": "LoadBalancer", "ports": "http", "policyTypes": HUGE},
    {"taints": "all", "unschedulable": "no"},
    {"taints": [{"effect": "NoExecute"}], "storageClassName": 4, "resources": 1, "capacity": "big", "accessModes": 1},
)
METADATA: tuple[JsonObject, ...] = (
    {},
    {"labels": ["app"], "annotations": "none", "ownerReferences": "w", "finalizers": 4},
    {"ownerReferences": [{"controller": True}], "creationTimestamp": "yesterday", "generation": "first"},
    {"ownerReferences": [7], "deletionTimestamp": "never", "labels": {"app": "w"}},
)
STATUSES: tuple[Any, ...] = (
    {},
    "fine",
    {"conditions": "all", "phase": 3, "containerStatuses": "up", "allocatable": {"pods": "plenty", "cpu": "loads"}},
    {"conditions": [{"kind": "Ready"}], "phase": "Sideways", "startTime": 5, "containerStatuses": [{"name": "c"}]},
    {"replicas": "some", "active": [3], "uncountedTerminatedPods": [1], "completedIndexes": "a-b", "nodeInfo": "n"},
)


def broken(kind: str) -> list[JsonObject]:
    """Objects that no server accepts; an older disk or a fault may hold them."""
    group, version, _ = PLACES[kind]
    found = []
    for number, spec in enumerate(SPECS):
        metadata, status = METADATA[number % len(METADATA)], STATUSES[number % len(STATUSES)]
        name = f"broken-{kind.lower()}-{number}"
        obj: JsonObject = {"kind": kind, "apiVersion": f"{group}/{version}" if group else version}
        obj["metadata"] = {"name": name, "uid": name, "namespace": "default", **copy.deepcopy(metadata)}
        if kind in ("Node", "PersistentVolume", "StorageClass"):
            del obj["metadata"]["namespace"]
        found.append(obj | {"spec": copy.deepcopy(spec), "status": copy.deepcopy(status), "data": spec})
    return found


def smuggle(world: World, kind: str) -> None:
    """Past the pipeline, which would refuse them; to the controllers alone, as other rooms have tests of their own."""
    resource = world.resource(kind)
    number = 10**9
    for obj in broken(kind):
        number += 1
        obj["metadata"]["resourceVersion"] = str(number)
        world.workloads.engine._arrived(resource.plural, obj)


@pytest.mark.parametrize("kind", sorted(set(PLACES) - {"Event"}))
def test_broken_objects_of_a_kind_stop_no_others(kind: str) -> None:
    async def scenario(world: World) -> None:
        smuggle(world, kind)
        await world.create(workload("Deployment", "w", replicas=3))
        await world.create(workload("StatefulSet", "s", replicas=2, serviceName="s"))
        await world.create(workload("DaemonSet", "d"))
        await world.create(job("j", completions=2))
        spec = {"selector": {"app": "w"}, "ports": [{"port": 80}]}
        await world.create({"kind": "Service", "metadata": {"name": "w"}, "spec": spec})
        await world.wait(0.4)
        smuggle(world, kind)
        await world.wait(60)
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 3
        assert world.get("StatefulSet", "s")["status"]["availableReplicas"] == 2
        assert world.get("DaemonSet", "d")["status"]["numberAvailable"] >= 1
        assert world.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
        assert len(world.get("Endpoints", "w")["subsets"][0]["addresses"]) == 3

    play(scenario)


def test_what_is_broken_is_named_by_event_and_health_until_it_is_repaired() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(10)
        whole = world.get("Deployment", "w")
        metadata = {**whole["metadata"], "resourceVersion": str(10**9)}
        world.workloads.engine._arrived("deployments", {**whole, "metadata": metadata, "spec": {"template": 3}})
        await world.wait(5)
        assert list(world.workloads.troubles) == ["deployments default/w"]
        assert "Malformed" in world.reasons("Deployment")
        metadata = {**whole["metadata"], "resourceVersion": str(10**9 + 1)}
        world.workloads.engine._arrived("deployments", {**whole, "metadata": metadata})
        await world.wait(5)
        assert world.workloads.troubles == {}

    play(scenario)


def faulty(world: World, decide: Any) -> list[datetime]:
    """Adds a controller of ConfigMaps whose decisions about `bad` are `decide`'s; returns when it decided."""
    asked: list[datetime] = []

    def judged(seen: JsonObject, now: datetime) -> Decision:
        if seen["metadata"]["name"] != "bad":
            return NOTHING
        asked.append(now)
        result: Decision = decide(now)
        return result

    controller = Controller(
        name="faulty",
        look=lambda view, key: view.get("configmaps", key),
        decide=judged,
        routes={"configmaps": lambda view, obj: [Key(obj["metadata"]["namespace"], obj["metadata"]["name"])]},
    )
    engine = world.workloads.engine
    engine._controllers = (*engine._controllers, controller)
    engine._routes = engine._routes_by_plural()
    return asked


def test_a_decision_that_raises_is_tried_ever_less_often_and_reported_once() -> None:
    def fails(now: datetime) -> Decision:
        raise ValueError("hunter2")

    async def scenario(world: World) -> None:
        asked = faulty(world, fails)
        await world.create({"kind": "ConfigMap", "metadata": {"name": "bad"}})
        await world.create(workload("Deployment", "w"))
        await world.wait(300)
        waits = [round((after - before).total_seconds()) for before, after in pairwise(asked)]
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert ready(world.all("Pod")[0])
        assert world.reasons("ConfigMap") == ["NotSimulated"]
        assert list(world.workloads.troubles) == ["faulty default/bad"]
        assert "hunter2" not in str(world.all("Event")) + str(world.workloads.troubles)

    play(scenario)


def test_a_livelock_is_one_keys_trouble() -> None:
    async def scenario(world: World) -> None:
        asked = faulty(world, lambda now: Decision((), now))
        original = world.workloads.engine._agenda.plan

        def plan(work: Any, at: datetime | None, now: datetime) -> None:
            if at == now:
                world.workloads.engine.mark(work)
            else:
                original(work, at, now)

        world.workloads.engine._agenda.plan = plan  # type: ignore[method-assign]
        await world.create({"kind": "ConfigMap", "metadata": {"name": "bad"}})
        await world.create(workload("Deployment", "w"))
        await world.wait(0.9)
        assert len(asked) == STEPS_PER_INSTANT
        assert ready(world.all("Pod")[0])

    play(scenario)


@pytest.mark.parametrize(
    "value",
    [
        "{unclosed",
        "[" * 5000,
        "&a [&b [*a, *a]]",
        ".inf",
        ".nan",
        "1e400",
        "!!python/object:os.system x",
        "\x00",
        "2001-99-99",
    ],
)
def test_an_annotation_that_cannot_be_read_is_reported_and_passed_over(value: str) -> None:
    annotations = {"simulation.argosy.dev/startDelay": value}
    with pytest.raises(RuleError):
        annotated({"metadata": {"annotations": annotations}})

    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w")
        deployment["spec"]["template"]["metadata"]["annotations"] = annotations
        await world.create(deployment)
        await world.wait(10)
        assert ready(world.all("Pod")[0])
        assert world.reasons("Pod").count("InvalidSimulationRule") == 1
        assert world.workloads.troubles == {}

    play(scenario)


def test_rules_with_aliases_are_refused_before_they_grow() -> None:
    bomb = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    with pytest.raises(RuleError, match="aliases"):
        parse_rules(bomb)


def test_seconds_beyond_the_calendar_end_with_it() -> None:
    assert later(datetime(2030, 1, 1, tzinfo=UTC), 2**63).year == 9999


def test_numbers_as_large_as_the_server_takes_do_not_stop_time() -> None:
    most = 2**31 - 1
    late: dict[str, Any] = {"minReadySeconds": most - 1, "progressDeadlineSeconds": most}

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "huge", replicas=most, **late))
        await world.create(workload("StatefulSet", "huge", replicas=most, podManagementPolicy="Parallel"))
        await world.create(job("huge", parallelism=most, activeDeadlineSeconds=2**62, ttlSecondsAfterFinished=most))
        await world.create(job("many", completions=99_999, parallelism=1, completionMode="Indexed"))
        schedule = {
            "schedule": "* * * * *",
            "startingDeadlineSeconds": 2**62,
            "jobTemplate": {"spec": job("x")["spec"]},
        }
        await world.create({"kind": "CronJob", "metadata": {"name": "c"}, "spec": schedule})
        await world.create(workload("Deployment", "w"))
        await world.wait(20)
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 1
        assert len(world.all("Pod")) <= 3 * 40 + 30
        assert world.conditions("Deployment", "huge")["ReplicaFailure"] == ("True", "FailedCreate")
        assert world.workloads.troubles == {}

    play(scenario, settings=Settings(pods_per_owner=40))
