"""Checks an applied configuration against its schema before it is merged (spec 10.4, step 0)."""

from __future__ import annotations

from collections.abc import Iterator

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.fieldset import spelled_element
from argosy.machinery.server_side_apply.structure import BadItem, element
from argosy.machinery.text import go_text

_EXPECTED = {
    "object": "map",
    "array": "list",
    "string": "string",
    "integer": "numeric (int or float)",
    "number": "numeric (int or float)",
    "boolean": "boolean",
    "int-or-string": "untyped scalar",
}


def type_errors(value: JsonObject, node: Node) -> list[str]:
    """Messages such as `.spec.foo: field not declared in schema`; empty when it is valid."""
    return list(_check(value, node, ""))


def joined(errors: list[str]) -> str:
    """Several errors as structured-merge-diff prints them."""
    if len(errors) == 1:
        return errors[0]
    return "errors:\n" + "".join(f"  {error}\n" for error in errors)


def _check(value: JsonValue, node: Node, path: str) -> Iterator[str]:
    if value is None or node.type == "any":
        return
    if not _fits(value, node):
        yield f"{path}: expected {_EXPECTED[node.type]}, got &value.valueUnstructured{{Value:{go_text.syntax(value)}}}"
    elif isinstance(value, dict):
        yield from _check_map(value, node, path)
    elif isinstance(value, list) and node.items is not None:
        yield from _check_list(value, node, node.items, path)


def _fits(value: JsonValue, node: Node) -> bool:
    if isinstance(value, bool):
        return node.type == "boolean"
    if isinstance(value, dict):
        return node.type == "object"
    if isinstance(value, list):
        return node.type == "array"
    if node.type == "int-or-string":
        return True
    return node.type == "string" if isinstance(value, str) else node.type in ("integer", "number")


def _check_map(value: JsonObject, node: Node, path: str) -> Iterator[str]:
    for key, item in value.items():
        below = node.properties.get(key) or node.additional
        if below is not None:
            yield from _check(item, below, f"{path}.{key}")
        elif not node.preserve_unknown and not (node.embedded and key in ("apiVersion", "kind", "metadata")):
            yield f"{path}.{key}: field not declared in schema"


def _check_list(values: list[JsonValue], node: Node, items: Node, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(values):
        here = f"{path}[{index}]"
        if node.list_type != "atomic":
            try:
                name = element(item, node)
            except BadItem as error:
                yield f"{path}: element {index}: {error}"
                continue
            if name in seen:
                yield f"{path}: duplicate entries for key {spelled_element(name)}"
                continue
            seen.add(name)
            here = path + spelled_element(name)
        yield from _check(item, items, here)
