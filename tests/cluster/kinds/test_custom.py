"""Kinds of CustomResourceDefinitions: the recorded definition, and each recorded body sent to it."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from argosy.cluster.kind import Kind
from argosy.cluster.kinds.custom import kinds_of_crd
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError

from .vectors import NOW, context, created, exchange, needs_vectors, steps

WIDGETS = "/apis/ex.io/v1/namespaces/r/widgets"


def widget_definition() -> JsonObject:
    body = copy.deepcopy(exchange("crd")["steps"][2]["request"]["body"])
    stored, causes = created(body)
    assert causes == []
    return stored


def widget_kind() -> Kind:
    [kind] = kinds_of_crd(widget_definition())
    return kind


def make(kind: Kind, body: JsonObject) -> tuple[JsonObject, list[str], list[Any]]:
    """(object, unknown fields, causes) of a creation."""
    decoded = kind.strategy.decode(body)
    obj = decoded.obj
    kind.strategy.default(obj)
    kind.strategy.prepare_create(context(), obj)
    causes = kind.strategy.validate(context(), obj, None)
    kind.strategy.canonicalize(obj)
    return obj, decoded.unknown, causes


def replace(kind: Kind, old: JsonObject, body: JsonObject, subresource: str = "") -> tuple[JsonObject, list[Any]]:
    ctx = context("UPDATE", subresource=subresource)
    obj = kind.strategy.decode(body).obj
    kind.strategy.default(obj)
    kind.strategy.prepare_update(ctx, obj, old)
    causes = kind.strategy.validate(ctx, obj, old)
    kind.strategy.canonicalize(obj)
    return obj, causes


def posts(*statuses: int) -> list[Any]:
    return [
        pytest.param(step, id=step["name"])
        for step in steps("crd")
        if (step["request"]["method"], step["request"]["path"].partition("?")[0]) == ("POST", WIDGETS)
        and step["response"]["status"] in statuses
    ]


@needs_vectors
@pytest.mark.parametrize("step", posts(201))
def test_an_accepted_body_is_stored_as_recorded(step: JsonObject) -> None:
    obj, unknown, causes = make(widget_kind(), copy.deepcopy(step["request"]["body"]))
    wanted = step["response"]["body"]
    assert causes == []
    assert {name: value for name, value in obj.items() if name != "metadata"} == {
        name: value for name, value in wanted.items() if name != "metadata"
    }
    warnings = [json.loads(text.removeprefix("299 - ")) for text in step["response"]["headers"].get("warning", [])]
    assert sorted(f'unknown field "{path}"' for path in unknown) == sorted(warnings)


@needs_vectors
@pytest.mark.parametrize("step", posts(422))
def test_a_refused_body_gets_every_recorded_cause(step: JsonObject) -> None:
    wanted = step["response"]["body"]["details"]["causes"]
    try:
        _, _, causes = make(widget_kind(), copy.deepcopy(step["request"]["body"]))
        found = [cause.to_json() for cause in causes]
    except StatusError as error:
        found = error.details["causes"]
    key = lambda item: (item["field"], item["message"])  # noqa: E731
    assert sorted(found, key=key) == sorted(wanted, key=key)


@needs_vectors
def test_a_body_must_say_its_kind_and_version() -> None:
    kind = widget_kind()
    with pytest.raises(StatusError, match="Object 'Kind' is missing") as caught:
        kind.strategy.decode({"metadata": {"name": "nk"}, "spec": {"size": 1}})
    assert caught.value.code == 400
    with pytest.raises(
        StatusError,
        match=r"the API version in the data \(ex.io/v2\) does not match the expected API version \(ex.io/v1\)",
    ):
        kind.strategy.decode({"apiVersion": "ex.io/v2", "kind": "Widget"})


@needs_vectors
def test_rules_about_the_old_object_hold_on_update_only() -> None:
    kind = widget_kind()
    body = {
        "apiVersion": "ex.io/v1",
        "kind": "Widget",
        "metadata": {"name": "cel"},
        "spec": {"size": 9, "color": "blue", "immut": "x", "name": "abc"},
    }
    old, _, causes = make(kind, body)
    assert causes == []
    _, causes = replace(kind, old, {**old, "spec": {**old["spec"], "immut": "y"}})
    assert [(cause.field, cause.message) for cause in causes] == [
        ("spec.immut", 'Invalid value: "y": immut is immutable')
    ]


@needs_vectors
def test_the_status_endpoint_takes_status_alone_and_the_main_one_ignores_it() -> None:
    kind = widget_kind()
    old, _, _ = make(
        kind,
        {
            "apiVersion": "ex.io/v1",
            "kind": "Widget",
            "metadata": {"name": "a"},
            "spec": {"size": 1},
            "status": {"replicas": 9},
        },
    )
    assert "status" not in old
    change = {**old, "spec": {"size": 9}, "status": {"replicas": 3}, "metadata": {"name": "a", "labels": {"x": "y"}}}

    by_status, _ = replace(kind, old, change, "status")
    by_main, _ = replace(kind, by_status, {**change, "spec": {"size": 2}, "status": {"replicas": 7}})

    assert by_status == {**old, "status": {"replicas": 3}}
    assert (by_main["status"], by_main["spec"]["size"]) == ({"replicas": 3}, 2)
    assert kind.strategy.reset_fields("") == (("status",),)
    assert kind.strategy.reset_fields("status") == (("spec",),)


@needs_vectors
def test_the_generation_moves_with_everything_but_metadata_and_status() -> None:
    strategy = widget_kind().strategy
    old = {"apiVersion": "ex.io/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}}
    assert strategy.spec_changed({**old, "spec": {"size": 2}}, old)
    assert not strategy.spec_changed({**old, "metadata": {"name": "a", "labels": {}}}, old)
    assert not strategy.spec_changed({**old, "status": {}}, old)


@needs_vectors
def test_the_row_is_the_recorded_one() -> None:
    kind = widget_kind()
    step = next(step for step in steps("crd") if step["name"] == "cr table")
    obj = next(step for step in steps("crd") if step["name"] == "cr after scale")["response"]["body"]
    fresh = {**obj, "metadata": {**obj["metadata"], "creationTimestamp": NOW.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    table = step["response"]["body"]
    assert kind.strategy.cells(fresh, NOW) == table["rows"][0]["cells"]
    wanted = [(item["name"], item["type"], item["format"], item["priority"]) for item in table["columnDefinitions"]]
    assert [(column.name, column.type, column.format, column.priority) for column in kind.columns] == wanted


@needs_vectors
def test_discovery_facts_come_from_the_definition() -> None:
    kind = widget_kind()
    assert (kind.singular, kind.list_kind, kind.short_names, kind.categories) == (
        "widget",
        "WidgetList",
        ("wd",),
        ("all", "mine"),
    )
    assert list(kind.subresources) == ["status", "scale"]
    assert (kind.selectable, kind.custom, kind.storage) == (("spec.color",), True, ("ex.io", "widgets"))
    assert kind.strategy.field_labels({"metadata": {}, "spec": {"color": "blue"}}) == {"spec.color": "blue"}
    paths: Any = kind.strategy.scale_paths  # type: ignore[attr-defined]
    assert (paths.replicas, paths.status, paths.selector) == (
        ("spec", "replicas"),
        ("status", "replicas"),
        ("status", "selector"),
    )


def definition(*versions: JsonObject, **spec: Any) -> JsonObject:
    names = {"plural": "things", "kind": "Thing"}
    body = {"group": "t.io", "scope": "Namespaced", "names": names, "versions": list(versions), **spec}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.t.io"},
        "spec": body,
    }


def version(name: str = "v1", schema: JsonObject | None = None, **more: Any) -> JsonObject:
    fine = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema or fine}, **more}


def test_each_served_version_is_a_kind_over_one_storage() -> None:
    stored, causes = created(
        definition(version("v1", storage=False), version("v2"), version("v1alpha1", storage=False, served=False))
    )
    assert causes == []
    first, second = kinds_of_crd(stored)
    obj = {"apiVersion": "t.io/v1", "kind": "Thing", "metadata": {"name": "m"}, "x": 1}

    kept = first.to_storage(obj)

    assert kept == {**obj, "apiVersion": "t.io/v2"}
    assert second.from_storage(kept) is kept
    assert first.from_storage(kept) == obj


def test_a_deprecated_version_warns_in_its_own_words_or_ours() -> None:
    stored, _ = created(
        definition(
            version("v1", deprecated=True), version("v2", storage=False, deprecated=True, deprecationWarning="go away")
        )
    )
    assert [kind.deprecation for kind in kinds_of_crd(stored)] == ["t.io/v1 Thing is deprecated", "go away"]


def test_without_columns_a_table_has_name_and_age() -> None:
    [kind] = kinds_of_crd(created(definition(version()))[0])
    made = (NOW - timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [column.name for column in kind.columns] == ["Name", "Age"]
    assert kind.strategy.cells({"metadata": {"name": "m", "creationTimestamp": made}}, NOW) == ["m", "3m"]


@pytest.mark.parametrize(
    ("column", "obj", "cell"),
    [
        ({"type": "string", "jsonPath": ".spec.list"}, {"spec": {"list": ["a", "b"]}}, '["a","b"]'),
        ({"type": "string", "jsonPath": ".spec.list[*]"}, {"spec": {"list": ["a", "b"]}}, "a,b"),
        ({"type": "string", "jsonPath": ".spec.list[]"}, {"spec": {"list": ["a", "b"]}}, "a"),
        ({"type": "string", "jsonPath": ".spec.flag"}, {"spec": {"flag": True}}, "true"),
        ({"type": "integer", "jsonPath": ".spec.n"}, {"spec": {"n": "3"}}, None),
        ({"type": "number", "jsonPath": ".spec.n"}, {"spec": {"n": 1.5}}, 1.5),
        ({"type": "boolean", "jsonPath": ".spec.n"}, {"spec": {"n": False}}, False),
        ({"type": "date", "jsonPath": ".spec.at"}, {"spec": {"at": "not a date"}}, "<invalid>"),
        ({"type": "date", "jsonPath": ".spec.at"}, {"spec": {"at": "2026-01-02T03:03:05Z"}}, "60s"),
        ({"type": "string", "jsonPath": ".spec.none"}, {"spec": {"none": None}}, None),
    ],
)
def test_cells_follow_the_type_of_their_column(column: JsonObject, obj: JsonObject, cell: Any) -> None:
    [kind] = kinds_of_crd(created(definition(version(additionalPrinterColumns=[{"name": "C", **column}])))[0])
    assert kind.strategy.cells({"metadata": {"name": "m"}, **obj}, NOW)[1] == cell


ROOT = "spec.validation.openAPIV3Schema"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({**definition(version()), "metadata": {"name": "wrong.t.io"}}, ["metadata.name"]),
        (definition(version(), group="nodots"), ["metadata.name", "spec.group"]),
        (definition(version(), scope="World"), ["spec.scope"]),
        (definition(version("v1"), version("v2")), ["spec.versions"]),
        (definition(version("v1", storage=False)), ["spec.versions"]),
        (definition(version("v1"), version("v1", storage=False)), ["spec.versions"]),
        (definition(), ["spec.versions"]),
        (definition({"name": "v1", "served": True, "storage": True}), ["spec.versions[0].schema.openAPIV3Schema"]),
        (
            definition(
                version(subresources={"scale": {"specReplicasPath": ".status.x", "statusReplicasPath": ".status.y"}})
            ),
            ["spec.subresources.scale.specReplicasPath"],
        ),
        (
            definition(version(additionalPrinterColumns=[{"name": "a", "type": "text", "jsonPath": ".a["}])),
            ["spec.additionalPrinterColumns[0].type"],
        ),
        (
            definition(version(selectableFields=[{"jsonPath": ".spec.list[0]"}])),
            ["spec.selectableFields[0].jsonPath"],
        ),
        (definition(version(), names={"plural": "Things", "kind": "Thing"}), ["metadata.name", "spec.names.plural"]),
    ],
)
def test_a_wrong_definition_is_refused_at_the_right_field(body: JsonObject, fields: list[str]) -> None:
    assert [text.partition(": ")[0] for text in created(body)[1]] == fields


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"type": "string", "anyOf": [{"type": "string"}]}}},
        {"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}},
        {"type": "object", "properties": {"a": {"type": "string", "x-kubernetes-validations": [{"rule": "self +"}]}}},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_a_schema_that_is_not_structural_is_refused(schema: JsonObject) -> None:
    causes = created(definition(version(schema=schema)))[1]
    assert causes
    assert all(text.startswith(ROOT) for text in causes)


@pytest.mark.parametrize(
    ("annotation", "fine"),
    [(None, False), ("nonsense", False), ("unapproved, a test", True), ("https://example.com/pull/1", True)],
)
def test_a_protected_group_needs_an_approval(annotation: str | None, fine: bool) -> None:
    body = definition(version(), group="x.k8s.io")
    body["metadata"] = {
        "name": "things.x.k8s.io",
        "annotations": {"api-approved.kubernetes.io": annotation} if annotation else {},
    }
    assert (created(body)[1] == []) is fine


def test_a_resource_nested_without_end_is_refused_not_crashed_on() -> None:
    [kind] = kinds_of_crd(created(definition(version()))[0])
    value: JsonObject = {}
    for _ in range(5000):
        value = {"a": value}
    with pytest.raises(StatusError, match="nested too deeply"):
        kind.strategy.decode({"apiVersion": "t.io/v1", "kind": "Thing", "metadata": {"name": "m"}, "x": value})
