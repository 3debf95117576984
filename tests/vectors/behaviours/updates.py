"""U: create, update, patch."""

from __future__ import annotations

import copy
from typing import Any

from .objects import (
    ADMISSION,
    BUDGETS,
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    LEASES,
    ROLES,
    SECRETS,
    WIDGETS,
    Body,
    config_map,
    definition,
    widget,
    workload,
)
from .table import proves
from .world import World

WEB = f"{DEPLOYMENTS}/web"


async def _deployment(world: World, **pod_spec: Any) -> Any:
    body = workload()
    body["spec"]["template"]["spec"] |= pod_spec
    return await world.make(DEPLOYMENTS, body)


async def _patched(world: World, pod_spec: Any) -> Any:
    """The Pod's spec of the Deployment after a strategic patch of it."""
    answer = await world.patch(WEB, {"spec": {"template": {"spec": pod_spec}}}, "strategic")
    return answer.ok()["spec"]["template"]["spec"]


def _names(items: list[Any]) -> list[str]:
    return [item["name"] for item in items]


@proves("U01")
async def an_update_of_an_old_state_conflicts(world: World) -> None:
    made = await world.make(CONFIG_MAPS, config_map(data={"k": "1"}))
    await world.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "2"}})
    answer = await world.put(f"{CONFIG_MAPS}/a", {**made, "data": {"k": "3"}})
    answer.refused(409, "Conflict", "the object has been modified; please apply your changes to the latest version")


@proves("U02")
async def some_kinds_want_a_revision_with_each_update(world: World) -> None:
    await _deployment(world)
    (await world.put(WEB, workload(replicas=3))).ok()
    await world.make(DEFINITIONS, definition())
    hooks = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "webhooks": []}
    objects: list[tuple[str, Body]] = [
        (LEASES, {"metadata": {"name": "x"}, "spec": {"holderIdentity": "me"}}),
        (BUDGETS, {"metadata": {"name": "x"}, "spec": {"minAvailable": 1}}),
        (f"{ADMISSION}/validatingwebhookconfigurations", {**hooks, "metadata": {"name": "x"}}),
        (WIDGETS, widget("x")),
    ]
    for collection, body in objects:
        await world.make(collection, body)
        body["metadata"]["labels"] = {"new": "yes"}
        (await world.put(f"{collection}/x", body)).refused(422, "Invalid", "must be specified for an update")


@proves("U03")
async def a_name_in_the_body_is_that_of_the_address(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    (await world.put(f"{CONFIG_MAPS}/a", config_map("b"))).refused(400, "BadRequest", "name")


@proves("U05")
async def only_what_a_controller_must_see_is_a_new_generation(world: World) -> None:
    obj = await _deployment(world)
    found = [obj["metadata"]["generation"]]
    for part, change in (
        ("metadata", {"labels": {"a": "b"}}),
        ("metadata", {"annotations": {"a": "b"}}),
        ("spec", {"replicas": 4}),
    ):
        obj[part] |= change
        obj = (await world.put(WEB, obj)).ok()
        found.append(obj["metadata"]["generation"])
    assert found == [1, 1, 2, 3]


@proves("U06")
async def the_main_endpoint_ignores_status(world: World) -> None:
    made = await _deployment(world)
    made["spec"]["replicas"] = 2
    found = (await world.put(WEB, {**made, "status": {"replicas": 7}})).ok()
    assert found["spec"]["replicas"] == 2
    assert found["status"] == {}


@proves("U07")
async def the_status_endpoint_takes_status_and_annotations(world: World) -> None:
    made = await _deployment(world)
    sent = copy.deepcopy(made)
    sent["spec"]["replicas"] = 9
    sent["metadata"] |= {"labels": {"l": "1"}, "annotations": {"a": "1"}}
    sent["status"] = {"replicas": 3}
    found = (await world.put(f"{WEB}/status", sent)).ok()
    assert found["spec"] == made["spec"]
    assert "labels" not in found["metadata"]
    assert found["metadata"]["annotations"] == {"a": "1"}
    assert found["status"]["replicas"] == 3


@proves("U10")
async def a_selector_is_immutable(world: World) -> None:
    await _deployment(world)
    body = workload()
    body["spec"]["selector"]["matchLabels"] = body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    status = (await world.put(WEB, body)).refused(422, "Invalid", "spec.selector", "field is immutable")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.selector"]


@proves("U11")
async def an_update_creates_some_kinds(world: World) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    (await world.put(f"{ROLES}/r", {"metadata": {"name": "r"}, "rules": rules})).ok(201)
    (await world.put(f"{CONFIG_MAPS}/a", config_map())).refused(404, "NotFound", 'configmaps "a" not found')


@proves("U12")
async def a_json_patch_that_does_not_fit_is_invalid(world: World) -> None:
    await _deployment(world)
    containers = "/spec/template/spec/containers"
    for operation in (
        {"op": "test", "path": "/spec/replicas", "value": 5},
        {"op": "remove", "path": "/spec/nothing"},
        {"op": "add", "path": "/no/such/parent", "value": 1},
        {"op": "replace", "path": f"{containers}/4", "value": {}},
        {"op": "add", "path": f"{containers}/4", "value": {}},
    ):
        status = (await world.patch(WEB, [operation], "json")).refused(422, "Invalid")
        assert status["message"] == "the server rejected our request due to an error in our request", operation
        assert status["details"] == {}


@proves("U14")
async def a_json_patch_is_a_list(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map())
    answer = await world.patch(f"{CONFIG_MAPS}/a", {"op": "add", "path": "/data", "value": {}}, "json")
    answer.refused(400, "BadRequest")


@proves("U16")
async def a_merge_patch_removes_by_null_and_replaces_lists(world: World) -> None:
    await world.make(CONFIG_MAPS, config_map(data={"k": "1", "l": "2"}, finalizers=["x.io/a", "x.io/b"]))
    patch = {"data": {"k": None}, "metadata": {"finalizers": ["x.io/c"]}}
    found = (await world.patch(f"{CONFIG_MAPS}/a", patch)).ok()
    assert (found["data"], found["metadata"]["finalizers"]) == ({"l": "2"}, ["x.io/c"])


@proves("U17")
async def a_patch_may_insist_on_a_revision(world: World) -> None:
    made = await world.make(CONFIG_MAPS, config_map(data={"k": "1"}))
    old = made["metadata"]["resourceVersion"]
    (await world.patch(f"{CONFIG_MAPS}/a", {"data": {"k": "2"}})).ok()
    merge = {"metadata": {"resourceVersion": old}, "data": {"k": "3"}}
    (await world.patch(f"{CONFIG_MAPS}/a", merge)).refused(409, "Conflict", "the object has been modified")
    operations = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": old},
        {"op": "replace", "path": "/data/k", "value": "3"},
    ]
    (await world.patch(f"{CONFIG_MAPS}/a", operations, "json")).refused(409, "Conflict")


