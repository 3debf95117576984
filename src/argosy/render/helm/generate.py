"""`helm template`, as Argo CD calls it (spec/argo-cd-engine-2.md 11.4). Runs in a render worker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.yaml import YamlError, load_all
from argosy.render.files import Job, ToolError, Workspace
from argosy.render.helm.chart import Gathering, check_dependencies
from argosy.render.helm.library import LoadedChart, check_release_name, parse_values
from argosy.render.helm.values import values_of
from argosy.sources.versions import matches

HOOK: Final = "helm.sh/hook"
TEST_HOOKS: Final = frozenset({"test", "test-success", "test-failure"})

Warn = Callable[[str], None]


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    values = values_of(workspace, job, parse_values)
    name = str(job.options.get("releaseName") or job.release_name)
    check_release_name(name)
    directory = Path(tempfile.mkdtemp(prefix="chart-"))
    try:
        Gathering(workspace, without_schema=bool(job.options.get("skipSchemaValidation"))).copy(
            workspace.files, job.path, directory
        )
        chart = LoadedChart(str(directory))
        try:
            return _manifests(chart, values, name, job, workspace.warn)
        finally:
            chart.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _manifests(chart: LoadedChart, values: JsonObject, name: str, job: Job, warn: Warn) -> list[JsonObject]:
    check_dependencies(chart)
    _check_kube_version(chart.metadata, job.kube_version)
    texts = chart.render(values, _options(name, job))
    found: list[JsonObject] = []
    if not job.options.get("skipCrds"):
        for file, text in chart.definitions:
            if _subchart_is_on(chart, values, file):
                found.extend(_objects(file, text, warn))
    for path in sorted(texts):
        if not path.endswith("NOTES.txt"):
            found.extend(_objects(path, texts[path], warn))
    if job.options.get("skipTests"):
        found = [manifest for manifest in found if not _is_test(manifest)]
    return found


def _options(name: str, job: Job) -> JsonObject:
    options: JsonObject = {
        "name": name,
        "namespace": str(job.options.get("namespace") or job.namespace or "default"),
        "is_install": True,
    }
    if job.kube_version:
        options["kube_version"] = job.kube_version
    if job.api_versions:
        options["api_versions"] = list(job.api_versions)
    return options


def _objects(path: str, text: str, warn: Warn) -> Iterator[JsonObject]:
    """What Helm printed is its chart's word, and read as Helm's users know it: of a repeated key the last counts."""
    if not text.strip():
        return
    try:
        for document in load_all(text, repeated=lambda fault: warn(f"{path}: {fault}; the last one counts")):
            if document is not None and document != {}:
                yield _object(path, document)
    except YamlError as error:
        raise ToolError(f"YAML parse error on {path}: {error}") from None


def _object(path: str, document: Any) -> JsonObject:
    if not isinstance(document, dict):
        raise ToolError(f"YAML parse error on {path}: a document is not an object")
    for field_name in ("apiVersion", "kind"):
        if not isinstance(document.get(field_name), str) or not document[field_name]:
            raise ToolError(f"{path}: a document has no {field_name}")
    return document


def _is_test(manifest: Mapping[str, Any]) -> bool:
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return any(hook.strip() in TEST_HOOKS for hook in str(annotations.get(HOOK) or "").split(","))


def _check_kube_version(metadata: JsonObject, kube_version: str) -> None:
    wanted = str(metadata.get("kubeVersion") or "")
    if not wanted or not kube_version:
        return
    if not matches(wanted, kube_version):
        raise ToolError(f"chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {kube_version}")


def _subchart_is_on(chart: LoadedChart, values: JsonObject, file: str) -> bool:
    """Whether the subchart that a crds file belongs to is enabled: its tags, then its condition, decide."""
    parts = file.split("/")
    if len(parts) < 4 or parts[1] != "charts":
        return True
    merged = chart.all_values(values)
    for item in chart.metadata.get("dependencies") or ():
        if parts[2] in (item.get("alias"), item.get("name")):
            return _enabled(item, merged)
    return True


def _enabled(item: JsonObject, values: JsonObject) -> bool:
    tags = values.get("tags") or {}
    decided = [tags[tag] for tag in item.get("tags") or () if isinstance(tags.get(tag), bool)]
    on = any(decided) if decided else True
    for condition in str(item.get("condition") or "").split(","):
        value: Any = values
        for part in condition.strip().split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, bool):
            return value
    return on
