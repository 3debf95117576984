"""D: deletion and garbage collection."""

from __future__ import annotations

from typing import Any

from .objects import CONFIG_MAPS, DEPLOYMENTS, JOBS, NAMESPACES, PODS, config_map, job, owned_by, pod, workload
from .table import proves
from .world import World


async def _make(world: World, name: str, **metadata: Any) -> Any:
    return await world.make(CONFIG_MAPS, config_map(name, **metadata))


@proves("D01")
async def a_deleted_object_is_gone(world: World) -> None:
    made = await world.make(DEPLOYMENTS, workload())
    status = (await world.delete(f"{DEPLOYMENTS}/web")).ok()
    assert (status["kind"], status["status"]) == ("Status", "Success")
    uid = made["metadata"]["uid"]
    assert status["details"] == {"name": "web", "group": "apps", "kind": "deployments", "uid": uid}
    assert await world.is_gone(f"{DEPLOYMENTS}/web")


@proves("D02")
async def finalizers_keep_a_deleted_object(world: World) -> None:
    body = workload()
    body["metadata"]["finalizers"] = ["x.io/keep"]
    await world.make(DEPLOYMENTS, body)
    metadata = (await world.delete(f"{DEPLOYMENTS}/web")).ok()["metadata"]
    assert metadata["deletionTimestamp"]
    assert metadata["deletionGracePeriodSeconds"] == 0
    assert metadata["generation"] == 2
    again = (await world.delete(f"{DEPLOYMENTS}/web")).ok()["metadata"]
    assert (again["deletionTimestamp"], again["generation"]) == (metadata["deletionTimestamp"], 2)
    await _make(world, "a", finalizers=["x.io/keep"])
    assert "generation" not in (await world.delete(f"{CONFIG_MAPS}/a")).ok()["metadata"]


@proves("D03")
async def the_last_finalizer_lets_it_go(world: World) -> None:
    await _make(world, "a", finalizers=["x.io/keep"], labels={"k": "v"})
    watch = await world.watch(f"{CONFIG_MAPS}?labelSelector=k%3Dv")
    await world.delete(f"{CONFIG_MAPS}/a")
    found = (await world.patch(f"{CONFIG_MAPS}/a", {"metadata": {"finalizers": None}})).ok()
    assert found["metadata"]["name"] == "a"
    assert await world.is_gone(f"{CONFIG_MAPS}/a")
    await world.pass_time()
    assert watch.types == ["ADDED", "MODIFIED", "DELETED"]


@proves("D06")
async def preconditions_must_hold(world: World) -> None:
    made = (await _make(world, "a"))["metadata"]
    for precondition in ({"uid": "11111111-2222-3333-4444-555555555555"}, {"resourceVersion": "1"}):
        (await world.delete(f"{CONFIG_MAPS}/a", {"preconditions": precondition})).refused(409, "Conflict")
    right = {name: made[name] for name in ("uid", "resourceVersion")}
    (await world.delete(f"{CONFIG_MAPS}/a", {"preconditions": right})).ok()


@proves("D07")
async def dependents_follow_in_the_background(world: World) -> None:
    owner = await _make(world, "owner")
    await _make(world, "child", ownerReferences=[owned_by(owner)])
    (await world.delete(f"{CONFIG_MAPS}/owner", {"propagationPolicy": "Background"})).ok()
    assert await world.is_gone(f"{CONFIG_MAPS}/owner")
    await world.pass_time(5)
    assert await world.is_gone(f"{CONFIG_MAPS}/child")


@proves("D08")
async def a_blocking_dependent_holds_its_owner_in_the_foreground(world: World) -> None:
    owner = await _make(world, "owner")
    await _make(world, "child", ownerReferences=[owned_by(owner, blocks=True)], finalizers=["x.io/keep"])
    (await world.delete(f"{CONFIG_MAPS}/owner", {"propagationPolicy": "Foreground"})).ok()
    await world.pass_time(30)
    held = (await world.get(f"{CONFIG_MAPS}/owner"))["metadata"]
    assert held["finalizers"] == ["foregroundDeletion"]
    assert (await world.get(f"{CONFIG_MAPS}/child"))["metadata"]["deletionTimestamp"]
    await world.patch(f"{CONFIG_MAPS}/child", {"metadata": {"finalizers": None}})
    await world.pass_time(5)
    assert await world.is_gone(f"{CONFIG_MAPS}/child")
    assert await world.is_gone(f"{CONFIG_MAPS}/owner")


@proves("D10")
async def orphans_lose_their_owner_and_stay(world: World) -> None:
    owner = await _make(world, "owner")
    await _make(world, "child", ownerReferences=[owned_by(owner)])
    (await world.delete(f"{CONFIG_MAPS}/owner", {"propagationPolicy": "Orphan"})).ok()
    await world.pass_time(5)
    assert await world.is_gone(f"{CONFIG_MAPS}/owner")
    assert "ownerReferences" not in (await world.get(f"{CONFIG_MAPS}/child"))["metadata"]


