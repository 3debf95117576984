"""`crds` of a kustomization: OpenAPI definitions whose extensions say which fields are names, labels or annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.transform.fieldspecs import EMPTY, Configuration, FieldSpec

Read = Callable[[str], bytes]
_DEPTH = 32


def load_definitions(paths: Iterable[str], read: Read) -> Configuration:
    """What the files add to the field specifications. Raises ToolError naming the file."""
    configuration = EMPTY
    for path in paths:
        for added in _configurations(_definitions(path, read)):
            configuration = configuration.merged(added)
    return configuration


def _definitions(path: str, read: Read) -> Mapping[str, Any]:
    try:
        found = yaml.load(read(path))
    except yaml.YamlError as error:
        raise ToolError(f"{path}: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(value, (dict, str, type(None))) for value in found.values()):
        raise ToolError(f"crds: {path}: expected OpenAPI definitions by name, each with a Schema")
    return found


def _configurations(definitions: Mapping[str, Any]) -> Iterator[Configuration]:
    for name in definitions:
        properties = _properties(definitions, name)
        if all(field in properties for field in ("kind", "apiVersion", "metadata")):
            yield from _of_type(definitions, name, name.rpartition(".")[2], (), 0)


def _properties(definitions: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Upstream's Go type reads `Schema` case-insensitively."""
    definition = definitions.get(name)
    if not isinstance(definition, dict):
        return {}
    schema = next((value for key, value in definition.items() if key.lower() == "schema"), None)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


def _of_type(
    definitions: Mapping[str, Any], name: str, kind: str, path: tuple[str, ...], depth: int
) -> Iterator[Configuration]:
    if depth > _DEPTH:
        raise ToolError(f"crds: definition {name} refers to itself")
    for field, schema in _properties(definitions, name).items():
        if not isinstance(schema, dict):
            continue
        here = (*path, field)
        yield from _of_field(schema, kind, here)
        if isinstance(reference := schema.get("$ref"), str):
            yield from _of_type(definitions, reference, kind, here, depth + 1)


def _of_field(schema: JsonObject, kind: str, path: tuple[str, ...]) -> Iterator[Configuration]:
    spec = FieldSpec("/".join(path), kind=kind)
    if _text(schema, "annotation"):
        yield Configuration.only(common_annotations=(spec,))
    if _text(schema, "label-selector"):
        yield Configuration.only(common_labels=(spec,))
    if _text(schema, "identity"):
        yield Configuration.only(name_prefix=(spec,))
    version, target = _text(schema, "object-ref-api-version"), _text(schema, "object-ref-kind")
    if version and target:
        name = FieldSpec("/".join((*path, _text(schema, "object-ref-name-key") or "name")), kind=kind)
        yield Configuration.only(name_references=((Gvk("", version, target), (name,)),))


def _text(schema: JsonObject, extension: str) -> str:
    value = schema.get(f"x-kubernetes-{extension}")
    return value if isinstance(value, str) else ""
