"""What single kinds do on the real embedded server, beyond the recorded timelines."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.workloads.decision import Event, slow_start
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from tests.kit.workloads import World, play, ready, workload


def limit_pods(world: World, most: int) -> Any:
    """A check at admission, as a quota is one."""

    def refuse(attributes: Any) -> None:
        if attributes.kind.resource.plural == "pods" and attributes.ctx.operation == "CREATE":
            asked.append(attributes)
            if len(world.all("Pod")) >= most:
                raise StatusError(403, "Forbidden", "exceeded quota: q")

    asked: list[Any] = []
    world.cluster.admission.checks.append(refuse)
    return asked


def test_batches_double() -> None:
    chains = [(Event({}, "R", str(number)),) for number in range(8)]
    assert [len(batch.chains) for batch in slow_start(chains)] == [1, 2, 4, 1]
    assert [chain for batch in slow_start(chains) for chain in batch.chains] == chains


def test_a_refused_batch_ends_the_creations_after_it_was_tried_as_a_whole() -> None:
    async def scenario(world: World) -> None:
        asked = limit_pods(world, 4)
        await world.create(workload("ReplicaSet", "r", replicas=100))
        await world.wait(0.1)
        tries = len(asked)  # the second round is one Pod, woken by the first ones' binding
        assert 1 + 2 + 4 <= tries <= 1 + 2 + 4 + 1
        assert len(world.all("Pod")) == 4
        counts = {event["reason"]: 0 for event in world.all("Event")}
        for event in world.all("Event"):
            counts[event["reason"]] += event["count"]
        assert (counts["SuccessfulCreate"], counts["FailedCreate"]) == (4, tries - 4)

    play(scenario)


def test_a_replication_controller_keeps_its_pods() -> None:
    async def scenario(world: World) -> None:
        controller = workload("ReplicationController", "r", replicas=3)
        controller["spec"]["selector"] = {"app": "r"}
        await world.create(controller)
        await world.wait(5)
        await world.delete("Pod", world.all("Pod")[0]["metadata"]["name"])
        await world.wait(5)
        status = world.get("ReplicationController", "r")["status"]
        assert status == {"replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3} | {
            "observedGeneration": 1
        }
        assert {pod["metadata"]["ownerReferences"][0]["kind"] for pod in world.all("Pod")} == {"ReplicationController"}
        await world.patch("ReplicationController", "r", {"spec": {"replicas": 1}})
        await world.wait(5)
        assert len(world.all("Pod")) == 1

    play(scenario)


def stateful(**policy: str) -> JsonObject:
    resources = {"requests": {"storage": "1Gi"}}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], "resources": resources},
    }
    return workload(
        "StatefulSet",
        "s",
        replicas=3,
        serviceName="s",
        volumeClaimTemplates=[claim],
        persistentVolumeClaimRetentionPolicy=policy,
    )


FAST = {"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "sim.example.com"}


@pytest.mark.parametrize(
    ("policy", "after_scaling", "after_deletion"),
    [
        ({"whenScaled": "Retain", "whenDeleted": "Retain"}, 3, 3),
        ({"whenScaled": "Delete", "whenDeleted": "Retain"}, 1, 1),
        ({"whenScaled": "Retain", "whenDeleted": "Delete"}, 3, 0),
        ({"whenScaled": "Delete", "whenDeleted": "Delete"}, 1, 0),
    ],
)
def test_claims_go_as_their_policy_says(policy: dict[str, str], after_scaling: int, after_deletion: int) -> None:
    async def scenario(world: World) -> None:
        await world.create(FAST)
        await world.create(stateful(**policy))
        await world.wait(30)
        assert len(world.all("PersistentVolumeClaim")) == 3
        await world.patch("StatefulSet", "s", {"spec": {"replicas": 1}})
        await world.wait(60)
        assert len(world.all("Pod")) == 1
        assert len(world.all("PersistentVolumeClaim")) == after_scaling
        await world.delete("StatefulSet", "s")
        await world.wait(60)
        assert len(world.all("PersistentVolumeClaim")) == after_deletion

    play(scenario)


def test_a_pod_waits_for_its_claim_to_be_bound() -> None:
    async def scenario(world: World) -> None:
        await world.create(stateful())
        await world.wait(5)
        pod = world.get("Pod", "s-0")
        assert (pod["status"]["phase"], pod["spec"].get("nodeName")) == ("Pending", None)
        texts = [event["message"] for event in world.all("Event") if event["reason"] == "FailedScheduling"]
        assert texts[-1].startswith("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
        await world.create(FAST)
        await world.wait(30)
        assert all(map(ready, world.all("Pod")))
        assert len(world.all("Pod")) == 3

    play(scenario)


def test_hand_made_endpoints_are_mirrored_until_their_service_selects() -> None:
    async def scenario(world: World) -> None:
        await world.create({"kind": "Service", "metadata": {"name": "db"}, "spec": {"ports": [{"port": 5432}]}})
        subsets = [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"name": "pg", "port": 5432}]}]
        await world.create({"kind": "Endpoints", "metadata": {"name": "db"}, "subsets": subsets})
        await world.wait(1)
        (found,) = world.all("EndpointSlice")
        assert found["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"].startswith(
            "endpointslicemirroring"
        )
        assert found["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
        assert [item["addresses"] for item in found["endpoints"]] == [["192.0.2.1"]]
        assert [(port["name"], port["port"]) for port in found["ports"]] == [("pg", 5432)]
        await world.patch("Endpoints", "db", {"subsets": [{**subsets[0], "addresses": [{"ip": "2001:db8::1"}]}]})
        await world.wait(1)
        assert [item["addressType"] for item in world.all("EndpointSlice")] == ["IPv6"]
        await world.patch(
            "Endpoints", "db", {"metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}}
        )
        await world.wait(1)
        assert world.all("EndpointSlice") == []

    play(scenario)


def tainted(*effects: str) -> JsonObject:
    return {"spec": {"taints": [{"key": "k", "value": "v", "effect": effect} for effect in effects]}}


def test_a_taint_that_is_not_borne_puts_pods_off_their_node() -> None:
    tolerations = {
        "none": [],
        "other-effect": [{"key": "k", "operator": "Exists", "effect": "NoSchedule"}],
        "for-ever": [{"key": "k", "value": "v"}],
        "a-minute": [{"operator": "Exists", "tolerationSeconds": 60, "effect": "NoExecute"}],
    }

    async def scenario(world: World) -> None:
        for name, borne in tolerations.items():
            spec = {"containers": [{"name": "c", "image": "a:1"}], "tolerations": borne}
            await world.create({"kind": "Pod", "metadata": {"name": name}, "spec": spec})
        await world.wait(5)
        node = world.resource("Node")
        await world.client.patch(node, "node-1", "", tainted("NoSchedule"), PatchType.MERGE)
        await world.wait(5)
        assert len(world.all("Pod")) == len(tolerations)
        await world.client.patch(node, "node-1", "", tainted("NoExecute"), PatchType.MERGE)
        await world.wait(59)
        assert [pod["metadata"]["name"] for pod in world.all("Pod")] == ["a-minute", "for-ever"]
        assert world.reasons("Pod").count("TaintManagerEviction") == 2
        await world.wait(2)
        assert [pod["metadata"]["name"] for pod in world.all("Pod")] == ["for-ever"]

    play(scenario)


def test_a_taint_that_is_taken_away_in_time_puts_nobody_off() -> None:
    async def scenario(world: World) -> None:
        borne = [{"operator": "Exists", "tolerationSeconds": 60, "effect": "NoExecute"}]
        spec = {"containers": [{"name": "c", "image": "a:1"}], "tolerations": borne}
        await world.create({"kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
        await world.wait(5)
        await world.client.patch(world.resource("Node"), "node-1", "", tainted("NoExecute"), PatchType.MERGE)
        await world.wait(30)
        await world.client.patch(world.resource("Node"), "node-1", "", tainted(), PatchType.MERGE)
        await world.wait(60)
        assert ready(world.get("Pod", "p"))

    play(scenario)


def test_a_node_without_a_kubelet_is_unknown_and_takes_no_pods() -> None:
    async def scenario(world: World) -> None:
        annotations = {"simulation.argosy.dev/kubelet": "false"}
        await world.create({"kind": "Node", "metadata": {"name": "silent", "annotations": annotations}})
        await world.create(workload("Deployment", "w", replicas=4))
        await world.wait(10)
        assert "conditions" not in world.node("silent")["status"]
        assert {pod["spec"]["nodeName"] for pod in world.all("Pod")} == {"node-1"}
        await world.wait(60)
        conditions = {item["type"]: item["status"] for item in world.node("silent")["status"]["conditions"]}
        assert conditions["Ready"] == "Unknown"
        taints = [taint["key"] for taint in world.node("silent")["spec"]["taints"]]
        assert set(taints) == {"node.kubernetes.io/unreachable"}
        assert ready(world.node("node-1"))

    play(scenario)
