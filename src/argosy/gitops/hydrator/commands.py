"""The commands that would render the same manifests by hand, for README.md. Pure; nothing runs them here."""

from __future__ import annotations

from posixpath import join, normpath

from argosy.apis.argoproj.source import Helm, Kustomize, Source
from argosy.machinery.text.go_text import quoted

VALUES_FILE = "<temp file with values from source.helm.values/valuesObject>"
PATCHES = (
    "# kustomization.yaml needs the patches of source.kustomize.patches; there is no `kustomize edit` command for them."
)


def of_source(source: Source, source_type: str, release: str, namespace: str) -> list[str]:
    """None for directories and plugins."""
    match source_type:
        case "Helm":
            return [_helm(source.helm or Helm(), source.path, release, namespace)]
        case "Kustomize":
            return _kustomize(source.kustomize or Kustomize(), source.path)
    return []


def _helm(helm: Helm, path: str, release: str, namespace: str) -> str:
    words = ["helm", "template", ".", "--name-template", helm.release_name or release]
    if place := helm.namespace or namespace:
        words += ["--namespace", place]
    if helm.kube_version:
        words += ["--kube-version", helm.kube_version]
    for option, forced in (("--set", False), ("--set-string", True)):
        for item in helm.parameters:
            if item.force_string is forced:
                words += [option, f"{item.name}={item.value}"]
    for given in helm.file_parameters:
        words += ["--set-file", f"{given.name}={_in_repository(path, given.path)}"]
    for file in helm.value_files:
        words += ["--values", _in_repository(path, file)]
    if helm.values or helm.values_object:
        words += ["--values", VALUES_FILE]
    for version in helm.api_versions:
        words += ["--api-versions", version]
    if not helm.skip_crds:
        words.append("--include-crds")
    words += ["--skip-schema-validation"] if helm.skip_schema_validation else []
    words += ["--skip-tests"] if helm.skip_tests else []
    return _line(words)


def _kustomize(given: Kustomize, path: str) -> list[str]:
    edit = ["kustomize", "edit"]
    commands: list[list[str]] = []
    for text, name in ((given.name_prefix, "nameprefix"), (given.name_suffix, "namesuffix")):
        if text:
            commands.append([*edit, "set", name, "--", text])
    if given.images:
        commands.append([*edit, "set", "image", *given.images])
    if given.replicas:
        commands.append([*edit, "set", "replicas", *(f"{item.name}={item.count}" for item in given.replicas)])
    labelling = {
        "--force": given.force_common_labels,
        "--without-selector": given.label_without_selector,
        "--include-templates": given.label_include_templates,
    }
    annotating = {"--force": given.force_common_annotations}
    for words, name, options in (
        (given.common_labels, "label", labelling),
        (given.common_annotations, "annotation", annotating),
    ):
        if words:
            pairs = [f"{key}:{value}" for key, value in sorted(words.items())]
            commands.append([*edit, "add", name, *(option for option, wanted in options.items() if wanted), *pairs])
    if given.namespace:
        commands.append([*edit, "set", "namespace", "--", given.namespace])
    lines = [_line(command) for command in commands]
    lines += [PATCHES] if given.patches else []
    if given.components:
        lines.append(_line([*edit, "add", "component", *given.components]))
    return [*lines, _line(["kustomize", "build", _in_repository("", path)])]


def _in_repository(directory: str, path: str) -> str:
    if "://" in path or path.startswith("$"):
        return path
    found = normpath(path.lstrip("/") if path.startswith("/") else join(directory, path))
    return "." if found == "." else f"./{found}"


def _line(words: list[str]) -> str:
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    if not word:
        return '""'
    return quoted(word) if any(char.isspace() for char in word) else word
