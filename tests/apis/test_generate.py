"""CustomResourceDefinitions of typed resources."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import pytest

from argosy.apis.generate import definition
from argosy.apis.schema import STATUS, Int32, resource, scale, schema
from argosy.machinery.structural import check_structural


class Mode(StrEnum):
    FAST = "Fast"
    SLOW = "Slow"


@schema
class Spec:
    """What is wanted."""

    replicas: Int32 = 1
    total: int = 0
    mode: Mode = Mode.FAST
    policy: Literal["Always", "Never"] = "Always"


@resource(
    "example.com",
    "v1",
    plural="things",
    namespaced=False,
    categories=("all",),
    subresources={**STATUS, "scale": scale(".status.selector")},
    selectable=(".spec.mode",),
)
class Thing:
    """A thing."""

    spec: Spec


@resource("example.com", "v1beta1", plural="things", namespaced=False, storage=False)
class OldThing:
    """A thing as it was."""

    spec: Spec


@resource("example.com", "v2", plural="things", namespaced=False)
class RivalThing:
    """A thing that wants to be stored as well."""

    spec: Spec


def test_integers_are_of_64_bits_unless_they_say_32() -> None:
    fields = definition(Thing)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert fields["replicas"] == {"type": "integer", "format": "int32"}
    assert fields["total"] == {"type": "integer", "format": "int64"}


def test_closed_words_become_an_enum() -> None:
    fields = definition(Thing)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert fields["mode"] == {"type": "string", "enum": ["Fast", "Slow"]}
    assert fields["policy"] == {"type": "string", "enum": ["Always", "Never"]}


def test_scope_categories_subresources_and_selectable_fields_are_those_of_the_class() -> None:
    spec = definition(Thing)["spec"]
    version = spec["versions"][0]
    assert spec["scope"] == "Cluster"
    assert spec["names"]["categories"] == ["all"]
    assert version["selectableFields"] == [{"jsonPath": ".spec.mode"}]
    assert version["subresources"] == {
        "status": {},
        "scale": {
            "labelSelectorPath": ".status.selector",
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
        },
    }


def test_every_version_has_its_schema_and_one_is_stored() -> None:
    versions = definition(Thing, OldThing)["spec"]["versions"]
    assert [(v["name"], v["served"], v["storage"]) for v in versions] == [("v1", True, True), ("v1beta1", True, False)]
    assert not [cause for v in versions for cause in check_structural(v["schema"]["openAPIV3Schema"])]


def test_two_stored_versions_are_refused() -> None:
    with pytest.raises(AssertionError, match="one version is stored"):
        definition(Thing, RivalThing)
