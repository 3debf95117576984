"""A kustomization file, validated (shapes.py), with older spellings of some fields converted to the newer ones."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.shapes import KUSTOMIZATION, shaped

FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
VERSIONS: Final = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}
BUILD_METADATA: Final = ("originAnnotations", "transformerAnnotations", "managedByLabel")


class Kustomization:
    """Absent lists and maps read as empty."""

    def __init__(self, raw: JsonValue, where: str) -> None:
        """`where` is the file's path, for messages. Raises ToolError naming every unknown field."""
        self.where = where
        try:
            fields = shaped(raw if raw is not None else {}, KUSTOMIZATION, "")
        except ToolError as error:
            raise ToolError(f"{where}: invalid Kustomization: {str(error).removeprefix('.').lstrip(': ')}") from None
        self._raw: JsonObject = fields
        if not any(value not in ("", [], {}) for name, value in fields.items() if name not in ("apiVersion", "kind")):
            raise ToolError(f"{where}: kustomization.yaml is empty")
        self.kind: str = fields.get("kind") or "Kustomization"
        self._check_version()

    def _check_version(self) -> None:
        if self.kind not in VERSIONS:
            raise ToolError(f"{self.where}: kind should be Kustomization or Component, not {self.kind!r}")
        version = self._raw.get("apiVersion") or VERSIONS[self.kind]
        if version != VERSIONS[self.kind]:
            raise ToolError(
                f"{self.where}: apiVersion for {self.kind} should be {VERSIONS[self.kind]}, not {version!r}"
            )

    def text(self, name: str) -> str:
        return str(self._raw.get(name) or "")

    def mapping(self, name: str) -> dict[str, Any]:
        return self._raw.get(name) or {}

    def has(self, name: str) -> bool:
        return name in self._raw

    def items(self, name: str) -> list[Any]:
        return self._raw.get(name) or []

    @property
    def resources(self) -> list[str]:
        return [*self.items("resources"), *self.items("bases")]

    @property
    def images(self) -> list[JsonObject]:
        return [*self.items("images"), *self.items("imageTags")]

    @property
    def charts(self) -> list[JsonObject]:
        return [*self.items("helmCharts"), *map(_chart, self.items("helmChartInflationGenerator"))]

    @property
    def chart_home(self) -> str:
        old = (one.get("chartHome") for one in self.items("helmChartInflationGenerator"))
        own = self.mapping("helmGlobals").get("chartHome") if self.has("helmGlobals") else next(filter(None, old), "")
        return str(own or "charts")

    @property
    def build_metadata(self) -> frozenset[str]:
        return frozenset(self.items("buildMetadata"))


def _chart(old: JsonObject) -> JsonObject:
    """An entry of the field that `helmCharts` replaced; fields without a newer name had no effect there either."""
    names = {
        "chartName": "name",
        "chartVersion": "version",
        "chartRepoUrl": "repo",
        "values": "valuesFile",
        "valuesLocal": "valuesInline",
        "valuesMerge": "valuesMerge",
        "releaseName": "releaseName",
    }
    return {names[key]: value for key, value in old.items() if key in names}
