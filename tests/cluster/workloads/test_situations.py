"""Situations that happen seldom: collisions, adoption, surge, eviction, gates, webhooks, a disk, a real clock."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from argosy.cluster.admission.webhooks import WebhookAdmission
from argosy.cluster.ports import LogOptions
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.nodes.nodes import node_object
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from tests.kit.verbs import verbs
from tests.kit.workloads import World, image, job, play, ready, workload


def rule(effect: str, match: str = "{}") -> str:
    return f"rules: [{{match: {match}, effect: {effect}}}]"


def statuses(world: World) -> dict[str, JsonObject]:
    return {pod["metadata"]["name"]: pod["status"] for pod in world.all("Pod")}


# -- Deployments -------------------------------------------------------------------------------------------------------


def sizes(world: World) -> dict[str, int]:
    found = {}
    for item in world.all("ReplicaSet"):
        found[item["spec"]["template"]["spec"]["containers"][0]["image"]] = item["spec"]["replicas"]
    return found


def test_a_deployment_that_is_resized_during_a_rollout_grows_in_proportion() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=8))
        await world.wait(10)
        await world.patch("Deployment", "w", image("broken:1"))
        await world.wait(10)
        assert sizes(world) == {"a:1": 6, "broken:1": 4}
        await world.patch("Deployment", "w", {"spec": {"replicas": 16}})
        await world.wait(10)
        assert sizes(world) == {"a:1": 12, "broken:1": 8}
        await world.patch("Deployment", "w", image("a:1"))
        await world.wait(30)
        assert {name: size for name, size in sizes(world).items() if size} == {"a:1": 16}
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 16

    play(scenario, rule("{neverReady: true}", "{image: 'broken:*'}"))


def test_a_paused_deployment_scales_and_does_not_roll_until_it_is_resumed() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=2, revisionHistoryLimit=0))
        await world.wait(10)
        await world.patch("Deployment", "w", {"spec": {"paused": True}})
        await world.patch("Deployment", "w", image("a:2"))
        await world.patch("Deployment", "w", {"spec": {"replicas": 3}})
        await world.wait(10)
        assert sizes(world) == {"a:1": 3}
        assert world.conditions("Deployment", "w")["Progressing"] == ("Unknown", "DeploymentPaused")
        await world.patch("Deployment", "w", {"spec": {"paused": False}})
        await world.wait(30)
        assert sizes(world) == {"a:2": 3}

    play(scenario)


def test_a_hash_that_is_taken_is_counted_as_a_collision_and_another_one_is_used() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(5)
        (own,) = world.all("ReplicaSet")
        await world.delete("Deployment", "w")
        await world.wait(30)
        stranger = workload("ReplicaSet", own["metadata"]["name"], replicas=0)
        await world.create(stranger)
        await world.create(workload("Deployment", "w"))
        await world.wait(10)
        assert world.get("Deployment", "w")["status"]["collisionCount"] == 1
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 1
        assert len(world.all("ReplicaSet")) == 2

    play(scenario)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_revision_whose_name_is_taken_gets_another_one(kind: str) -> None:
    async def scenario(world: World) -> None:
        await world.create(workload(kind, "s"))
        await world.wait(5)
        (own,) = world.all("ControllerRevision")
        await world.delete(kind, "s")
        await world.wait(30)
        metadata = {"name": own["metadata"]["name"]}
        await world.create({"kind": "ControllerRevision", "metadata": metadata, "revision": 7, "data": {"spec": {}}})
        await world.create(workload(kind, "s"))
        await world.wait(10)
        assert len(world.all("ControllerRevision")) == 2
        assert len([pod for pod in world.all("Pod") if ready(pod)]) == 1
        assert world.get(kind, "s")["status"]["collisionCount"] == 1

    play(scenario)


def test_a_pod_is_adopted_by_its_labels_and_released_without_them() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("ReplicaSet", "r", replicas=2))
        await world.wait(5)
        name = world.all("Pod")[0]["metadata"]["name"]
        await world.patch("Pod", name, {"metadata": {"labels": {"app": "other"}}})
        await world.wait(5)
        assert "ownerReferences" not in world.get("Pod", name)["metadata"]
        assert len(world.all("Pod")) == 3
        await world.patch("Pod", name, {"metadata": {"labels": {"app": "r"}}})
        await world.wait(5)
        assert len(world.all("Pod")) == 2
        assert all(pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet" for pod in world.all("Pod"))

    play(scenario)


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_pods_that_were_left_behind_are_taken_over_by_the_next_owner_and_not_made_again(kind: str) -> None:
    async def scenario(world: World) -> None:
        counted: dict[str, Any] = {} if kind == "DaemonSet" else {"replicas": 2}
        await world.create(workload(kind, "w", **counted))
        await world.wait(10)
        before = {pod["metadata"]["uid"] for pod in world.all("Pod")}
        assert len(before) == counted.get("replicas", 1)
        await world.client.delete(world.resource(kind), "w", "default", propagation="Orphan")
        await world.wait(10)
        assert {pod["metadata"]["uid"] for pod in world.all("Pod")} == before
        left = world.all("ReplicaSet") if kind == "Deployment" else world.all("Pod")
        assert left and not any("ownerReferences" in item["metadata"] for item in left)
        await world.create(workload(kind, "w", **counted))
        await world.wait(10)
        assert {pod["metadata"]["uid"] for pod in world.all("Pod")} == before
        (owner,) = world.all(kind)
        owners = {item["metadata"]["ownerReferences"][0]["uid"] for item in left and world.all(left[0]["kind"])}
        assert owners == {owner["metadata"]["uid"]}
        assert len(world.all("ControllerRevision")) == (kind in ("StatefulSet", "DaemonSet"))

    play(scenario)


def test_a_deployment_that_is_being_deleted_takes_nothing_over() -> None:
    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w")
        deployment["metadata"]["finalizers"] = ["example.com/hold"]
        await world.create(deployment)
        await world.wait(5)
        await world.delete("Deployment", "w")
        left = workload("ReplicaSet", "left", replicas=0)
        left["metadata"]["labels"] = left["spec"]["selector"]["matchLabels"] = {"app": "w"}
        left["spec"]["template"]["metadata"]["labels"] = {"app": "w"}
        await world.create(left)
        await world.wait(5)
        assert "ownerReferences" not in world.get("ReplicaSet", "left")["metadata"]

    play(scenario)


def test_what_was_left_behind_under_another_name_is_no_pod_of_a_statefulset() -> None:
    async def scenario(world: World) -> None:
        labels = {"app": "s"}
        for name in ("s-x", "other-0"):
            spec = {"containers": [{"name": "c", "image": "a:1"}]}
            await world.create({"kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec})
        await world.create(workload("StatefulSet", "s"))
        await world.wait(10)
        owned = [pod["metadata"]["name"] for pod in world.all("Pod") if "ownerReferences" in pod["metadata"]]
        assert owned == ["s-0"]

    play(scenario)


# -- DaemonSets and Pods -----------------------------------------------------------------------------------------------


def test_a_daemonset_with_surge_has_a_new_pod_ready_before_the_old_one_is_deleted() -> None:
    async def scenario(world: World) -> None:
        await world.create(node_object("n2"))
        rolling = {"maxSurge": 1, "maxUnavailable": 0}
        strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
        await world.create(workload("DaemonSet", "d", updateStrategy=strategy))
        await world.wait(10)
        world.cluster.on_commit(lambda batch: counts.append((len(alive(world)), sum(map(ready, alive(world))))))
        await world.patch("DaemonSet", "d", image("a:2"))
        await world.wait(30)
        assert world.get("DaemonSet", "d")["status"]["updatedNumberScheduled"] == 2
        assert {pod["spec"]["containers"][0]["image"] for pod in world.all("Pod")} == {"a:2"}

    def alive(world: World) -> list[JsonObject]:
        return [pod for pod in world.all("Pod") if not pod["metadata"].get("deletionTimestamp")]

    counts: list[tuple[int, int]] = []
    play(scenario)
    assert min(available for _, available in counts) == 2
    assert max(total for total, _ in counts) == 3


def test_an_evicted_pod_has_failed_and_is_replaced() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(6)
        evicted = [status for status in statuses(world).values() if status.get("reason") == "Evicted"]
        assert [status["phase"] for status in evicted] == ["Failed"]
        assert len(world.all("Pod")) == 2
        assert "Evicted" in world.reasons("Pod")

    play(scenario, rule("{fail: {reason: Evicted, after: 5}}"))


def test_a_failing_liveness_probe_restarts_the_container() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(60)
        (status,) = statuses(world).values()
        container = status["containerStatuses"][0]
        assert (container["restartCount"], container["lastState"]["terminated"]["exitCode"]) == (1, 137)
        assert ready(world.all("Pod")[0])
        assert {"Unhealthy", "Killing"} <= set(world.reasons("Pod"))

    play(scenario, rule("{fail: {reason: Liveness, after: 5, times: 1}}"))


def test_a_readiness_gate_holds_the_pod_until_somebody_opens_it() -> None:
    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w")
        deployment["spec"]["template"]["spec"]["readinessGates"] = [{"conditionType": "example.com/open"}]
        await world.create(deployment)
        await world.wait(5)
        pod = world.all("Pod")[0]
        said = {item["type"]: (item["status"], item.get("reason")) for item in pod["status"]["conditions"]}
        assert said["ContainersReady"] == ("True", None)
        assert said["Ready"] == ("False", "ReadinessGatesNotReady")
        opened = [*pod["status"]["conditions"], {"type": "example.com/open", "status": "True"}]
        body = {**pod, "metadata": dict(pod["metadata"]), "status": {**pod["status"], "conditions": opened}}
        await world.client.update(world.resource("Pod"), body, subresource="status")
        await world.wait(1)
        assert ready(world.all("Pod")[0])

    play(scenario)


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_an_image_that_cannot_be_used_shows_why(reason: str) -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(5)
        (status,) = statuses(world).values()
        assert (status["phase"], status["containerStatuses"][0]["state"]["waiting"]["reason"]) == ("Pending", reason)

    play(scenario, rule(f"{{fail: {{reason: {reason}}}}}"))


def test_logs_are_followed_to_the_end_and_those_of_the_run_before_are_kept() -> None:
    rules = rule("{runFor: 5, exitCode: 1, logs: [first, {at: 3s, line: second}]}")

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(1)
        pod, logs = world.all("Pod")[0], world.workloads.logs
        with pytest.raises(StatusError, match="previous terminated container"):
            [chunk async for chunk in logs.read(pod, LogOptions(previous=True))]

        async def follow() -> bytes:
            return b"".join([chunk async for chunk in logs.read(pod, LogOptions(follow=True))])

        async with asyncio.TaskGroup() as group:
            following = group.create_task(follow())
            await world.wait(7)
            assert following.done()
        assert following.result() == b"first\nsecond\n"
        await world.wait(10)
        pod = world.all("Pod")[0]
        kept = [chunk async for chunk in logs.read(pod, LogOptions(previous=True))]
        assert b"".join(kept) == b"first\nsecond\n"

    play(scenario, rules)


# -- addresses and sizes -----------------------------------------------------------------------------------------------


def test_an_ingress_gets_an_address() -> None:
    async def scenario(world: World) -> None:
        backend = {"service": {"name": "w", "port": {"number": 80}}}
        await world.create({"kind": "Ingress", "metadata": {"name": "w"}, "spec": {"defaultBackend": backend}})
        await world.wait(0.5)
        assert world.get("Ingress", "w")["status"] == {"loadBalancer": {}}
        await world.wait(1)
        assert list(world.get("Ingress", "w")["status"]["loadBalancer"]["ingress"][0]) == ["ip"]

    play(scenario)


def test_an_autoscaler_shrinks_only_after_five_minutes_of_lower_numbers() -> None:
    async def scenario(world: World) -> None:
        metadata = {"name": "r", "labels": {"argosy.dev/simulation-rules": "true"}}
        await world.create({"kind": "ConfigMap", "metadata": metadata, "data": {"r": rule("{metrics: {cpu: 160}}")}})
        await world.create(workload("Deployment", "w", replicas=2))
        await world.wait(5)
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
        spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 4}
        spec["metrics"] = [{"type": "Resource", "resource": metric}]
        await world.create({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec})
        await world.wait(5)
        assert world.get("Deployment", "w")["spec"]["replicas"] == 4
        await world.patch("ConfigMap", "r", {"data": {"r": rule("{metrics: {cpu: 20}}")}})
        await world.wait(280)
        assert world.get("Deployment", "w")["spec"]["replicas"] == 4
        await world.wait(60)
        assert world.get("Deployment", "w")["spec"]["replicas"] == 1

    play(scenario)


# -- the server underneath ---------------------------------------------------------------------------------------------


class Slow:
    """A webhook beyond the network: answers after a second, and refuses the first ones."""

    def __init__(self, world: World, refusals: int) -> None:
        self.world, self.refusals, self.asked = world, refusals, 0

    async def post(
        self, url: str, body: bytes, ca_bundle: bytes, seconds: float, address: tuple[str, int] | None = None
    ) -> bytes:
        self.asked += 1
        await self.world.clock.sleep(1.0)
        response = {"uid": json.loads(body)["request"]["uid"], "allowed": not self.refusals}
        self.refusals = max(0, self.refusals - 1)
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        return json.dumps(review).encode()


CREATED_PODS = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
HOOK = {
    "name": "slow.example.com", "clientConfig": {"url": "https://slow.example.com/"}, "sideEffects": "None",
    "admissionReviewVersions": ["v1"], "rules": [CREATED_PODS], "failurePolicy": "Fail",
}  # fmt: skip
CONFIGURATION = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}


def test_writes_that_wait_for_a_webhook_are_made_once_and_refused_ones_are_tried_again() -> None:
    async def scenario(world: World) -> None:
        resource = world.cluster.resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations")
        hooks = Slow(world, refusals=2)
        assert isinstance(world.cluster.admission.webhooks, WebhookAdmission)
        world.cluster.admission.webhooks._caller = hooks
        await world.client.create(resource, {**CONFIGURATION, "metadata": {"name": "slow"}, "webhooks": [HOOK]})
        await world.create(workload("Deployment", "w", replicas=2))
        await world.create(workload("StatefulSet", "s", replicas=2, serviceName="s"))
        await world.create(job("j"))
        await world.wait(120)
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 2
        assert world.get("StatefulSet", "s")["status"]["availableReplicas"] == 2
        assert world.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
        assert hooks.asked == 2 + 2 + 1 + 2
        assert world.workloads.troubles == {}

    play(scenario)


@pytest.mark.parametrize("durability", ["FULL", "NORMAL"])
def test_a_rollout_continues_after_the_process_ends_on_a_real_disk_and_clock(tmp_path: Path, durability: str) -> None:
    clock, quick = RealClock(), Settings(kubelet_events=False, address_delay=0.0)

    async def run(act: Any, until: Any) -> None:
        async with EmbeddedCluster(clock=clock, rng=SeededRng(3), data_dir=tmp_path, durability=durability) as cluster:
            server = PipelineServer(cluster.core, cluster.on_commit, cluster.spawn)
            workloads = Workloads(server, clock, (), quick)
            workloads.start()
            done = asyncio.Event()
            cluster.on_commit(lambda batch: done.set() if until(cluster) else None)
            await act(cluster)
            async with asyncio.timeout(20):
                await done.wait()
            workloads.stop()

    def entries(cluster: EmbeddedCluster, plural: str) -> list[JsonObject]:
        return [entry.obj for entry in cluster.store.table("apps" if plural == "deployments" else "", plural).scan()]

    async def create(cluster: EmbeddedCluster) -> None:
        body = {"apiVersion": "apps/v1", **workload("Deployment", "w", replicas=2)}
        body["metadata"] = {"name": "w", "namespace": "default"}
        await verbs(cluster.client("tester")).create(cluster.resource("apps", "v1", "deployments"), body)

    async def nothing(cluster: EmbeddedCluster) -> None: ...

    def available(cluster: EmbeddedCluster) -> bool:
        return bool(entries(cluster, "deployments")[0]["status"].get("availableReplicas") == 2)

    asyncio.run(run(create, lambda cluster: len(entries(cluster, "pods")) == 2))
    asyncio.run(run(nothing, available))


def test_virtual_hours_take_no_real_ones() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=3))
        settled = await world.clock.settle(within=timedelta(hours=1))
        assert settled.ending == "quiet"
        assert len(list(filter(ready, world.all("Pod")))) == 3

    play(scenario)