@proves("U18")
async def a_new_list_item_comes_first(world: World) -> None:
    await _deployment(world, containers=[{"name": "a", "image": "i"}, {"name": "b", "image": "i"}])
    found = await _patched(world, {"containers": [{"name": "new", "image": "i"}]})
    assert _names(found["containers"]) == ["new", "a", "b"]


@proves("U19")
async def directives_delete_and_replace(world: World) -> None:
    both = [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]
    await _deployment(world, containers=both, nodeSelector={"x": "1", "y": "2"})
    found = await _patched(world, {"containers": [{"name": "a", "$patch": "delete"}]})
    assert _names(found["containers"]) == ["b"]
    found = await _patched(world, {"containers": [{"$patch": "replace"}, {"name": "c", "image": "i"}]})
    assert _names(found["containers"]) == ["c"]
    found = await _patched(world, {"nodeSelector": {"$patch": "replace", "z": "3"}})
    assert found["nodeSelector"] == {"z": "3"}


@proves("U20")
async def an_order_of_elements_is_kept(world: World) -> None:
    await _deployment(world, containers=[{"name": name, "image": "i"} for name in "abcd"])
    order = [{"name": "c"}, {"name": "a"}]
    found = await _patched(world, {"$setElementOrder/containers": order, "containers": [{"name": "a", "image": "j"}]})
    names = _names(found["containers"])
    assert [name for name in names if name in "ca"] == ["c", "a"]
    assert [name for name in names if name in "bd"] == ["b", "d"]
    assert {item["name"]: item["image"] for item in found["containers"]} == {"a": "j", "b": "i", "c": "i", "d": "i"}


@proves("U21")
async def other_keys_are_dropped_where_keys_are_retained(world: World) -> None:
    await _deployment(world, volumes=[{"name": "v", "configMap": {"name": "x"}}])
    strategy = {"$retainKeys": ["type"], "type": "Recreate"}
    found = (await world.patch(WEB, {"spec": {"strategy": strategy}}, "strategic")).ok()
    assert found["spec"]["strategy"] == {"type": "Recreate"}
    volume = {"$retainKeys": ["name", "secret"], "name": "v", "secret": {"secretName": "s"}}
    assert "configMap" not in (await _patched(world, {"volumes": [volume]}))["volumes"][0]


@proves("U24")
async def lists_without_a_merge_key_are_replaced(world: World) -> None:
    tolerations = [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}]
    await _deployment(world, tolerations=tolerations, containers=[{"name": "c", "image": "i", "args": ["1", "2"]}])
    patch = {"tolerations": [{"key": "z", "operator": "Exists"}], "containers": [{"name": "c", "args": ["3"]}]}
    found = await _patched(world, patch)
    assert [item["key"] for item in found["tolerations"]] == ["z"]
    assert found["containers"][0]["args"] == ["3"]


@proves("U26")
async def custom_resources_take_no_strategic_patch(world: World) -> None:
    await world.make(DEFINITIONS, definition())
    await world.make(WIDGETS, widget())
    answer = await world.patch(f"{WIDGETS}/w", {"spec": {"size": 1}}, "strategic")
    answer.refused(415, "UnsupportedMediaType", "application/merge-patch+json")


@proves("U27")
async def what_is_marked_immutable_stays(world: World) -> None:
    await world.make(CONFIG_MAPS, {**config_map(data={"k": "1"}), "immutable": True})
    await world.make(SECRETS, {"metadata": {"name": "a"}, "stringData": {"k": "1"}, "immutable": True})
    for collection, change in ((CONFIG_MAPS, {"k": "2"}), (SECRETS, {"k": "Mg=="})):
        answer = await world.patch(f"{collection}/a", {"data": change})
        answer.refused(422, "Invalid", "field is immutable when `immutable` is set")
        (await world.patch(f"{collection}/a", {"immutable": False})).refused(422, "Invalid")
        (await world.patch(f"{collection}/a", {"metadata": {"labels": {"l": "1"}}})).ok()
