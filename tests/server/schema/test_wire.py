"""Dicts, protobuf and Go's JSON are three forms of one thing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.machinery.objects import JsonObject
from argosy.server.schema.decoding import Undecodable, decode
from argosy.server.schema.encoding import Unencodable, encode
from argosy.server.schema.go_json import Misshapen, shaped

APPLICATION: JsonObject = {
    "metadata": {
        "name": "web",
        "namespace": "argocd",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "labels": {"a": "b"},
    },
    "spec": {
        "project": "default",
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
        "source": {
            "repoURL": "https://example.com/r.git",
            "helm": {"parameters": [{"name": "a", "forceString": True}]},
        },
        "syncPolicy": {"automated": {"prune": False}, "retry": {"limit": 5, "backoff": {"factor": 2}}},
    },
    "status": {
        "sync": {"status": "Synced", "comparedTo": {"destination": {}, "source": {"repoURL": ""}}},
        "health": {"status": "Healthy"},
        "summary": {"images": ["nginx:1"]},
        "sourceHydrator": {},
    },
}


def test_an_application_survives_the_wire() -> None:
    again = shaped("v1alpha1.Application", decode("v1alpha1.Application", encode("v1alpha1.Application", APPLICATION)))
    assert again == shaped("v1alpha1.Application", APPLICATION)


def test_what_go_always_writes_is_there_and_what_it_omits_is_not() -> None:
    assert shaped("v1alpha1.ApplicationList", {}) == {"metadata": {}, "items": None}
    assert shaped("v1alpha1.KustomizeOptions", {}) == {"BuildOptions": "", "BinaryPath": "", "Versions": None}
    assert shaped("v1alpha1.SyncOperation", {"prune": False, "resources": []}) == {}


def test_a_pointer_to_nothing_is_kept_and_no_pointer_is_not() -> None:
    request = {"name": "a", "validate": False}
    assert decode(
        "application.ApplicationUpdateSpecRequest",
        encode("application.ApplicationUpdateSpecRequest", {**request, "spec": {}}),
    ) == {**request, "spec": {}}


def test_a_tree_node_is_flat_in_json_and_nested_on_the_wire() -> None:
    node = {"kind": "Pod", "name": "a", "uid": "1", "parentRefs": [{"kind": "ReplicaSet", "name": "r"}]}
    wire = encode("v1alpha1.ResourceNode", node)
    assert wire[0] == 0x0A  # field 1, a message: the reference
    assert decode("v1alpha1.ResourceNode", wire) == node


@pytest.mark.parametrize("value", ["text", 7, 0])
def test_an_int_or_string_is_either(value: object) -> None:
    message = "v1alpha1.KustomizeReplica"
    assert decode(message, encode(message, {"name": "a", "count": value})) == {"name": "a", "count": value}


def test_overrides_carry_ignored_differences_as_yaml_in_json_and_as_a_message_on_the_wire() -> None:
    text = "jqPathExpressions: null\njsonPointers:\n- /status\nmanagedFieldsManagers: null\n"
    override = {"health.lua": "return {}", "ignoreDifferences": text}
    assert decode("v1alpha1.ResourceOverride", encode("v1alpha1.ResourceOverride", override)) == override


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"project": 7}, "spec.project: a number where a string is expected"),
        ({"sources": {}}, "spec.sources: an object where a list is expected"),
        ({"source": {"helm": {"parameters": [{"forceString": "yes"}]}}}, "spec.source.helm.parameters.0.forceString"),
        ({"revisionHistoryLimit": "5"}, "spec.revisionHistoryLimit: a string where a number is expected"),
    ],
)
def test_a_value_of_the_wrong_type_is_reported_with_its_place(spec: JsonObject, where: str) -> None:
    with pytest.raises(Misshapen) as told:
        shaped("v1alpha1.Application", {"spec": spec})
    assert where in str(told.value)


def test_a_required_field_that_is_missing_is_reported() -> None:
    with pytest.raises(Undecodable, match="required field"):
        decode("application.ApplicationResourcePatchRequest", b"")


def test_a_value_that_cannot_be_written_is_reported() -> None:
    with pytest.raises(Unencodable):
        encode("v1alpha1.Application", {"metadata": {"name": 5}})


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_bytes_that_are_no_message_are_refused_and_nothing_else(data: bytes) -> None:
    for message in ("v1alpha1.Application", "application.ApplicationSyncRequest", "v1alpha1.ApplicationSet"):
        try:
            found = decode(message, data)
        except Undecodable:
            continue
        json.dumps(found)


@pytest.mark.parametrize("fields", [{"f:metadata": {"f:ü": {}, '.k:"a/b"': {".": {}}}}, {}, {"f:a": 1 << 70}])
def test_managed_fields_are_sent_as_their_json(fields: JsonObject) -> None:
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    entry = {"manager": "m", "operation": "Apply", "fieldsV1": fields}
    assert text in encode("v1alpha1.Application", {"metadata": {"name": "a", "managedFields": [entry]}})
