"""A: server-side apply and who owns which field."""

from __future__ import annotations

from typing import Any

from .kubectl import Kubectl
from .objects import CONFIG_MAPS, DEPLOYMENTS, SERVICES, config_map, managers, service, workload
from .table import proves, proves_with_kubectl
from .world import Answer, World

A = f"{CONFIG_MAPS}/a"
WEB = f"{DEPLOYMENTS}/web"


async def _apply(world: World, manager: str, *, force: bool = False, **data: str) -> Answer:
    return await world.apply(A, config_map(data=data), manager, force=force)


def _data_of(obj: Any, manager: str) -> set[str]:
    """The keys of a ConfigMap that the manager's Apply entry owns."""
    fields = managers(obj).get(f"{manager} Apply", {}).get("fieldsV1", {})
    return {name.removeprefix("f:") for name in fields.get("f:data", {}) if name != "."}


def _conflict(answer: Answer, *fields: str) -> str:
    status = answer.refused(409, "Conflict")
    causes = status["details"]["causes"]
    assert {cause["reason"] for cause in causes} == {"FieldManagerConflict"}
    assert {cause["field"] for cause in causes} == set(fields)
    return str(status["message"])


@proves("A01")
async def an_apply_creates_and_owns_exactly_what_it_says(world: World) -> None:
    made = (await world.apply(A, config_map(data={"a": "1"}, labels={"l": "1"}), "one")).ok(201)
    (entry,) = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"], entry["apiVersion"]) == ("one", "Apply", "v1")
    assert entry["fieldsV1"] == {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:l": {}}}}


@proves("A02")
async def the_same_apply_again_changes_nothing(world: World) -> None:
    made = (await _apply(world, "one", a="1")).ok(201)
    await world.pass_time(5)
    assert (await _apply(world, "one", a="1")).ok() == made


@proves("A03")
async def two_managers_may_own_different_keys(world: World) -> None:
    await _apply(world, "one", a="1")
    found = (await _apply(world, "two", b="2")).ok()
    assert found["data"] == {"a": "1", "b": "2"}
    assert (_data_of(found, "one"), _data_of(found, "two")) == ({"a"}, {"b"})


@proves("A04")
async def equal_values_are_owned_together(world: World) -> None:
    await _apply(world, "one", a="1")
    found = (await _apply(world, "two", a="1")).ok()
    assert _data_of(found, "one") == _data_of(found, "two") == {"a"}


@proves("A05")
async def another_value_conflicts_unless_it_is_forced(world: World) -> None:
    await _apply(world, "one", a="1", b="1")
    message = _conflict(await _apply(world, "two", a="2"), ".data.a")
    assert message == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    found = (await _apply(world, "two", force=True, a="2")).ok()
    assert found["data"] == {"a": "2", "b": "1"}
    assert (_data_of(found, "one"), _data_of(found, "two")) == ({"b"}, {"a"})


@proves("A06")
async def a_field_goes_with_its_only_owner(world: World) -> None:
    await _apply(world, "one", a="1", b="1")
    found = (await _apply(world, "one", b="1")).ok()
    assert (found["data"], _data_of(found, "one")) == ({"b": "1"}, {"b"})


@proves("A07")
async def a_field_stays_with_its_other_owner(world: World) -> None:
    await _apply(world, "one", a="1", b="1")
    await _apply(world, "two", a="1")
    found = (await _apply(world, "one", b="1")).ok()
    assert found["data"] == {"a": "1", "b": "1"}
    assert (_data_of(found, "one"), _data_of(found, "two")) == ({"b"}, {"a"})


@proves("A09")
async def an_update_takes_what_an_applier_owned(world: World) -> None:
    await _apply(world, "one", a="1")
    changed = (await world.patch(f"{A}?fieldManager=two", {"data": {"a": "2"}})).ok()
    assert _data_of(changed, "one") == set()
    message = _conflict(await _apply(world, "one", a="1"), ".data.a")
    assert 'conflict with "two" using v1: .data.a' in message


@proves("A10")
async def an_apply_says_who_it_is(world: World) -> None:
    status = (await world.patch(A, config_map(), "apply")).refused(422, "Invalid", "PatchOptions", "fieldManager")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["fieldManager"]


def _pods(*containers: Any) -> Any:
    body = workload()
    body["spec"]["template"]["spec"]["containers"] = list(containers)
    return body


def _owned_containers(obj: Any, manager: str) -> Any:
    fields = managers(obj)[f"{manager} Apply"]["fieldsV1"]
    return fields["f:spec"]["f:template"]["f:spec"]["f:containers"]


@proves("A13")
async def containers_are_items_by_name(world: World) -> None:
    await world.apply(WEB, _pods({"name": "one", "image": "i"}), "one")
    found = (await world.apply(WEB, _pods({"name": "two", "image": "i"}), "two")).ok()
    assert sorted(item["name"] for item in found["spec"]["template"]["spec"]["containers"]) == ["one", "two"]
    for manager in ("one", "two"):
        assert _owned_containers(found, manager) == {
            f'k:{{"name":"{manager}"}}': {".": {}, "f:name": {}, "f:image": {}}
        }


@proves("A14")
async def a_port_without_protocol_is_a_tcp_port(world: World) -> None:
    for manager, port in (("one", {"containerPort": 80}), ("two", {"containerPort": 80, "protocol": "TCP"})):
        answer = await world.apply(WEB, _pods({"name": "c", "image": "i", "ports": [port]}), manager)
        assert answer.status in (200, 201), answer.raw
    found = answer.ok()
    assert found["spec"]["template"]["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    for manager in ("one", "two"):
        owned = _owned_containers(found, manager)['k:{"name":"c"}']["f:ports"]
        assert list(owned) == ['k:{"containerPort":80,"protocol":"TCP"}']


@proves("A16")
async def atomic_lists_and_maps_conflict_whole(world: World) -> None:
    await world.apply(WEB, _pods({"name": "c", "image": "i", "args": ["1"]}), "one")
    other = await world.apply(WEB, _pods({"name": "c", "image": "i", "args": ["1", "2"]}), "two")
    _conflict(other, '.spec.template.spec.containers[name="c"].args')
    await world.apply(f"{SERVICES}/web", service(), "one")
    more = service(selector={"app": "web", "tier": "front"})
    _conflict(await world.apply(f"{SERVICES}/web", more, "two"), ".spec.selector")


@proves("A18")
async def what_was_there_before_the_first_apply_has_an_owner(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map(data={"a": "1", "b": "1"}))
    (await world.patch(A, {"metadata": {"managedFields": [{}]}})).ok()
    assert "managedFields" not in (await world.get(A))["metadata"]
    found = (await _apply(world, "one", a="1")).ok()
    assert set(managers(found)) == {"before-first-apply Update", "one Apply"}
    before = managers(found)["before-first-apply Update"]["fieldsV1"]
    assert before == {"f:data": {".": {}, "f:a": {}, "f:b": {}}}


@proves("A23")
async def a_scale_owns_replicas(world: World) -> None:
    await world.apply(WEB, workload(replicas=1), "one")
    scale = await world.patch(f"{WEB}/scale?fieldManager=scaler", {"spec": {"replicas": 5}})
    assert scale.ok()["spec"]["replicas"] == 5
    message = _conflict(await world.apply(WEB, workload(replicas=2), "two"), ".spec.replicas")
    assert 'conflict with "scaler" with subresource "scale"' in message


@proves("A25")
async def a_dry_apply_stores_nothing(world: World) -> None:
    query = "?fieldManager=one&dryRun=All"
    assert (await world.patch(A + query, config_map(data={"a": "1"}), "apply")).ok(201)["data"] == {"a": "1"}
    assert await world.is_gone(A)
    made = (await _apply(world, "one", a="1")).ok(201)
    assert (await world.patch(A + query, config_map(data={"a": "2"}), "apply")).ok()["data"] == {"a": "2"}
    assert await world.get(A) == made


_APPLIED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: '%s'}}"


@proves_with_kubectl("A20")
async def kubectl_moves_from_client_to_server_side(kubectl: Kubectl) -> None:
    await kubectl.run("apply", "-f", "-", stdin=_APPLIED % 1)
    assert "serverside-applied" in await kubectl.run("apply", "--server-side", "-f", "-", stdin=_APPLIED % 2)
    place = r"jsonpath={.data.a} {.metadata.annotations.kubectl\.kubernetes\.io/last-applied-configuration}"
    value, _, applied = (await kubectl.run("get", "configmap", "a", "-o", place)).partition(" ")
    assert value == "2"
    assert '"data":{"a":"2"}' in applied