@proves("D11")
async def a_dependent_goes_with_its_last_owner(world: World) -> None:
    owners = [await _make(world, name) for name in ("one", "two")]
    await _make(world, "child", ownerReferences=[owned_by(owner) for owner in owners])
    await world.delete(f"{CONFIG_MAPS}/one")
    await world.pass_time(5)
    references = (await world.get(f"{CONFIG_MAPS}/child"))["metadata"]["ownerReferences"]
    assert [reference["name"] for reference in references] == ["two"]
    await world.delete(f"{CONFIG_MAPS}/two")
    await world.pass_time(5)
    assert await world.is_gone(f"{CONFIG_MAPS}/child")


@proves("D14")
async def a_job_leaves_its_pods_unless_told_otherwise(world: World) -> None:
    for name, options in (("kept", b""), ("swept", {"propagationPolicy": "Background"})):
        owner = await world.make(JOBS, job(name))
        body = pod(name)
        body["metadata"]["ownerReferences"] = [owned_by({**owner, "apiVersion": "batch/v1", "kind": "Job"})]
        await world.make(PODS, body)
        answer = await world.delete(f"{JOBS}/{name}", options)
        if options:
            assert answer.warnings == []
        else:
            assert answer.ok()["metadata"]["finalizers"] == ["orphan"]
            assert len(answer.warnings) == 1
    await world.pass_time(5)
    assert await world.is_gone(f"{JOBS}/kept")
    assert await world.is_gone(f"{JOBS}/swept")
    assert await world.names(PODS) == ["kept"]


@proves("D15")
async def a_selection_is_deleted_and_given_back(world: World) -> None:
    await _make(world, "a", labels={"k": "v"})
    await _make(world, "b", labels={"k": "v"}, finalizers=["x.io/keep"])
    await _make(world, "c")
    found = (await world.delete(f"{CONFIG_MAPS}?labelSelector=k%3Dv")).ok()
    assert (found["kind"], [item["metadata"]["name"] for item in found["items"]]) == ("ConfigMapList", ["a", "b"])
    assert await world.is_gone(f"{CONFIG_MAPS}/a")
    assert (await world.get(f"{CONFIG_MAPS}/b"))["metadata"]["deletionTimestamp"]
    assert "deletionTimestamp" not in (await world.get(f"{CONFIG_MAPS}/c"))["metadata"]


@proves("D16")
async def a_scheduled_pod_is_given_time_that_only_shrinks(world: World) -> None:
    await world.make(PODS, pod(nodeName="n"))
    place = f"{PODS}/p"
    found = []
    for seconds in (20, 40, 5):
        metadata = (await world.delete(place, {"gracePeriodSeconds": seconds})).ok()["metadata"]
        found.append((metadata["deletionGracePeriodSeconds"], metadata["deletionTimestamp"]))
    assert [grace for grace, _ in found] == [20, 20, 5]
    assert found[0][1] == found[1][1] == "2030-01-01T00:00:20Z"
    assert found[2][1] == "2030-01-01T00:00:05Z"
    (await world.delete(place, {"gracePeriodSeconds": 0})).ok()
    assert await world.is_gone(place)
    await world.make(PODS, pod("waiting"))
    (await world.delete(f"{PODS}/waiting")).ok()
    assert await world.is_gone(f"{PODS}/waiting"), "nobody runs a Pod that is not scheduled"


@proves("D18")
async def a_namespace_is_emptied_before_it_goes(world: World) -> None:
    await world.make(NAMESPACES, {"metadata": {"name": "n"}})
    inside = f"{NAMESPACES}/n/configmaps"
    await world.make(inside, config_map(finalizers=["x.io/keep"]))
    await world.make(inside, config_map("b"))
    assert (await world.delete(f"{NAMESPACES}/n")).ok()["status"]["phase"] == "Terminating"
    status = (await world.send("POST", inside, config_map("c"))).refused(403, "Forbidden", "being terminated")
    assert "NamespaceTerminating" in [cause["reason"] for cause in status["details"]["causes"]]
    await world.pass_time(60)
    assert await world.names(inside) == ["a"]
    assert (await world.get(f"{NAMESPACES}/n"))["status"]["phase"] == "Terminating"
    await world.patch(f"{inside}/a", {"metadata": {"finalizers": None}})
    await world.pass_time(60)
    assert await world.is_gone(f"{NAMESPACES}/n")


@proves("D20")
async def the_namespaces_of_the_system_stay(world: World) -> None:
    for name in ("default", "kube-system", "kube-public"):
        (await world.delete(f"{NAMESPACES}/{name}")).refused(403, "Forbidden")
        assert (await world.get(f"{NAMESPACES}/{name}"))["status"]["phase"] == "Active"
