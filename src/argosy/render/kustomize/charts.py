"""`helmCharts` of a kustomization: each is rendered as a chart of its own (needs `--enable-helm`)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text import yaml
from argosy.render.files import Files, Job, ToolError, Workspace
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.place import Place
from argosy.render.kustomize.reading import resources_of
from argosy.render.kustomize.resource import Resource


class _ChartWorkspace:
    """A chart's own files as the root."""

    def __init__(self, outer: Workspace, files: Files) -> None:
        self._outer = outer
        self.files = files

    def ref(self, name: str) -> Files:
        return self._outer.ref(name)

    def remote(self, url: str) -> Files:
        return self._outer.remote(url)

    def fetch(self, url: str, *, limit: int = 10 * 1024 * 1024) -> bytes:
        return self._outer.fetch(url, limit=limit)

    def chart(self, repository: str, name: str, version: str) -> Files:
        return self._outer.chart(repository, name, version)

    def warn(self, text: str) -> None:
        self._outer.warn(text)


class Charts:
    """`build.Inflate` for one job."""

    def __init__(
        self, workspace: Workspace, job: Job, *, kube_version: str = "", api_versions: Sequence[str] = ()
    ) -> None:
        """`kube_version`, `api_versions`: from the command line, which a chart's own fields do not override."""
        self.workspace = workspace
        self.job = job
        self.kube_version = kube_version
        self.api_versions = tuple(api_versions)

    def inflate(self, place: Place, kustomization: Kustomization, chart: JsonObject, above: str) -> Sequence[Resource]:
        # Imported here: Helm is a Go runtime of 54 MB, which only jobs with charts should pay for.
        from argosy.render.helm.generate import printed

        name = str(chart.get("name") or "")
        where = f"{kustomization.where}: helmCharts: {name or 'chart'}"
        if not name:
            raise ToolError(f"{where}.name: chart name cannot be empty")
        if template := chart.get("nameTemplate"):
            raise ToolError(f"{where}.nameTemplate: {template!r}: a release name by template is not supported here")
        root, inside = self._chart(place, kustomization, chart)
        job = replace(
            self.job,
            tool="Helm",
            path=inside,
            options=self._options(place, root, inside, chart, where),
            namespace=str(chart.get("namespace") or kustomization.text("namespace") or above or "default"),
            release_name=str(chart.get("releaseName") or "release-name"),
            kube_version=str(chart.get("kubeVersion") or self.kube_version or self.job.kube_version),
            api_versions=tuple(chart.get("apiVersions") or self.api_versions or self.job.api_versions),
        )
        found: list[Resource] = []
        for text in printed(_ChartWorkspace(self.workspace, root), job):
            found += resources_of(text, where)
        for resource in found:
            resource.keeps_namespace = True
        return found

    def _chart(self, place: Place, kustomization: Kustomization, chart: JsonObject) -> tuple[Files, str]:
        """The chart in `chartHome`, else from its repository."""
        home = str(chart.get("chartHome") or kustomization.chart_home)
        name, version, repository = str(chart["name"]), str(chart.get("version") or ""), str(chart.get("repo") or "")
        folder = (
            posixpath.join(home, f"{name}-{version}", name) if version and repository else posixpath.join(home, name)
        )
        where = place.resolve(folder)
        found = place.files.stat(where)
        if found is not None and found.kind == "dir":
            return place.files, where
        if not repository:
            raise ToolError(f"{kustomization.where}: no repo specified for pull, no chart found at '{folder}'")
        return self.workspace.chart(repository, name, version), ""

    def _options(self, place: Place, root: Files, inside: str, chart: JsonObject, where: str) -> JsonObject:
        options: JsonObject = {
            "skipCrds": not chart.get("includeCRDs"),
            "skipTests": bool(chart.get("skipTests")),
            "skipHooks": bool(chart.get("skipHooks")),
        }
        if values := self._values(place, root, inside, chart, where):
            options["valuesObject"] = values
        return options

    def _values(self, place: Place, root: Files, inside: str, chart: JsonObject, where: str) -> JsonObject:
        """The value file, or the chart's own, with the inline values; over them the additional files."""
        values = self._main_values(place, root, inside, chart, where)
        for name in chart.get("additionalValuesFiles") or ():
            values = _merged(values, _mapping(place.read(str(name)), f"{where}: {name}"))
        return values

    def _main_values(self, place: Place, root: Files, inside: str, chart: JsonObject, where: str) -> JsonObject:
        inline, mode = chart.get("valuesInline") or {}, chart.get("valuesMerge") or "override"
        if mode not in ("override", "merge", "replace"):
            raise ToolError(f"{where}.valuesMerge: {mode!r} should be merge, override or replace")
        if inline and mode == "replace":
            return dict(inline)
        own = f"{inside}/values.yaml" if inside else "values.yaml"
        if chart.get("valuesFile"):
            name = str(chart["valuesFile"])
            values = _mapping(place.read(name), f"{where}: {name}")
        else:
            values = _mapping(root.read(own), f"{where}: values.yaml") if root.stat(own) else {}
        if not inline:
            return values
        return _patched(values, inline) if mode == "override" else _patched(inline, values)


def _mapping(data: bytes, where: str) -> JsonObject:
    try:
        value = yaml.load(data) or {}
    except yaml.YamlError as error:
        raise ToolError(f"{where}: {error}") from None
    if not isinstance(value, dict):
        raise ToolError(f"{where}: values should be a map")
    return value


def _merged(base: Mapping[str, JsonValue], over: Mapping[str, JsonValue]) -> JsonObject:
    """For a value in both, the second one wins."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _patched(base: Mapping[str, JsonValue], patch: Mapping[str, JsonValue]) -> JsonObject:
    """Kustomize's merge, unlike Helm's: null removes a value here, before Helm could see it."""
    result = dict(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            old = result.get(key)
            result[key] = _patched(old if isinstance(old, dict) else {}, value)
        else:
            result[key] = value
    return result
