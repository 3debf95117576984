"""`helmCharts` of a kustomization: each is rendered as a chart of its own (needs `--enable-helm`)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from argosy.machinery import yaml
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import Files, Job, ToolError, Workspace
from argosy.render.kustomize.model import Kustomization

_KNOWN = frozenset(
    (
        "name",
        "version",
        "repo",
        "releaseName",
        "namespace",
        "valuesFile",
        "additionalValuesFiles",
        "valuesInline",
        "valuesMerge",
        "includeCRDs",
        "skipHooks",
        "skipTests",
        "apiVersions",
        "kubeVersion",
        "nameTemplate",
        "debug",
    )
)


class _ChartWorkspace:
    """A chart's own files as the root, and the kustomization's files as a `ref`, for its value files."""

    def __init__(self, outer: Workspace, files: Files) -> None:
        self._outer = outer
        self.files = files

    def ref(self, name: str) -> Files:
        return self._outer.files if name == "kustomization" else self._outer.ref(name)

    def remote(self, url: str) -> Files:
        return self._outer.remote(url)

    def fetch(self, url: str, *, limit: int = 10 * 1024 * 1024) -> bytes:
        return self._outer.fetch(url, limit=limit)

    def chart(self, repository: str, name: str, version: str) -> Files:
        return self._outer.chart(repository, name, version)

    def warn(self, text: str) -> None:
        self._outer.warn(text)


class Charts:
    def __init__(self, workspace: Workspace, job: Job) -> None:
        self.workspace = workspace
        self.job = job

    def inflate(self, files: Files, path: str, kustomization: Kustomization) -> Sequence[JsonObject]:
        manifests: list[JsonObject] = []
        charts = [*kustomization.items("helmCharts"), *kustomization.items("helmChartInflationGenerator")]
        for index, chart in enumerate(charts):
            manifests.extend(
                self._one(files, path, kustomization, chart, f"{kustomization.where}: helmCharts[{index}]")
            )
        return manifests

    def _one(
        self, files: Files, path: str, kustomization: Kustomization, chart: JsonObject, where: str
    ) -> Sequence[JsonObject]:
        # Imported here: Helm is a Go run time of 54 MB, which only jobs with charts should pay for.
        from argosy.render.helm.generate import generate

        if unknown := sorted(set(chart) - _KNOWN):
            raise ToolError(f"{where}: unknown field {unknown[0]!r}, expected one of {', '.join(sorted(_KNOWN))}")
        if not chart.get("name"):
            raise ToolError(f"{where}.name: chart name cannot be empty")
        root, inside = self._chart(files, path, kustomization, chart)
        namespace = chart.get("namespace") or kustomization.text("namespace") or "default"
        job = replace(
            self.job,
            tool="Helm",
            path=inside,
            options=self._options(files, path, chart, where),
            namespace=namespace,
            release_name=str(chart.get("releaseName") or "release-name"),
            kube_version=str(chart.get("kubeVersion") or self.job.kube_version),
            api_versions=tuple(chart.get("apiVersions") or self.job.api_versions),
        )
        return [_object(one, where) for one in generate(_ChartWorkspace(self.workspace, root), job)]

    def _chart(self, files: Files, path: str, kustomization: Kustomization, chart: JsonObject) -> tuple[Files, str]:
        """The chart in `chartHome`, else from its repository."""
        home = str(kustomization.mapping("helmGlobals").get("chartHome") or "charts")
        name, version = str(chart["name"]), str(chart.get("version") or "")
        candidates = [f"{name}-{version}/{name}", name] if version else [name]
        for candidate in candidates:
            place = posixpath.normpath(posixpath.join(path, home, candidate))
            if files.stat(f"{place}/Chart.yaml") is not None:
                return files, place
        if not chart.get("repo"):
            raise ToolError(f"{kustomization.where}: no repo specified for pull, no chart found at '{home}/{name}'")
        return self.workspace.chart(str(chart["repo"]), name, version), ""

    def _options(self, files: Files, path: str, chart: JsonObject, where: str) -> JsonObject:
        values = self._values(files, path, chart, where)
        options: JsonObject = {"skipCrds": not chart.get("includeCRDs"), "skipTests": bool(chart.get("skipTests"))}
        if values:
            options["valuesObject"] = values
        return options

    def _values(self, files: Files, path: str, chart: JsonObject, where: str) -> JsonObject:
        paths = [chart["valuesFile"]] if chart.get("valuesFile") else []
        values: JsonObject = {}
        for name in (*paths, *(chart.get("additionalValuesFiles") or ())):
            values = _merged(values, _mapping(files.read(posixpath.join(path, str(name))), f"{where}: {name}"))
        inline = chart.get("valuesInline") or {}
        mode = chart.get("valuesMerge") or "override"
        if mode == "override":
            return _merged(values, inline)
        if mode == "merge":
            return _merged(inline, values)
        if mode == "replace":
            return dict(inline or values)
        raise ToolError(f"{where}.valuesMerge: {mode!r} should be merge, override or replace")


def _mapping(data: bytes, where: str) -> JsonObject:
    try:
        value = yaml.load(data) or {}
    except yaml.YamlError as error:
        raise ToolError(f"{where}: {error}") from None
    if not isinstance(value, dict):
        raise ToolError(f"{where}: values should be a map")
    return value


def _merged(base: Mapping[str, JsonValue], over: Mapping[str, JsonValue]) -> JsonObject:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _object(value: JsonValue, where: str) -> JsonObject:
    if not isinstance(value, dict):
        raise ToolError(f"{where}: the chart gave {str(value)[:60]!r}, expected an object")
    return value
