"""The fact file is what the recorded data says, and what the published JSON schemas say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from argosy.apis.kubernetes import facts
from argosy.apis.kubernetes.compile import node_of
from argosy.machinery.schema import Node
from tests.cluster.kinds.vectors import ROOT, needs_vectors


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[3] / "scripts/kubernetes_facts.py"
    spec = importlib.util.spec_from_file_location("kubernetes_facts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_vectors
def test_the_committed_file_is_not_stale(script: ModuleType) -> None:
    assert script.TARGET.read_text() == script.from_data(ROOT)


def test_the_published_schemas_agree_with_every_type_that_both_know(script: ModuleType) -> None:
    committed = json.loads(script.TARGET.read_text())
    published = script.published("1.36")

    assert list(script.differences(committed, published)) == []
    assert sum(entry[0] in published for entry in committed["types"].values()) > 450


def test_a_difference_is_found(script: ModuleType) -> None:
    committed = json.loads(script.TARGET.read_text())
    published = script.published("1.36")
    committed["types"]["core/v1.ServicePort"] = [
        *committed["types"]["core/v1.ServicePort"][:2],
        ["name", "int32", "o", 1],
        ["invented", "string", "o", 9],
    ]

    found = list(script.differences(committed, published))

    assert "core/v1.ServicePort.invented: only in our facts" in found
    assert "core/v1.ServicePort.nodePort: only published" in found
    assert "core/v1.ServicePort.name: type 'integer', published 'string'" in found


def test_resources_stand_in_discovery_order() -> None:
    groups = list(dict.fromkeys(entry.resource.group for entry in facts.resources()))
    assert groups[:4] == ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]
    assert [entry.resource.version for entry in facts.resources() if entry.resource.group == "autoscaling"] == [
        "v2",
        "v1",
    ]


def test_inlined_structs_are_open_in_json_and_closed_in_protobuf() -> None:
    assert "emptyDir" in {item.name for item in facts.json_fields("core/v1.Volume")}
    assert [item.name for item in facts.type_of("core/v1.Volume").fields if item.inline] == [""]


def test_every_type_compiles_and_recursive_ones_close_on_themselves() -> None:
    for key in facts.type_keys():
        assert node_of(key).go == key
    schema = node_of("apiextensions/v1.JSONSchemaProps")
    inner = schema.properties["properties"].additional
    assert inner is not None and inner.properties is schema.properties


def test_list_keys_and_patch_strategies_are_distinguished() -> None:
    ports = node_of("core/v1.Container").properties["ports"]
    assert (ports.list_type, ports.list_keys, ports.patch_merge_key) == (
        "map",
        ("containerPort", "protocol"),
        "containerPort",
    )
    protocol = ports.items
    assert protocol is not None
    assert (protocol.properties["protocol"].has_default, protocol.properties["protocol"].default) == (True, "TCP")
    strategy = node_of("apps/v1.DeploymentSpec").properties["strategy"]
    assert strategy.patch_strategy == ("retainKeys",)
    assert node_of("core/v1.ServiceSpec").properties["selector"].map_type == "atomic"


def test_a_served_kind_knows_its_type_meta() -> None:
    node: Node = node_of("apps/v1.Deployment")
    assert {"apiVersion", "kind", "metadata", "spec", "status"} == set(node.properties)
