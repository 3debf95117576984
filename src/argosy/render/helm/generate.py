"""`helm template`, as Argo CD calls it (spec/argo-cd-engine-2.md 11.4). Runs in a render worker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import YamlError, load_all
from argosy.render.directories.documents import helm_documents
from argosy.render.files import Job, ToolError, Workspace
from argosy.render.helm.chart import Gathering, check_dependencies
from argosy.render.helm.integers import INTEGERS, write_integers
from argosy.render.helm.library import LoadedChart, check_release_name, parse_values
from argosy.render.helm.ordering import Template, in_install_order
from argosy.render.helm.parsed import ParsedTexts
from argosy.render.helm.values import values_of
from argosy.sources.versions import matches

API_VERSIONS: Final = ("v1", "v2")
"""API versions of charts; the third is not released."""
Warn = Callable[[str], None]
_KEPT: Final = re2.compile(r"[|>][0-9]?\+|[ \t]\n*$")
"""A block scalar whose trailing newlines count, or whose last line may end in blanks."""
_PARSED: Final = ParsedTexts()
"""The cache of this process: a render worker's."""


def generate(workspace: Workspace, job: Job) -> Sequence[JsonValue]:
    """The chart's output, read as Argo CD does: a list is replaced by its items."""
    manifests: list[JsonObject] = []
    for template in _templates(workspace, job):
        for document in template.documents:
            manifests.extend(_items(document, template.path))
    return manifests


def printed(workspace: Workspace, job: Job) -> Iterator[str]:
    """The chart's output, as text, in the same order."""
    for template in _templates(workspace, job):
        yield template.text


def _templates(workspace: Workspace, job: Job) -> list[Template]:
    values = values_of(workspace, job, parse_values)
    name = str(job.options.get("releaseName") or job.release_name)
    check_release_name(name)
    directory = Path(tempfile.mkdtemp(prefix="chart-"))
    try:
        Gathering(workspace, without_schema=bool(job.options.get("skipSchemaValidation"))).copy(
            workspace.files, job.path, directory
        )
        write_integers(values, directory)
        chart = LoadedChart(str(directory))
        try:
            return _rendered(chart, values, name, job, workspace.warn)
        finally:
            chart.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _rendered(chart: LoadedChart, values: JsonObject, name: str, job: Job, warn: Warn) -> list[Template]:
    _check_type(chart.metadata)
    check_dependencies(chart)
    _check_kube_version(chart.metadata, job.kube_version)
    texts = chart.render(values, _options(name, job))
    definitions: list[Template] = []
    if not job.options.get("skipCrds"):
        is_on = _subcharts(chart, values)
        for file, text in chart.definitions:
            if is_on(file):
                definitions += _cut(file, text, warn)
    templates: list[Template] = []
    for path in sorted(texts):
        if not path.endswith(("NOTES.txt", INTEGERS)):
            templates += _cut(path, texts[path], warn)
    ordered = in_install_order(
        templates, without_hooks=bool(job.options.get("skipHooks")), without_tests=bool(job.options.get("skipTests"))
    )
    return _last_trimmed([*definitions, *ordered], warn)


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


def _last_trimmed(templates: list[Template], warn: Warn) -> list[Template]:
    """Helm trims what comes before the hooks as a block, so the last of it ends in one newline, even a `|+` text."""
    last = next((index for index in reversed(range(len(templates))) if templates[index].hooks is None), None)
    if last is not None and _KEPT.search(templates[last].text):
        one = templates[last]
        templates[last : last + 1] = _cut(one.path, one.text.strip(), warn, end="")
    return templates


def _cut(path: str, text: str, warn: Warn, *, end: str = "\n") -> Iterator[Template]:
    """Helm's output is parsed as Helm's users know it: for a duplicate key the last one counts."""
    for part in helm_documents(text):
        documents = _documents(path, f"{part}{end}", warn)
        if documents:
            yield Template(path, part, [_object(path, document) for document in documents])


def _documents(path: str, text: str, warn: Warn) -> list[JsonValue]:
    """The non-empty ones. Documents with warnings are not cached, so that the warning is repeated each time."""
    if (known := _PARSED.get(text)) is not None:
        return known
    faults: list[str] = []
    try:
        documents = [document for document in load_all(text, repeated=faults.append) if document not in (None, {})]
    except YamlError as error:
        raise ToolError(f"YAML parse error on {path}: {error}") from None
    for fault in faults:
        warn(f"{path}: {fault}; the last one counts")
    if not faults:
        _PARSED.put(text, documents)
    return documents


def _object(path: str, document: Any) -> JsonObject:
    if not isinstance(document, dict):
        raise ToolError(f"YAML parse error on {path}: a document is not an object")
    for field_name in ("apiVersion", "kind"):
        if not isinstance(document.get(field_name), str) or not document[field_name]:
            raise ToolError(f"{path}: a document has no {field_name}")
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    for name, value in (annotations if isinstance(annotations, dict) else {}).items():
        if value is not None and not isinstance(value, str):
            raise ToolError(f"YAML parse error on {path}: metadata.annotations.{name}: {value!r} should be a string")
    return document


def _items(document: JsonObject, path: str) -> Iterator[JsonObject]:
    items = document.get("items")
    if not isinstance(items, list):
        yield document
        return
    for item in items:
        yield from _items(_object(path, item), path)


def _check_type(metadata: JsonObject) -> None:
    if metadata.get("apiVersion") not in API_VERSIONS:
        problem = f"apiVersion {metadata.get('apiVersion')!r}: must be one of {', '.join(API_VERSIONS)}"
        raise ToolError(f"chart {metadata.get('name')}: Chart.yaml: {problem}")
    if metadata.get("type") == "library":
        raise ToolError(f"chart {metadata.get('name')}: library charts are not installable")


def _check_kube_version(metadata: JsonObject, kube_version: str) -> None:
    wanted = str(metadata.get("kubeVersion") or "")
    if not wanted or not kube_version:
        return
    if not matches(wanted, kube_version):
        raise ToolError(f"chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {kube_version}")


def _subcharts(chart: LoadedChart, values: JsonObject) -> Callable[[str], bool]:
    """Whether the subchart that a crds file belongs to is enabled: by its tags, then by its condition."""
    dependencies = chart.metadata.get("dependencies") or ()
    merged = chart.all_values(values) if dependencies else {}
    known: dict[str, bool] = {}

    def is_on(file: str) -> bool:
        parts = file.split("/")
        if len(parts) < 4 or parts[1] != "charts":
            return True
        name = parts[2]
        if name not in known:
            item = next((one for one in dependencies if name in (one.get("alias"), one.get("name"))), None)
            known[name] = item is None or _enabled(item, merged)
        return known[name]

    return is_on


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
