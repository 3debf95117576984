"""C: custom resources."""

from __future__ import annotations

from typing import Any

from .objects import DEFINITIONS, NAMESPACES, WIDGETS, definition, version, widget
from .table import proves
from .world import TABLE, World

W = f"{WIDGETS}/w"


def _spec(**properties: Any) -> Any:
    """A schema with these properties below `spec`."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


async def _serve(world: World, *versions: Any) -> None:
    await world.make(DEFINITIONS, definition(*versions))


def _causes(status: Any) -> set[tuple[str, str]]:
    return {(cause["field"], cause["reason"]) for cause in status["details"]["causes"]}


@proves("C01")
async def a_definition_is_accepted_established_and_served(world: World) -> None:
    assert (await world.send("GET", WIDGETS)).status == 404
    await _serve(world)
    await world.pass_time()
    found = (await world.get(f"{DEFINITIONS}/widgets.example.com"))["status"]
    conditions = [(item["type"], item["status"], item["reason"]) for item in found["conditions"]]
    assert conditions == [("NamesAccepted", "True", "NoConflicts"), ("Established", "True", "InitialNamesAccepted")]
    assert found["acceptedNames"]["plural"] == "widgets"
    assert found["storedVersions"] == ["v1"]
    assert (await world.get(WIDGETS))["kind"] == "WidgetList"


@proves("C02")
async def defaults_are_stored_where_their_parent_is(world: World) -> None:
    inner = {"type": "object", "properties": {"mode": {"type": "string", "default": "fast"}}}
    text = {"type": "string", "default": "red"}
    await _serve(world, version(_spec(color=text, absent=inner, present={**inner, "default": {}})))
    made = await world.make(WIDGETS, widget(spec={}))
    assert made["spec"] == {"color": "red", "present": {"mode": "fast"}}
    assert (await world.get(W))["spec"] == made["spec"]
    assert "spec" not in await world.make(WIDGETS, widget("bare"))


@proves("C03")
async def unknown_fields_are_pruned_with_warnings(world: World) -> None:
    known = {"type": "object", "properties": {"x": {"type": "integer"}}}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"inner": known}}
    await _serve(world, version(_spec(size={"type": "integer"}, free=free)))
    spec = {"size": 1, "foo": 1, "free": {"any": {"thing": 1}, "inner": {"x": 1, "y": 2}}}
    answer = await world.send("POST", WIDGETS, widget(spec=spec))
    assert answer.ok(201)["spec"] == {"size": 1, "free": {"any": {"thing": 1}, "inner": {"x": 1}}}
    unknown = ("spec.foo", "spec.free.inner.y")
    assert sorted(answer.warnings) == [f'299 - "unknown field \\"{path}\\""' for path in unknown]


@proves("C05")
async def every_violation_is_a_cause(world: World) -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    by_name = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    properties = {
        "size": {"type": "integer", "minimum": 1},
        "color": {"type": "string", "enum": ["red", "blue"]},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "parts": {"type": "array", "items": item, **by_name},
    }
    schema = _spec(**properties)
    schema["properties"]["spec"]["required"] = ["owner"]
    properties["owner"] = {"type": "string"}
    await _serve(world, version(schema))
    parts = [{"name": "p"}, {"name": "p"}]
    bad = widget(spec={"size": 0, "color": "green", "tags": ["t", "t"], "parts": parts})
    status = (await world.send("POST", WIDGETS, bad)).refused(422, "Invalid", "Widget.example.com")
    assert _causes(status) == {
        ("spec.size", "FieldValueInvalid"),
        ("spec.color", "FieldValueNotSupported"),
        ("spec.tags[1]", "FieldValueDuplicate"),
        ("spec.parts[1]", "FieldValueDuplicate"),
        ("spec.owner", "FieldValueRequired"),
    }


@proves("C06")
async def rules_are_kept_and_those_about_change_on_updates_only(world: World) -> None:
    rules = [
        {"rule": "self.low <= self.high", "message": "low must not exceed high", "fieldPath": ".low"},
        {"rule": "self.high >= oldSelf.high", "message": "high never goes down"},
    ]
    number = {"type": "integer"}
    schema = _spec(low=number, high=number)
    schema["properties"]["spec"] |= {"x-kubernetes-validations": rules, "required": ["low", "high"]}
    await _serve(world, version(schema))
    bad = await world.send("POST", WIDGETS, widget(spec={"low": 3, "high": 2}))
    status = bad.refused(422, "Invalid", "low must not exceed high")
    assert {field for field, _ in _causes(status)} == {"spec.low"}
    await world.make(WIDGETS, widget(spec={"low": 1, "high": 5}))
    down = await world.patch(W, {"spec": {"high": 4}})
    status = down.refused(422, "Invalid", "high never goes down")
    assert {field for field, _ in _causes(status)} == {"spec"}
    (await world.patch(W, {"spec": {"high": 6}})).ok()
    await world.make(WIDGETS, widget("bare"))
    (await world.patch(f"{WIDGETS}/bare", {"spec": {"low": 1, "high": 1}})).ok()


@proves("C08")
async def status_and_the_rest_are_written_apart(world: World) -> None:
    await _serve(world, version(subresources={"status": {}}))
    made = await world.make(WIDGETS, widget(spec={"size": 1}, status={"phase": "Made"}))
    assert "status" not in made
    assert "status" not in (await world.patch(W, {"status": {"phase": "Main"}})).ok()
    patch = {"status": {"phase": "Ready"}, "spec": {"size": 9}, "metadata": {"labels": {"l": "1"}}}
    found = (await world.patch(f"{W}/status", patch)).ok()
    assert (found["status"], found["spec"]) == ({"phase": "Ready"}, {"size": 1})
    assert "labels" not in found["metadata"]


@proves("C09")
async def generation_follows_the_spec(world: World) -> None:
    await _serve(world, version(subresources={"status": {}}))
    made = await world.make(WIDGETS, widget(spec={"size": 1}))
    found = [made["metadata"]["generation"]]
    for place, patch in (
        (W, {"spec": {"size": 2}}),
        (W, {"metadata": {"labels": {"l": "1"}}}),
        (f"{W}/status", {"status": {"phase": "Ready"}}),
    ):
        found.append((await world.patch(place, patch)).ok()["metadata"]["generation"])
    assert found == [1, 2, 2, 2]


@proves("C10")
async def a_scale_shows_and_writes_the_mapped_fields(world: World) -> None:
    paths = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.ready",
        "labelSelectorPath": ".status.phase",
    }
    await _serve(world, version(subresources={"status": {}, "scale": paths}))
    await world.make(WIDGETS, widget(spec={"size": 2}))
    await world.patch(f"{W}/status", {"status": {"ready": 1, "phase": "app=w"}})
    scale = await world.get(f"{W}/scale")
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "app=w"})
    assert (await world.patch(f"{W}/scale", {"spec": {"replicas": 5}})).ok()["spec"] == {"replicas": 5}
    found = await world.get(W)
    assert (found["spec"]["size"], found["metadata"]["generation"]) == (5, 2)


@proves("C11")
async def printer_columns_print(world: World) -> None:
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Wide", "type": "string", "jsonPath": ".spec.color", "priority": 1},
        {"name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    await _serve(world, version(additionalPrinterColumns=columns))
    await world.make(WIDGETS, widget(spec={"size": 3}))
    await world.pass_time(120)
    table = await world.get(WIDGETS, accept=TABLE)
    found = [(item["name"], item["type"], item["priority"]) for item in table["columnDefinitions"]]
    assert found == [("Name", "string", 0), ("Size", "integer", 0), ("Wide", "string", 1), ("Since", "date", 0)]
    assert table["rows"][0]["cells"] == ["w", 3, None, "2m"]


@proves("C13")
async def one_object_is_read_in_every_served_version(world: World) -> None:
    await _serve(world, version(), version(name="v2"), version(name="v3", served=False))
    made = await world.make(WIDGETS, widget(spec={"size": 3}))
    second, third = (f"/apis/example.com/{name}/namespaces/default/widgets" for name in ("v2", "v3"))
    found = await world.get(f"{second}/w")
    assert found["apiVersion"] == "example.com/v2"
    assert (found["spec"], found["metadata"]["uid"]) == (made["spec"], made["metadata"]["uid"])
    (await world.send("POST", second, widget("x"))).refused(400, "BadRequest")
    assert (await world.send("GET", f"{third}/w")).status == 404


@proves("C16")
async def a_wrong_definition_is_invalid(world: World) -> None:
    untyped = {"type": "object", "properties": {"spec": {"properties": {"size": {"type": "integer"}}}}}
    rule = _spec()
    rule["properties"]["spec"]["x-kubernetes-validations"] = [{"rule": "self.nothing >"}]
    wrong = {
        "non-structural": definition(version(untyped)),
        "two storage versions": definition(version(), {**version(name="v2"), "storage": True}),
        "bad default": definition(version(_spec(size={"type": "integer", "default": "many"}))),
        "bad rule": definition(version(rule)),
    }
    for what, body in wrong.items():
        answer = await world.send("POST", DEFINITIONS, body)
        assert answer.status == 422, f"{what}: {answer.status} {answer.raw[:300]!r}"
        answer.refused(422, "Invalid", "widgets.example.com")
    assert await world.names(DEFINITIONS) == []
    assert (await world.send("GET", f"{NAMESPACES}/default/widgets")).status == 404
