"""The only module that uses the Helm library: loads and renders charts, and converts its errors into ours.

It is a Go runtime in this process, so it is used in render workers only. Helm's rules apply: no cluster, `lookup` is
empty, no DNS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import helm_python
import orjson
from helm_python import _native

from argosy.machinery.objects import JsonObject
from argosy.render.files import ToolError


class LoadedChart:
    """A chart in memory; `close` frees it."""

    def __init__(self, directory: str) -> None:
        try:
            self._chart = helm_python.Chart.load(directory)
        except helm_python.HelmError as error:
            raise ToolError(_message(error, directory)) from None
        self._directory = directory

    def close(self) -> None:
        self._chart.close()

    @property
    def metadata(self) -> JsonObject:
        return self._chart.metadata

    @property
    def dependencies(self) -> list[JsonObject]:
        """Metadata of the charts in `charts/`."""
        return self._chart.dependencies

    @property
    def definitions(self) -> list[tuple[str, str]]:
        """File name and text of the files in `crds/`, including those of subcharts."""
        text = _native.call_string("helm_chart_crds", self._chart._raw())  # noqa: SLF001
        return [(crd["filename"], crd["data"]) for crd in orjson.loads(text)]

    def all_values(self, values: JsonObject) -> JsonObject:
        """The chart's defaults, overridden by `values`."""
        try:
            return self._chart.merge_values(values)
        except helm_python.HelmError as error:
            raise ToolError(_message(error, self._directory)) from None

    def render(self, values: JsonObject, options: JsonObject) -> Mapping[str, str]:
        """Template path -> text. `options`: name, namespace, kube_version, api_versions."""
        payload = json.dumps(values), json.dumps(options)
        try:
            # The public method has no parameter for the cluster's version; the library's own call has.
            text = _native.call_string("helm_render", self._chart._raw(), *payload)  # noqa: SLF001
        except helm_python.HelmError as error:
            raise ToolError(_message(error, self._directory)) from None
        return cast("dict[str, str]", orjson.loads(text))


def parse_values(text: str) -> Mapping[str, Any]:
    """A values document as Helm reads it. Raises ValueError."""
    try:
        return helm_python.values_from_yaml(text)
    except helm_python.HelmError as error:
        raise ValueError(str(error)) from None


def check_release_name(name: str) -> None:
    try:
        helm_python.validate_release_name(name)
    except helm_python.HelmError as error:
        raise ToolError(f"release name {name!r}: {error}") from None


def _message(error: Exception, directory: str) -> str:
    return str(error).replace(directory, "chart")
