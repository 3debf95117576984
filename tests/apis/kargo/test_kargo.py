"""Views of Kargo's kinds have the fields that its published definitions have, and keep all others."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any, get_args, get_origin

import pytest

from argosy.apis import crds
from argosy.apis.kargo import RESOURCES, Stage
from argosy.apis.schema import DEFINITION, parts, read, unwrapped, written

DEFINITIONS = {str(crd["spec"]["names"]["kind"]): crd for crd in crds("kargo")}
UNSERVED = {"Target"}
"""Of the paid edition: no room reads it."""
OWN = {"apiVersion", "kind", "metadata"}
TYPES = {"string": str, "boolean": bool, "integer": int}


def test_every_kind_of_kargo_has_a_view() -> None:
    assert {kind.__name__ for kind in RESOURCES} == DEFINITIONS.keys() - UNSERVED


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.__name__)
def test_a_view_names_the_fields_of_the_published_definition(kind: Any) -> None:
    spec = DEFINITIONS[kind.__name__]["spec"]
    said = getattr(kind, DEFINITION)
    assert (said.plural, said.group) == (spec["names"]["plural"], spec["group"])
    assert said.namespaced == (spec["scope"] == "Namespaced")
    schema = spec["versions"][0]["schema"]["openAPIV3Schema"]
    own = {part.name: part.type for part in parts(kind) if part.name not in OWN}
    wanted = {name: field for name, field in schema["properties"].items() if name not in OWN}
    assert _disagreements(own, wanted, kind.__name__) == []


def _disagreements(own: dict[str, Any], wanted: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}.{name} is on one side alone" for name in own.keys() ^ wanted.keys()]
    for name in sorted(own.keys() & wanted.keys()):
        found += _of_type(unwrapped(own[name])[0], wanted[name], f"{path}.{name}")
    return found


def _of_type(hint: Any, field: dict[str, Any], path: str) -> list[str]:
    """One field; what is free in the definition, or JSON in the view, is not gone into."""
    if hint is Any:
        return [] if field.get("x-kubernetes-preserve-unknown-fields") else [f"{path} is not free"]
    told = field.get("type")
    if told in TYPES:
        return [] if hint is TYPES[told] else [f"{path} is a {told}"]
    if is_dataclass(hint):
        own = {part.name: part.type for part in parts(hint)}
        return _disagreements(own, field.get("properties") or {}, path)
    if get_origin(hint) is tuple:
        if told != "array":
            return [f"{path} is not an array"]
        return _of_type(unwrapped(get_args(hint)[0])[0], field["items"], f"{path}[]")
    if get_origin(hint) is dict and get_args(hint)[1] is not Any:
        inner = field.get("additionalProperties")
        return _of_type(unwrapped(get_args(hint)[1])[0], inner, f"{path}{{}}") if inner else [f"{path} is not a map"]
    return [] if get_origin(hint) is dict else [f"{path}: {hint}"]


def test_a_view_keeps_what_it_does_not_know() -> None:
    request = {"origin": {"kind": "Warehouse", "name": "w", "later": 1}, "sources": {"direct": True}}
    obj = {"kind": "Stage", "metadata": {"name": "test"}, "spec": {"requestedFreight": [request], "new": 1}, "x": []}
    view = read(Stage, obj)
    assert str(view.spec.requested_freight[0].origin) == "Warehouse/w"
    assert written(view) == {**obj, "status": {}}
