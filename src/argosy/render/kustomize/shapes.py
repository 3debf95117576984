"""All fields of a kustomization, recursively, with their types: an unknown field is refused by name.

Names are matched as in Go's JSON: case-insensitively. Values are not converted: a number is not a
string. Kustomize's own types are the source (api/types of the version that we follow).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError

Scalar = Literal["string", "boolean", "integer", "texts", "anything"]
"""`texts` is a map with free keys whose values are strings; `anything` is a map with arbitrary content."""


@dataclass(frozen=True, slots=True)
class ListOf:
    items: Shape


Fields = Mapping[str, Any]
Shape = Scalar | ListOf | Fields
"""The kind of a value: a scalar, a list of one kind, or a map with these fields."""

TEXTS: Final[Shape] = ListOf("string")
_GVK: Final[Fields] = dict.fromkeys(("group", "version", "kind"), "string")
_ID: Final[Fields] = {**_GVK, "name": "string", "namespace": "string"}
SELECTOR: Final[Fields] = {**_ID, "annotationSelector": "string", "labelSelector": "string"}
FIELD_SPEC: Final[Fields] = {**_GVK, "path": "string", "create": "boolean"}
_PATCH: Final[Fields] = {
    "path": "string",
    "patch": "string",
    "target": SELECTOR,
    "options": {"allowNameChange": "boolean", "allowKindChange": "boolean"},
}
_IMAGE: Final[Fields] = dict.fromkeys(("name", "newName", "newTag", "tagSuffix", "digest"), "string")
_OPTIONS: Final[Fields] = {"delimiter": "string", "index": "integer", "encoding": "string", "create": "boolean"}
REPLACEMENT: Final[Fields] = {
    "path": "string",
    "source": {**_ID, "fieldPath": "string", "options": _OPTIONS},
    "sourceValue": "string",
    "targets": ListOf(
        {"select": SELECTOR, "reject": ListOf(SELECTOR), "fieldPaths": TEXTS, "options": _OPTIONS},
    ),
}
GENERATOR_OPTIONS: Final[Fields] = {
    "labels": "texts",
    "annotations": "texts",
    "disableNameSuffixHash": "boolean",
    "immutable": "boolean",
}
GENERATOR: Final[Fields] = {
    **dict.fromkeys(("name", "namespace", "behavior", "env"), "string"),
    **dict.fromkeys(("literals", "files", "envs"), TEXTS),
    "options": GENERATOR_OPTIONS,
}
_GLOBALS: Final[Fields] = {"chartHome": "string", "configHome": "string"}
CHART: Final[Fields] = {
    **dict.fromkeys(
        ("name", "version", "repo", "releaseName", "namespace", "valuesFile", "valuesMerge", "kubeVersion"), "string"
    ),
    "nameTemplate": "string",
    **dict.fromkeys(("additionalValuesFiles", "apiVersions"), TEXTS),
    "valuesInline": "anything",
    **dict.fromkeys(("includeCRDs", "skipHooks", "skipTests", "debug", "devel"), "boolean"),
}
_OLD_CHART: Final[Fields] = {
    **dict.fromkeys(("chartName", "chartVersion", "chartRepoUrl", "chartHome", "chartRepoName"), "string"),
    **dict.fromkeys(("helmBin", "helmHome", "values", "valuesMerge", "releaseName", "releaseNamespace"), "string"),
    "valuesLocal": "anything",
    "extraArgs": TEXTS,
}
KUSTOMIZATION: Final[Fields] = {
    **dict.fromkeys(("apiVersion", "kind", "namePrefix", "nameSuffix", "namespace"), "string"),
    "metadata": {"name": "string", "namespace": "string", "labels": "texts", "annotations": "texts"},
    **dict.fromkeys(("openapi", "commonLabels", "commonAnnotations"), "texts"),
    **dict.fromkeys(
        ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators"),
        TEXTS,
    ),
    **dict.fromkeys(("buildMetadata", "patchesStrategicMerge"), TEXTS),
    "labels": ListOf(
        {
            "pairs": "texts",
            "includeSelectors": "boolean",
            "includeTemplates": "boolean",
            "includeVolumeClaimTemplates": "boolean",
            "fields": ListOf(FIELD_SPEC),
        }
    ),
    **dict.fromkeys(("patches", "patchesJson6902"), ListOf(_PATCH)),
    **dict.fromkeys(("images", "imageTags"), ListOf(_IMAGE)),
    "replacements": ListOf(REPLACEMENT),
    "replicas": ListOf({"name": "string", "count": "integer"}),
    "vars": ListOf(
        {"name": "string", "objref": {**_ID, "apiVersion": "string"}, "fieldref": {"fieldPath": "string"}},
    ),
    "sortOptions": {"order": "string", "legacySortOptions": {"orderFirst": TEXTS, "orderLast": TEXTS}},
    "configMapGenerator": ListOf(GENERATOR),
    "secretGenerator": ListOf({**GENERATOR, "type": "string"}),
    "generatorOptions": GENERATOR_OPTIONS,
    "helmGlobals": _GLOBALS,
    "helmCharts": ListOf(CHART),
    "helmChartInflationGenerator": ListOf(_OLD_CHART),
}

_WANTED: Final = {
    "string": "a string (quote it)",
    "boolean": "true or false",
    "integer": "an integer",
    "texts": "a map of strings",
    "anything": "a map",
}


def shaped(value: JsonValue, shape: Shape, where: str) -> Any:
    """The value with canonical field names, without nulls. Raises ToolError naming the wrong field."""
    if isinstance(shape, ListOf):
        if not isinstance(value, list):
            raise _refusal(where, value, "a list")
        return [shaped(item, shape.items, f"{where}[{index}]") for index, item in enumerate(value) if item is not None]
    if isinstance(shape, Mapping):
        return _shaped_map(value, shape, where)
    if not _is(value, shape):
        raise _refusal(where, value, _WANTED[shape])
    if shape == "texts":
        assert isinstance(value, dict)
        for key, text in value.items():
            if text is not None and not isinstance(text, str):
                raise _refusal(f"{where}.{key}", text, _WANTED["string"])
        return {key: text or "" for key, text in value.items()}
    return value


def _shaped_map(value: JsonValue, fields: Fields, where: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _refusal(where, value, "a map")
    names = {name.lower(): name for name in fields}
    found: JsonObject = {}
    unknown = [key for key in value if key.lower() not in names]
    if unknown:
        problems = ", ".join(f"unknown field {key!r}" for key in sorted(unknown))
        raise ToolError(f"{where}: {problems}, expected one of {', '.join(fields)}")
    for key, item in value.items():
        name = names[key.lower()]
        if item is not None:
            found[name] = shaped(item, fields[name], f"{where}.{name}")
    return found


def _is(value: JsonValue, shape: Scalar) -> bool:
    if shape == "string":
        return isinstance(value, str)
    if shape == "boolean":
        return isinstance(value, bool)
    if shape == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, dict)


def _refusal(where: str, value: JsonValue, expected: str) -> ToolError:
    return ToolError(f"{where}: {str(value)[:80]!r} should be {expected}")
