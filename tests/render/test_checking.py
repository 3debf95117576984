"""A manifest whose metadata is of another type is refused by the name of its field (security rule 16)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.render.checking import checked


def manifest(metadata: Any) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ([], "a ConfigMap: metadata must be an object, and is a list"),
        ("a", "a ConfigMap: metadata must be an object, and is a string"),
        ({"name": ["a"]}, "a ConfigMap: metadata.name must be a string, and is a list"),
        ({"name": {"a": 1}}, "a ConfigMap: metadata.name must be a string, and is an object"),
        ({"name": "a", "namespace": 1}, "ConfigMap a: metadata.namespace must be a string, and is a number"),
        ({"generateName": True}, "a ConfigMap: metadata.generateName must be a string, and is true or false"),
        ({"name": "a", "annotations": ["x"]}, "metadata.annotations must be a map of strings, and is a list"),
        ({"name": "a", "annotations": "x"}, "metadata.annotations must be a map of strings, and is a string"),
        ({"name": "a", "annotations": {"b": 1}}, r"metadata.annotations\[b\] must be a string, and is a number"),
        ({"name": "a", "annotations": {"b": {}}}, r"metadata.annotations\[b\] must be a string, and is an object"),
        ({"name": "a", "labels": ["x"]}, "metadata.labels must be a map of strings, and is a list"),
        ({"name": "a", "labels": {"b": [1]}}, r"metadata.labels\[b\] must be a string, and is a list"),
        ({"name": "a", "labels": {"b": True}}, r"metadata.labels\[b\] must be a string, and is true or false"),
        ({"name": "a", "finalizers": "x"}, "metadata.finalizers must be a list of strings"),
        ({"name": "a", "finalizers": [1]}, "metadata.finalizers must be a list of strings"),
        ({"name": "a", "ownerReferences": {"a": 1}}, "metadata.ownerReferences must be a list of objects"),
        ({"name": "a", "ownerReferences": ["a"]}, "metadata.ownerReferences must be a list of objects"),
        ({"name": "a", "uid": 3}, "metadata.uid must be a string, and is a number"),
    ],
)
def test_metadata_of_another_type_is_refused_by_its_field(metadata: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        checked(manifest(metadata))


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"name": "a", "annotations": None, "labels": {}}, {"name": "a", "labels": {"b": None, "c": ""}}],
)
def test_what_is_absent_or_null_is_well(metadata: Any) -> None:
    assert checked(manifest(metadata))["kind"] == "ConfigMap"
