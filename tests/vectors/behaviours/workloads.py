"""W: workloads, simulated in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from argosy.cluster.store import Change
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock

from .objects import DEPLOYMENTS, JOBS, NAMESPACES, PODS, SERVICES, job, pod, service, workload
from .table import proves
from .world import World, cluster_of, world_of

WEB = f"{DEPLOYMENTS}/web"
REVISION = "deployment.kubernetes.io/revision"
SETS = "/apis/apps/v1/namespaces/default/statefulsets"
DAEMONS = "/apis/apps/v1/namespaces/default/daemonsets"
CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs"
SLOW = "rules: [{match: {}, effect: {startDelay: 1, readyDelay: 2, stopDelay: 5, jitter: 1}}]"


def _image(name: str) -> Any:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}


def _conditions(obj: Any) -> dict[str, tuple[str, str]]:
    return {item["type"]: (item["status"], item.get("reason", "")) for item in obj["status"].get("conditions") or ()}


def _is_ready(found: Any) -> bool:
    return _conditions(found).get("Ready", ("", ""))[0] == "True" and not _is_going(found)


def _is_going(found: Any) -> bool:
    return "deletionTimestamp" in found["metadata"]


def _replica_sets(found: list[Any]) -> dict[str, tuple[int, str]]:
    """Image: (wanted size, revision)."""
    return {
        obj["spec"]["template"]["spec"]["containers"][0]["image"]: (
            obj["spec"]["replicas"],
            obj["metadata"]["annotations"][REVISION],
        )
        for obj in found
    }


def _observe(world: World, plural: str, look: Callable[[list[Any]], Any]) -> list[Any]:
    """What `look` says of all objects of one kind after each change from now on, without repetitions."""
    group = "apps" if plural in ("deployments", "replicasets") else ""
    objects = {obj["metadata"]["uid"]: obj for obj in world.all(group, plural)}
    seen: list[Any] = []

    def note(batch: Sequence[Change]) -> None:
        for change in batch:
            if change.plural != plural:
                continue
            objects[change.obj["metadata"]["uid"]] = change.obj
            if change.new is None:
                del objects[change.obj["metadata"]["uid"]]
            value = look(list(objects.values()))
            if not seen or seen[-1] != value:
                seen.append(value)

    world.cluster.on_commit(note)
    return seen


@proves("W01")
async def a_rolling_update_keeps_within_its_bounds(world: World) -> None:
    world.simulate(SLOW)
    await world.make(DEPLOYMENTS, workload(replicas=4))
    await world.pass_time(30)

    def alive(pods: list[Any]) -> tuple[int, int]:
        staying = [obj for obj in pods if not _is_going(obj)]
        return len(staying), sum(map(_is_ready, staying))

    def sizes(replica_sets: list[Any]) -> tuple[int, int]:
        found = _replica_sets(replica_sets)
        return found.get("web:2", (0, ""))[0], found["web:1"][0]

    counts, steps = _observe(world, "pods", alive), _observe(world, "replicasets", sizes)
    await world.patch(WEB, _image("web:2"), "strategic")
    await world.pass_time(60)
    assert steps[:3] == [(1, 4), (1, 3), (2, 3)]
    assert steps[-1] == (4, 0)
    assert max(number for number, _ in counts) == 5
    assert min(available for _, available in counts) == 3


@proves("W02")
async def a_finished_rollout_says_so(world: World) -> None:
    world.simulate()
    await world.make(DEPLOYMENTS, workload(replicas=2))
    await world.pass_time(30)
    found = await world.get(WEB)
    assert _conditions(found) == {
        "Progressing": ("True", "NewReplicaSetAvailable"),
        "Available": ("True", "MinimumReplicasAvailable"),
    }
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert found["metadata"]["annotations"][REVISION] == "1"
    assert _replica_sets(world.all("apps", "replicasets")) == {"web:1": (2, "1")}


@proves("W04")
async def an_old_template_reuses_its_replica_set(world: World) -> None:
    world.simulate()
    await world.make(DEPLOYMENTS, workload())
    for image in ("web:1", "web:2", "web:1"):
        await world.patch(WEB, _image(image), "strategic")
        await world.pass_time(30)
    assert _replica_sets(world.all("apps", "replicasets")) == {"web:1": (1, "3"), "web:2": (0, "2")}
    assert (await world.get(WEB))["metadata"]["annotations"][REVISION] == "3"


@proves("W05")
async def a_paused_deployment_waits_for_its_resumption(world: World) -> None:
    world.simulate()
    await world.make(DEPLOYMENTS, workload())
    await world.pass_time(30)

    seen = _observe(world, "deployments", lambda found: _conditions(found[0]).get("Progressing"))
    await world.patch(WEB, {"spec": {"paused": True}})
    await world.patch(WEB, _image("web:2"), "strategic")
    await world.pass_time(30)
    assert seen[-1] == ("Unknown", "DeploymentPaused")
    assert list(_replica_sets(world.all("apps", "replicasets"))) == ["web:1"]
    await world.patch(WEB, {"spec": {"paused": False}})
    await world.pass_time(30)
    reasons = [reason for _, reason in seen]
    assert reasons.index("DeploymentPaused") < reasons.index("DeploymentResumed")
    assert seen[-1] == ("True", "NewReplicaSetAvailable")
    assert _replica_sets(world.all("apps", "replicasets")) == {"web:1": (0, "1"), "web:2": (1, "2")}


@proves("W08")
async def a_stateful_set_keeps_its_order(world: World) -> None:
    world.simulate(SLOW)
    await world.make(SETS, workload("StatefulSet", "s", replicas=3, serviceName="s"))
    await world.pass_time(60)
    made = [change for change in world.changes if change.plural == "pods"]
    alive: dict[str, Any] = {}
    order: list[str] = []
    for change in made:
        name = change.key.name
        if change.new is not None and name not in alive:
            assert all(_is_ready(obj) for obj in alive.values()), f"{name} came before the others were ready"
            order.append(name)
        if change.new is not None:
            alive[name] = change.new.obj
    assert order == ["s-0", "s-1", "s-2"]
    await world.patch(f"{SETS}/s", _image("web:2"), "strategic")
    await world.pass_time(120)
    await world.patch(f"{SETS}/s", {"spec": {"replicas": 1}})
    await world.pass_time(60)
    gone = [change.key.name for change in world.changes if change.plural == "pods" and change.new is None]
    assert gone == ["s-2", "s-1", "s-0", "s-2", "s-1"]
    assert [obj["spec"]["containers"][0]["image"] for obj in world.all("", "pods")] == ["web:2"]


@proves("W10")
async def a_daemon_set_updates_node_by_node(world: World) -> None:
    for name in ("n1", "n2", "n3"):
        await world.make("/api/v1/nodes", {"metadata": {"name": name}})
    world.simulate(SLOW)
    await world.make(DAEMONS, workload("DaemonSet", "d"))
    await world.pass_time(30)
    seen = _observe(world, "pods", lambda found: sum(map(_is_ready, found)))
    await world.patch(f"{DAEMONS}/d", _image("web:2"), "strategic")
    await world.pass_time(120)
    assert (min(seen), seen[-1]) == (2, 3)
    assert {obj["spec"]["containers"][0]["image"] for obj in world.all("", "pods")} == {"web:2"}


@proves("W11")
async def a_job_runs_to_its_completions(world: World) -> None:
    world.simulate("rules: [{match: {}, effect: {runFor: 5}}]")

    def running(pods: list[Any]) -> int:
        return sum(obj["status"]["phase"] in ("Pending", "Running") for obj in pods)

    seen = _observe(world, "pods", running)
    await world.make(JOBS, job(completions=2))
    await world.pass_time(60)
    assert max(seen) == 1
    assert [obj["status"]["phase"] for obj in world.all("", "pods")] == ["Succeeded", "Succeeded"]
    status = (await world.get(f"{JOBS}/j"))["status"]
    conditions = [(item["type"], item["status"]) for item in status["conditions"]]
    assert conditions == [("SuccessCriteriaMet", "True"), ("Complete", "True")]
    assert status["succeeded"] == 2
    assert status["completionTime"] > status["startTime"]
    first = next(change for change in world.changes if change.plural == "jobs" and _conditions(change.obj))
    assert list(_conditions(first.obj)) == ["SuccessCriteriaMet"]


@proves("W15")
async def a_cron_job_may_forbid_overlap(world: World) -> None:
    world.simulate("rules: [{match: {}, effect: {runFor: 90}}]")
    spec = {"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job()["spec"]}}
    await world.make(CRON_JOBS, {"metadata": {"name": "c"}, "spec": spec})
    await world.pass_time(125)
    assert len(world.all("batch", "jobs")) == 1
    assert "JobAlreadyActive" in world.events("CronJob")


@proves("W16")
async def endpoints_follow_their_pods(world: World) -> None:
    world.simulate("rules: [{match: {}, effect: {startDelay: 1, readyDelay: 4, stopDelay: 5}}]")
    await world.make(SERVICES, service())
    ready, going = {"containers": [{"name": "c", "image": "i"}]}, f"{PODS}/web"
    await world.make(PODS, pod("web", **ready))

    async def conditions() -> Any:
        (found,) = world.all("discovery.k8s.io", "endpointslices")
        return [item["conditions"] for item in found["endpoints"]]

    async def addresses() -> tuple[int, int]:
        subsets = (await world.get(f"{NAMESPACES}/default/endpoints/web")).get("subsets") or [{}]
        return len(subsets[0].get("addresses") or ()), len(subsets[0].get("notReadyAddresses") or ())

    await world.pass_time(3)
    assert await conditions() == [{"ready": False, "serving": False, "terminating": False}]
    assert await addresses() == (0, 1)
    await world.pass_time(10)
    assert await conditions() == [{"ready": True, "serving": True, "terminating": False}]
    assert await addresses() == (1, 0)
    await world.delete(going)
    await world.pass_time(1)
    assert await conditions() == [{"ready": False, "serving": True, "terminating": True}]
    assert (await addresses())[0] == 0
    await world.pass_time(60)
    assert await addresses() == (0, 0)


@proves("W18")
async def a_failing_pull_waits_and_backs_off(world: World) -> None:
    world.simulate("rules: [{match: {image: 'bad:*'}, effect: {fail: {reason: ErrImagePull}}}]")

    def waiting(pods: list[Any]) -> tuple[str, str]:
        status = pods[0]["status"]
        (container,) = status.get("containerStatuses") or [{"state": {}}]
        return container["state"].get("waiting", {}).get("reason", ""), status["phase"]

    seen = _observe(world, "pods", waiting)
    await world.make(PODS, pod(containers=[{"name": "c", "image": "bad:1"}]))
    await world.pass_time(5)
    reasons = [reason for reason, _ in seen if "Pull" in reason]
    assert reasons[:2] == ["ErrImagePull", "ImagePullBackOff"]
    assert {phase for reason, phase in seen if reason} == {"Pending"}


@proves("W20")
async def virtual_time_is_as_real_time_but_does_not_pass(world: World) -> None:
    begun, virtual = RealClock().now(), world.clock.now()
    long = await _rollout(world, delay=300.0)
    assert (RealClock().now() - begun).total_seconds() < 30
    assert (world.clock.now() - virtual).total_seconds() >= 600
    changes = [datetime.fromisoformat(time) for _, time in long]
    assert changes == sorted(changes)
    first, second = changes[:3], changes[3:]
    assert [(rollout[-1] - rollout[0]).total_seconds() for rollout in (first, second)] == [300, 300]
    real = await world.clock.external(asyncio.to_thread(lambda: asyncio.run(_in_real_time())))
    assert [state for state, _ in long] == [state for state, _ in real]


async def _rollout(world: World, delay: float) -> list[tuple[Any, str]]:
    """What the Deployment says of its progress, and since when; two Pods after one another."""
    world.simulate(f"rules: [{{match: {{}}, effect: {{startDelay: {delay / 2}, readyDelay: {delay / 2}}}}}]")
    await world.make(DEPLOYMENTS, workload())
    await _rolled_out(world, delay)
    await world.patch(WEB, _image("web:2"), "strategic")
    await _rolled_out(world, delay)
    return list(_states(world))


async def _rolled_out(world: World, delay: float) -> None:
    """Waits as long as it takes, at least once: a busy machine is late in real time."""
    for _ in range(100):
        await world.pass_time(delay / 2)
        (found,) = world.all("apps", "deployments")
        current = found["status"].get("observedGeneration") == found["metadata"]["generation"]
        if current and _conditions(found).get("Progressing", ("", ""))[1] == "NewReplicaSetAvailable":
            return
    raise AssertionError("the rollout did not end")


def _states(world: World) -> Iterator[tuple[Any, str]]:
    last = None
    for change in world.changes:
        if change.plural != "deployments":
            continue
        found = [item for item in change.obj["status"].get("conditions") or () if item["type"] == "Progressing"]
        for item in found:
            state = (item["status"], item["reason"], item["message"].partition('"')[2])
            if state != last:
                last = state
                yield state, item["lastUpdateTime"]


async def _in_real_time() -> list[tuple[Any, str]]:
    clock: Any = RealClock()
    async with cluster_of(clock, SeededRng(7)) as cluster:
        world = world_of(cluster, clock)
        try:
            return await _rollout(world, delay=0.3)
        finally:
            await world.close()
