# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""Reading and printing as Go does: zero values are dropped, unknown fields and wrong types reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.apis.kubernetes.codec import printer_of, reader_of
from argosy.apis.kubernetes.facts import is_struct
from argosy.apis.kubernetes.scalars import Mismatch
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from tests.cluster.kinds.vectors import ROOT, kind_of


def fixtures() -> list[Any]:
    found = []
    for path in sorted((ROOT / "roundtrip").glob("*.json")):
        group, *_, version, kind = path.stem.split(".")
        if is_struct(f"{group}/{version}.{kind}"):
            found.append(pytest.param(path, f"{group}/{version}.{kind}", id=path.stem))
    return found


def canonical(key: str, body: JsonObject) -> JsonObject:
    unknown: list[str] = []
    value = reader_of(key)(body, unknown)
    assert unknown == []
    printer = printer_of(key)
    if printer is not None:
        printer(value)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(("path", "key"), fixtures())
def test_an_object_with_every_field_filled_survives_unchanged(path: Path, key: str) -> None:
    body = json.loads(path.read_text())
    if "apiVersion" not in set(reader_of(key)(body, [])):  # options carry their type only in the envelope
        body.pop("apiVersion", None)
        body.pop("kind", None)
    assert canonical(key, body) == body


@pytest.mark.parametrize(("path", "key"), fixtures())
def test_printing_twice_changes_nothing(path: Path, key: str) -> None:
    body = {name: value for name, value in json.loads(path.read_text()).items() if name not in ("apiVersion", "kind")}
    once = canonical(key, body)
    assert canonical(key, json.loads(json.dumps(once))) == once


@pytest.mark.parametrize(
    ("key", "body", "printed"),
    [
        ("core/v1.ConfigMap", {"data": {}}, {"metadata": {}}),
        ("rbac/v1.ClusterRole", {"rules": []}, {"metadata": {}, "rules": None}),
        ("apps/v1.DeploymentStatus", {"replicas": 0}, {}),
        ("apps/v1.ReplicaSetStatus", {}, {"replicas": 0}),
        ("core/v1.SecurityContext", {"privileged": False, "runAsUser": 0}, {"privileged": False, "runAsUser": 0}),
        ("core/v1.ServicePort", {"port": 0, "name": ""}, {"port": 0, "targetPort": 0}),
        ("core/v1.ResourceFieldSelector", {"resource": "limits.cpu"}, {"resource": "limits.cpu", "divisor": "0"}),
        ("meta/v1.ObjectMeta", {"creationTimestamp": None, "labels": {"a": None}}, {"labels": {"a": ""}}),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": 0.5, "memory": "1024Mi"}}, {"limits": {"cpu": "500m", "memory": "1Gi"}}),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": "1e3", "memory": "1536Mi"}}, {"limits": {"cpu": "1e3", "memory": "1536Mi"}}),
        ("meta/v1.Condition", {"lastTransitionTime": "2024-01-01T02:00:00.5+02:00"}, {"lastTransitionTime": "2024-01-01T00:00:00Z", "type": "", "status": "", "reason": "", "message": ""}),
        ("coordination/v1.LeaseSpec", {"renewTime": "2024-01-01T00:00:00Z"}, {"renewTime": "2024-01-01T00:00:00.000000Z"}),
    ],
)  # fmt: skip
def test_zero_values_are_printed_by_gos_rules(key: str, body: JsonObject, printed: JsonObject) -> None:
    assert canonical(key, body) == printed


def test_unknown_fields_are_dropped_and_reported_by_path() -> None:
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "Metadata": {},
        "spec": {"foo": 1, "template": {"spec": {"containers": [{"name": "a"}, {"name": "b", "bar": {"x": 1}}]}}},
    }
    decoded = kind_of(body).strategy.decode(body)
    assert decoded.unknown == ["Metadata", "spec.foo", "spec.template.spec.containers[1].bar"]
    assert "foo" not in decoded.obj["spec"]
    assert body["spec"]["foo"] == 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"replicas": "two"}, "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ({"replicas": 1.5}, "cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ({"replicas": 3000000000}, "cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ({"paused": "yes"}, "cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool"),
        ({"template": {"spec": {"containers": [{"image": 7}]}}}, "cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string"),
        ({"template": {"spec": {"containers": {}}}}, "cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"),
        ({"selector": {"matchLabels": {"a": 1}}}, "cannot unmarshal number into Go struct field LabelSelector.spec.selector.matchLabels of type string"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_a_400_that_names_the_field(spec: JsonObject, text: str) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    with pytest.raises(StatusError) as caught:
        kind_of(body).strategy.decode(body)
    assert caught.value.code == 400
    assert caught.value.message == f'Deployment in version "v1" cannot be handled as a Deployment: json: {text}'


def test_a_secret_that_is_no_base64_is_refused_without_repeating_it() -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "data": {"password": "hunter2!"}}
    with pytest.raises(StatusError) as caught:
        kind_of(body).strategy.decode(body)
    assert "illegal base64 data" in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"apiVersion": "v1", "kind": "Secret"}, 'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion'),
        ({"apiVersion": "apps/v1", "kind": "ConfigMap"}, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "apps/v1" in scheme "argosy"'),
        ({"apiVersion": "v2", "kind": "ConfigMap"}, "the API version in the data (v2) does not match the expected API version (v1)"),
    ],
)  # fmt: skip
def test_a_body_of_another_kind_or_version_is_refused(body: JsonObject, text: str) -> None:
    with pytest.raises(StatusError) as caught:
        kind_of({"apiVersion": "v1", "kind": "ConfigMap"}).strategy.decode(body)
    assert (caught.value.code, caught.value.message) == (400, text)


def test_kind_and_version_may_be_left_to_the_url() -> None:
    decoded = kind_of({"apiVersion": "v1", "kind": "ConfigMap"}).strategy.decode({"data": {"a": "b"}})
    assert decoded.obj == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"a": "b"}}


def test_the_copy_shares_nothing_with_the_body() -> None:
    body: JsonObject = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"args": ["x"]}]}}
    copy = reader_of("core/v1.Pod")(body, [])
    assert isinstance(copy, dict)
    copy["metadata"]["labels"]["a"] = "c"
    copy["spec"]["containers"][0]["args"].append("y")
    assert body == {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"args": ["x"]}]}}


@pytest.mark.parametrize("text", ["1.2.3", "abc", "", "1KiB", "0x10", "1e1234", "- 1"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Mismatch, match="quantities must match the regular expression"):
        reader_of("Quantity")(text, [])


@pytest.mark.parametrize("depth", [50, 300, 480])
def test_a_body_as_deep_as_a_parser_lets_through_is_read_or_refused(depth: int) -> None:
    schema: JsonObject = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {"versions": [version]},
    }
    strategy = kind_of(body).strategy
    try:
        strategy.canonicalize(strategy.decode(body).obj)
    except StatusError as error:
        assert (error.code, error.message.rpartition(": ")[2]) == (400, "the value is nested too deeply")
        assert depth > 50
