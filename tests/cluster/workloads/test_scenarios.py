"""Whole workloads on the real embedded server, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.kinds.cells.workloads import autoscaler_cells
from argosy.cluster.ports import LogOptions
from argosy.cluster.workloads.nodes.nodes import node_object
from argosy.cluster.workloads.simulation import Settings
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from tests.kit.workloads import World, image, job, play, ready, workload

JITTER = "rules: [{match: {}, effect: {jitter: 1.5}}]"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("replicas", "surge", "unavailable"), [(4, "25%", "25%"), (7, 3, 0), (5, 0, 2), (1, 1, 0)])
def test_a_rollout_never_has_too_many_pods_nor_too_few_available_ones(
    seed: int, replicas: int, surge: int | str, unavailable: int | str
) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    most = replicas + (-(-replicas // 4) if surge == "25%" else int(surge))
    least = replicas - (replicas // 4 if unavailable == "25%" else int(unavailable))

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=replicas, strategy=strategy))
        await world.wait(30)
        counts: list[tuple[int, int]] = []

        def count(batch: object) -> None:
            pods = [pod for pod in world.all("Pod") if not pod["metadata"].get("deletionTimestamp")]
            counts.append((len(pods), sum(map(ready, pods))))

        world.cluster.on_commit(count)
        await world.patch("Deployment", "w", image("a:2"))
        await world.wait(60)
        assert max(total for total, _ in counts) <= most
        assert min(available for _, available in counts) >= least
        assert world.get("Deployment", "w")["status"]["updatedReplicas"] == replicas

    play(scenario, JITTER, seed=seed)


def test_a_finished_rollout_is_complete_and_numbered() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=2))
        await world.wait(10)
        deployment = world.get("Deployment", "w")
        assert world.conditions("Deployment", "w") == {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("True", "NewReplicaSetAvailable"),
        }
        assert deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"] == 1
        assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"

    play(scenario)


def test_a_template_put_back_takes_its_replicaset_again_under_the_highest_revision() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        for name in ("a:2", "a:1"):
            await world.wait(10)
            await world.patch("Deployment", "w", image(name))
        await world.wait(10)
        sets = {
            item["spec"]["template"]["spec"]["containers"][0]["image"]: item["metadata"]["annotations"]
            for item in world.all("ReplicaSet")
        }
        assert {name: found["deployment.kubernetes.io/revision"] for name, found in sets.items()} == {
            "a:1": "3",
            "a:2": "2",
        }
        assert sets["a:1"]["deployment.kubernetes.io/revision-history"] == "1"

    play(scenario)


def test_recreate_starts_nothing_before_the_old_pods_are_gone() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=2, strategy={"type": "Recreate"}))
        await world.wait(10)
        world.cluster.on_commit(
            lambda batch: images.append({pod["spec"]["containers"][0]["image"] for pod in world.all("Pod")})
        )
        await world.patch("Deployment", "w", image("a:2"))
        await world.wait(10)

    images: list[set[str]] = []
    play(scenario)
    assert {"a:1", "a:2"} not in images
    assert images[-1] == {"a:2"}


def test_old_replicasets_beyond_the_history_limit_go() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", revisionHistoryLimit=1))
        for number in range(2, 6):
            await world.wait(10)
            await world.patch("Deployment", "w", image(f"a:{number}"))
        await world.wait(10)
        assert len(world.all("ReplicaSet")) == 2

    play(scenario)


@pytest.mark.parametrize("crash_at", [0.0, 0.1, 0.25, 0.7, 1.0, 1.35, 2.0])
def test_a_restart_at_any_moment_ends_in_the_same_state(crash_at: float) -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=4))
        await world.create(workload("StatefulSet", "s", replicas=3, serviceName="s"))
        await world.create(job("j", completions=3, parallelism=2))
        await world.wait(crash_at)
        world.restart()
        await world.wait(120)
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 4
        assert world.get("StatefulSet", "s")["status"]["availableReplicas"] == 3
        assert world.get("Job", "j")["status"]["succeeded"] == 3
        assert len([pod for pod in world.all("Pod") if pod["status"]["phase"] == "Succeeded"]) == 3
        assert len(world.all("Pod")) == 10

    play(scenario)


def test_the_same_seed_gives_the_same_run_to_the_last_revision() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=5))
        await world.wait(5)
        await world.patch("Deployment", "w", image("a:2"))
        await world.wait(30)

    runs = [[(c.rev, c.plural, c.obj) for c in play(scenario, JITTER).changes] for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) > 100


def test_a_statefulset_rolls_from_the_highest_ordinal_and_shrinks_from_the_top() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("StatefulSet", "s", replicas=3, serviceName="s"))
        await world.wait(30)
        await world.patch("StatefulSet", "s", image("a:2"))
        await world.wait(30)
        await world.patch("StatefulSet", "s", {"spec": {"replicas": 1}})
        await world.wait(30)
        gone = [c.old.key.name for c in world.changes if c.plural == "pods" and c.new is None and c.old is not None]
        assert gone == ["s-2", "s-1", "s-0", "s-2", "s-1"]
        status = world.get("StatefulSet", "s")["status"]
        assert status["currentRevision"] == status["updateRevision"]

    play(scenario)


def test_a_daemonset_replaces_one_node_after_the_other() -> None:
    async def scenario(world: World) -> None:
        for name in ("n2", "n3"):
            await world.create(node_object(name))
        await world.create(workload("DaemonSet", "d"))
        await world.wait(10)
        assert world.get("DaemonSet", "d")["status"]["numberAvailable"] == 3
        world.cluster.on_commit(lambda batch: available.append(sum(map(ready, world.all("Pod")))))
        await world.patch("DaemonSet", "d", image("a:2"))
        await world.wait(30)
        assert world.get("DaemonSet", "d")["status"]["updatedNumberScheduled"] == 3

    available: list[int] = []
    play(scenario)
    assert min(available) == 2


def test_a_job_that_fails_too_often_ends_with_its_reason() -> None:
    rules = "rules: [{match: {owner: {kind: Job}}, effect: {runFor: 1, exitCode: 3}}]"

    async def scenario(world: World) -> None:
        await world.create(job("j", backoffLimit=2))
        await world.wait(600)
        assert world.conditions("Job", "j")["Failed"] == ("True", "BackoffLimitExceeded")
        assert world.get("Job", "j")["status"]["failed"] == 3

    play(scenario, rules)


def test_a_finished_job_is_deleted_after_its_time_to_live() -> None:
    async def scenario(world: World) -> None:
        await world.create(job("j", ttlSecondsAfterFinished=60))
        await world.wait(30)
        assert world.conditions("Job", "j")["Complete"] == ("True", "CompletionsReached")
        await world.wait(60)
        deleted = not world.all("Job") or world.all("Job")[0]["metadata"].get("deletionTimestamp")
        assert deleted

    play(scenario)


def test_a_cronjob_that_forbids_overlap_skips_a_minute() -> None:
    rules = "rules: [{match: {owner: {kind: Job}}, effect: {runFor: 90}}]"
    template = {"spec": job("x")["spec"]}

    async def scenario(world: World) -> None:
        spec = {"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": template}
        await world.create({"kind": "CronJob", "metadata": {"name": "c"}, "spec": spec})
        await world.wait(125)
        assert len(world.all("Job")) == 1
        assert "JobAlreadyActive" in world.reasons("CronJob")
        await world.wait(60)
        assert len(world.all("Job")) == 2

    play(scenario, rules)


def test_endpoints_follow_readiness() -> None:
    async def scenario(world: World) -> None:
        spec = {"selector": {"app": "w"}, "ports": [{"port": 80, "targetPort": 8080}]}
        await world.create({"kind": "Service", "metadata": {"name": "w"}, "spec": spec})
        await world.create(workload("Deployment", "w", replicas=2))
        await world.wait(0.3)
        conditions = [item["conditions"]["ready"] for item in world.all("EndpointSlice")[0]["endpoints"]]
        assert conditions == [False, False]
        await world.wait(5)
        found = world.all("EndpointSlice")[0]
        assert [item["conditions"]["ready"] for item in found["endpoints"]] == [True, True]
        assert found["ports"][0]["port"] == 8080
        assert len(world.get("Endpoints", "w")["subsets"][0]["addresses"]) == 2

    play(scenario)


PORT = {"port": 80}


@pytest.mark.parametrize(("delay", "given"), [(1.0, True), (-1.0, False)])
def test_a_load_balancer_gets_its_address_after_the_delay(delay: float, given: bool) -> None:
    async def scenario(world: World) -> None:
        spec = {"type": "LoadBalancer", "selector": {"app": "w"}, "ports": [{"port": 80}]}
        await world.create({"kind": "Service", "metadata": {"name": "w"}, "spec": spec})
        await world.wait(5)
        assert bool(world.get("Service", "w")["status"]["loadBalancer"].get("ingress")) is given

    play(scenario, settings=Settings(address_delay=delay))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("lb.example.com", {"ingress": [{"hostname": "lb.example.com"}]}),
        ("192.0.2.7", {"ingress": [{"ip": "192.0.2.7", "ipMode": "VIP"}]}),
        ("never", {}),
        ("no name at all", None),
    ],
)
def test_an_annotation_says_which_address_a_load_balancer_gets(said: str, wanted: JsonObject | None) -> None:
    async def scenario(world: World) -> None:
        metadata = {"name": "w", "annotations": {"simulation.argosy.dev/address": said}}
        await world.create({"kind": "Service", "metadata": metadata, "spec": {"type": "LoadBalancer", "ports": [PORT]}})
        await world.wait(5)
        given = world.get("Service", "w")["status"]["loadBalancer"]
        assert list(given["ingress"][0]) == ["ip", "ipMode"] if wanted is None else given == wanted

    play(scenario)


def test_a_failing_pull_shows_err_image_pull_then_back_off_and_ends_after_its_times() -> None:
    rules = "rules: [{match: {image: 'bad:*'}, effect: {fail: {reason: ErrImagePull, times: 2}}}]"

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", "bad:1"))
        await world.wait(0.5)
        seen = [_waiting(world)]
        await world.wait(2)
        seen.append(_waiting(world))
        assert world.all("Pod")[0]["status"]["phase"] == "Pending"
        await world.wait(60)
        assert seen == ["ErrImagePull", "ImagePullBackOff"]
        assert world.all("Pod")[0]["status"]["phase"] == "Running"

    play(scenario, rules)


def _waiting(world: World) -> str:
    state = world.all("Pod")[0]["status"]["containerStatuses"][0]["state"]
    return str((state.get("waiting") or {}).get("reason", ""))


def test_a_crashing_container_backs_off_and_recovers_after_its_times() -> None:
    rules = "rules: [{match: {}, effect: {fail: {reason: OOMKilled, after: 2, times: 2}}}]"

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(5)
        status = world.all("Pod")[0]["status"]["containerStatuses"][0]
        assert _waiting(world) == "CrashLoopBackOff"
        assert status["lastState"]["terminated"]["reason"] == "OOMKilled"
        assert status["restartCount"] == 1
        await world.wait(60)
        status = world.all("Pod")[0]["status"]["containerStatuses"][0]
        assert (status["restartCount"], status["ready"]) == (2, True)

    play(scenario, rules)


def test_a_missing_config_map_holds_the_container_until_it_is_there() -> None:
    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w")
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
        await world.create(deployment)
        await world.wait(5)
        waiting = world.all("Pod")[0]["status"]["containerStatuses"][0]["state"]["waiting"]
        assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
        await world.create({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}})
        await world.wait(5)
        assert ready(world.all("Pod")[0])

    play(scenario)


def test_rules_in_a_labelled_config_map_are_in_force_at_once_and_annotations_win() -> None:
    text = "rules: [{match: {}, effect: {neverReady: true}}]"

    async def scenario(world: World) -> None:
        metadata = {"name": "r", "labels": {"argosy.dev/simulation-rules": "true"}}
        await world.create({"kind": "ConfigMap", "metadata": metadata, "data": {"rules.yaml": text}})
        await world.create(workload("Deployment", "w"))
        annotated = workload("Deployment", "x")
        annotated["spec"]["template"]["metadata"]["annotations"] = {"simulation.argosy.dev/neverReady": "false"}
        await world.create(annotated)
        await world.wait(10)
        readiness = {pod["metadata"]["labels"]["app"]: ready(pod) for pod in world.all("Pod")}
        assert readiness == {"w": False, "x": True}

    play(scenario)


def test_init_containers_run_in_order_and_sidecars_stay() -> None:
    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w")
        deployment["spec"]["template"]["spec"]["initContainers"] = [
            {"name": "first", "image": "i:1"},
            {"name": "proxy", "image": "p:1", "restartPolicy": "Always"},
        ]
        await world.create(deployment)
        await world.wait(10)
        status = world.all("Pod")[0]["status"]
        states = {item["name"]: next(iter(item["state"])) for item in status["initContainerStatuses"]}
        assert states == {"first": "terminated", "proxy": "running"}
        assert ready(world.all("Pod")[0])

    play(scenario)


def test_a_claim_of_a_class_is_provisioned_and_bound() -> None:
    async def scenario(world: World) -> None:
        await world.create({"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "sim.example.com"})
        spec = {
            "storageClassName": "fast",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        await world.create({"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec})
        await world.wait(5)
        claim = world.get("PersistentVolumeClaim", "data")
        assert claim["status"]["phase"] == "Bound"
        assert world.all("PersistentVolume")[0]["metadata"]["name"] == claim["spec"]["volumeName"]
        assert world.all("PersistentVolume")[0]["status"]["phase"] == "Bound"

    play(scenario)


def test_a_budget_says_how_many_pods_may_go() -> None:
    async def scenario(world: World) -> None:
        spec = {"minAvailable": "50%", "selector": {"matchLabels": {"app": "w"}}}
        await world.create({"kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": spec})
        await world.create(workload("Deployment", "w", replicas=5))
        await world.wait(10)
        status = world.get("PodDisruptionBudget", "b")["status"]
        assert (status["expectedPods"], status["desiredHealthy"], status["disruptionsAllowed"]) == (5, 3, 2)

    play(scenario)


def test_logs_come_from_the_rules_and_keep_their_order() -> None:
    rules = "rules: [{match: {}, effect: {logs: [hello, {at: 2s, line: later}, {at: 1h, line: never}]}}]"

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w"))
        await world.wait(10)
        pod = world.all("Pod")[0]
        for tail, expected in ((None, b"hello\nlater\n"), (1, b"later\n")):
            chunks = [chunk async for chunk in world.workloads.logs.read(pod, LogOptions(tail_lines=tail))]
            assert b"".join(chunks) == expected

    play(scenario, rules)


def test_a_quiet_cluster_is_not_looked_at() -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=3))
        await world.wait(10)
        before = world.workloads.engine.looks
        await world.wait(3600)
        assert world.workloads.engine.looks - before <= 3

    play(scenario)


@pytest.mark.parametrize(("usage", "size"), [(160, 4), (52, 2), (900, 6), (10, 2)])
def test_an_autoscaler_sizes_by_the_metrics_of_the_rules(usage: int, size: int) -> None:
    """Scale-down waits for five minutes of lower recommendations; none had been made before, so it happens at once."""

    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=2))
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"},
            "minReplicas": 2,
            "maxReplicas": 6,
            "metrics": [{"type": "Resource", "resource": metric}],
        }
        await world.wait(5)
        await world.create({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec})
        await world.wait(5)
        assert world.get("Deployment", "w")["spec"]["replicas"] == size

    play(scenario, f"rules: [{{match: {{}}, effect: {{metrics: {{cpu: {usage}}}}}}}]")


def by(target: JsonObject, **source: object) -> JsonObject:
    return {"type": "Resource", "resource": {"name": "cpu", "target": target, **source}}


QUEUE = {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}}
BY_QUEUE = {"type": "Pods", "pods": QUEUE}
BY_SHARE = by({"type": "Utilization", "averageUtilization": 100})
ELSEWHERE = {"type": "External", "external": QUEUE}


@pytest.mark.parametrize(
    ("metrics", "size", "shown"),
    [
        ([by({"type": "AverageValue", "averageValue": "150m"})], 4, "cpu: 300m/150m"),
        ([BY_SHARE], 3, "cpu: 150%/100%"),
        ([BY_QUEUE], 5, "25/10"),
        ([by({"type": "AverageValue", "averageValue": "300m"}), BY_QUEUE], 5, "cpu: 300m/300m, 25/10"),
        ([ELSEWHERE, BY_SHARE], 3, "<unknown>/10 (avg), cpu: 150%/100%"),
    ],
)
def test_an_autoscaler_reads_values_and_metrics_of_pods_too(metrics: list[JsonObject], size: int, shown: str) -> None:
    async def scenario(world: World) -> None:
        deployment = workload("Deployment", "w", replicas=2)
        deployment["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "200m"}}
        await world.create(deployment)
        await world.wait(5)
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
        spec = {"scaleTargetRef": target, "maxReplicas": 9, "metrics": metrics}
        await world.create({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec})
        await world.wait(5)
        assert world.get("Deployment", "w")["spec"]["replicas"] == size
        found = world.get("HorizontalPodAutoscaler", "h")
        assert autoscaler_cells(found, world.clock.now())[2] == shown

    play(scenario, "rules: [{match: {}, effect: {metrics: {cpu: 150, queue: 25}}}]")


@pytest.mark.parametrize(("given", "size"), [(9, 4), (1, 2)])
def test_an_autoscaler_without_metrics_still_keeps_to_its_bounds(given: int, size: int) -> None:
    async def scenario(world: World) -> None:
        await world.create(workload("Deployment", "w", replicas=given))
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
        spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
        await world.create({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec})
        await world.wait(5)
        assert world.get("Deployment", "w")["spec"]["replicas"] == size
        assert world.get("HorizontalPodAutoscaler", "h")["status"]["desiredReplicas"] == size
        assert world.conditions("HorizontalPodAutoscaler", "h")["AbleToScale"] == ("True", "SucceededRescale")
        assert "SuccessfulRescale" in world.reasons("HorizontalPodAutoscaler")

    play(scenario)


def test_schedules_and_autoscalers_do_not_keep_a_rehearsal_alive() -> None:
    async def scenario(world: World) -> None:
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": job("x")["spec"]}}
        await world.create({"kind": "CronJob", "metadata": {"name": "c"}, "spec": spec})
        await world.create(workload("Deployment", "w"))
        settled = await world.clock.settle()
        assert settled.ending == "quiet"
        assert ready(world.all("Pod")[0])

    play(scenario)


def test_pods_that_may_not_be_created_are_reported_and_tried_again() -> None:
    async def scenario(world: World) -> None:
        world.cluster.admission.checks.append(refuse)
        await world.create(workload("Deployment", "w", replicas=2))
        await world.wait(3)
        assert world.conditions("ReplicaSet", world.all("ReplicaSet")[0]["metadata"]["name"])["ReplicaFailure"] == (
            "True",
            "FailedCreate",
        )
        assert world.conditions("Deployment", "w")["ReplicaFailure"][1] == "FailedCreate"
        assert "FailedCreate" in world.reasons("ReplicaSet")
        world.cluster.admission.checks.remove(refuse)
        await world.wait(90)
        assert "ReplicaFailure" not in world.conditions("Deployment", "w")
        assert world.get("Deployment", "w")["status"]["availableReplicas"] == 2

    def refuse(attributes: Any) -> None:
        if attributes.kind.resource.plural == "pods" and attributes.ctx.operation == "CREATE":
            raise StatusError(403, "Forbidden", "exceeded quota: q")

    play(scenario)
