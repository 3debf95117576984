"""A kustomization file: which fields it may have, and the older spellings of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
VERSIONS = {"Kustomization": "kustomize.config.k8s.io/v1beta1", "Component": "kustomize.config.k8s.io/v1alpha1"}

_STRINGS = ("namePrefix", "nameSuffix", "namespace")
_TEXT_MAPS = ("commonLabels", "commonAnnotations", "openapi")
_TEXT_LISTS = (
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
    "patchesStrategicMerge",
)
_OBJECT_LISTS: Mapping[str, tuple[str, ...]] = {
    "labels": ("pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"),
    "patches": ("path", "patch", "target", "options"),
    "patchesJson6902": ("path", "patch", "target", "options"),
    "images": ("name", "newName", "newTag", "tagSuffix", "digest"),
    "imageTags": ("name", "newName", "newTag", "tagSuffix", "digest"),
    "replacements": ("path", "source", "sourceValue", "targets"),
    "replicas": ("name", "count"),
    "vars": ("name", "objref", "fieldref"),
    "configMapGenerator": ("name", "namespace", "behavior", "literals", "files", "envs", "env", "options"),
    "secretGenerator": ("name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"),
    "helmCharts": (),
    "helmChartInflationGenerator": (),
}
_OBJECTS = ("metadata", "sortOptions", "generatorOptions", "helmGlobals")
FIELDS = frozenset(("apiVersion", "kind", *_STRINGS, *_TEXT_MAPS, *_TEXT_LISTS, *_OBJECT_LISTS, *_OBJECTS))


class Kustomization:
    """A checked kustomization file. Lists and maps that are absent read as empty."""

    def __init__(self, raw: JsonValue, where: str) -> None:
        """`where` is the file's path, for messages. Raises ToolError naming every unknown field."""
        if not isinstance(raw, dict) or not set(raw) - {"apiVersion", "kind"}:
            raise ToolError(f"{where}: kustomization.yaml is empty")
        self.where = where
        self._raw: JsonObject = {key: value for key, value in raw.items() if value is not None}
        self._check_names()
        self._check_shapes()
        self.kind: str = self._raw.get("kind") or "Kustomization"

    def _check_names(self) -> None:
        if unknown := sorted(set(self._raw) - FIELDS):
            names = ", ".join(f"unknown field {name!r}" for name in unknown)
            raise ToolError(f"{self.where}: invalid Kustomization: {names}")
        kind = self._raw.get("kind") or "Kustomization"
        if kind not in VERSIONS:
            raise ToolError(f"{self.where}: kind should be Kustomization or Component, not {kind!r}")
        version = self._raw.get("apiVersion") or VERSIONS[kind]
        if version != VERSIONS[kind]:
            raise ToolError(f"{self.where}: apiVersion for {kind} should be {VERSIONS[kind]}, not {version!r}")

    def _check_shapes(self) -> None:
        for name, value in self._raw.items():
            if name in _STRINGS and not isinstance(value, str):
                self._refuse(name, value, "a string")
            elif name in _TEXT_MAPS:
                self._check_text_map(name, value)
            elif name in _TEXT_LISTS:
                self._check_list(name, value, str, "a list of strings")
            elif name in _OBJECT_LISTS:
                self._check_list(name, value, dict, "a list of maps")
                self._check_keys(name, value, _OBJECT_LISTS[name])
            elif name in _OBJECTS and not isinstance(value, dict):
                self._refuse(name, value, "a map")

    def _check_text_map(self, name: str, value: JsonValue) -> None:
        if not isinstance(value, dict):
            self._refuse(name, value, "a map of strings")
        for key, text in value.items():
            if not isinstance(text, str):
                self._refuse(f"{name}.{key}", text, "a string (quote it)")

    def _check_list(self, name: str, value: JsonValue, item_type: type, expected: str) -> None:
        if not isinstance(value, list) or not all(isinstance(item, item_type) for item in value):
            self._refuse(name, value, expected)

    def _check_keys(self, name: str, items: Sequence[JsonObject], known: tuple[str, ...]) -> None:
        for index, item in enumerate(items):
            if known and (unknown := sorted(set(item) - set(known))):
                raise ToolError(
                    f"{self.where}: {name}[{index}]: unknown field {unknown[0]!r}, expected one of {', '.join(known)}"
                )

    def _refuse(self, name: str, value: JsonValue, expected: str) -> None:
        raise ToolError(f"{self.where}: {name}: {str(value)[:80]!r} should be {expected}")

    def text(self, name: str) -> str:
        return str(self._raw.get(name) or "")

    def mapping(self, name: str) -> dict[str, Any]:
        return self._raw.get(name) or {}

    def items(self, name: str) -> list[Any]:
        return self._raw.get(name) or []

    @property
    def resources(self) -> list[str]:
        return [*self.items("resources"), *self.items("bases")]

    @property
    def images(self) -> list[JsonObject]:
        return [*self.items("images"), *self.items("imageTags")]
