"""The commands that would make the same manifests by hand, for README.md. Pure; nothing runs them here."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import join, normpath
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import quoted

VALUES_FILE = "<temp file with values from source.helm.values/valuesObject>"
PATCHES = (
    "# kustomization.yaml needs the patches of source.kustomize.patches; there is no `kustomize edit` command for them."
)


def of_source(source: JsonObject, source_type: str, release: str, namespace: str) -> list[str]:
    """None for directories and plugins."""
    match source_type:
        case "Helm":
            return [_helm(source.get("helm") or {}, str(source.get("path") or ""), release, namespace)]
        case "Kustomize":
            return _kustomize(source.get("kustomize") or {}, str(source.get("path") or ""))
    return []


def _helm(helm: Mapping[str, Any], path: str, release: str, namespace: str) -> str:
    words = ["helm", "template", ".", "--name-template", str(helm.get("releaseName") or release)]
    if place := str(helm.get("namespace") or namespace):
        words += ["--namespace", place]
    if helm.get("kubeVersion"):
        words += ["--kube-version", str(helm["kubeVersion"])]
    parameters = helm.get("parameters") or ()
    for option, forced in (("--set", False), ("--set-string", True)):
        for item in parameters:
            if bool(item.get("forceString")) is forced:
                words += [option, f"{item.get('name')}={item.get('value')}"]
    for item in helm.get("fileParameters") or ():
        words += ["--set-file", f"{item.get('name')}={_in_repository(path, str(item.get('path')))}"]
    for file in helm.get("valueFiles") or ():
        words += ["--values", _in_repository(path, str(file))]
    if helm.get("values") or helm.get("valuesObject"):
        words += ["--values", VALUES_FILE]
    for version in helm.get("apiVersions") or ():
        words += ["--api-versions", str(version)]
    if not helm.get("skipCrds"):
        words.append("--include-crds")
    words += ["--skip-schema-validation"] if helm.get("skipSchemaValidation") else []
    words += ["--skip-tests"] if helm.get("skipTests") else []
    return _line(words)


def _kustomize(given: Mapping[str, Any], path: str) -> list[str]:
    edit = ["kustomize", "edit"]
    commands: list[list[str]] = []
    for field, name in (("namePrefix", "nameprefix"), ("nameSuffix", "namesuffix")):
        if given.get(field):
            commands.append([*edit, "set", name, "--", str(given[field])])
    if given.get("images"):
        commands.append([*edit, "set", "image", *map(str, given["images"])])
    if given.get("replicas"):
        commands.append([*edit, "set", "replicas", *(f"{r.get('name')}={r.get('count')}" for r in given["replicas"])])
    for field, name, flags in (
        ("commonLabels", "label", ("forceCommonLabels", "labelWithoutSelector", "labelIncludeTemplates")),
        ("commonAnnotations", "annotation", ("forceCommonAnnotations",)),
    ):
        if given.get(field):
            options = [_FLAGS[flag] for flag in flags if given.get(flag)]
            pairs = [f"{key}:{value}" for key, value in sorted(given[field].items())]
            commands.append([*edit, "add", name, *options, *pairs])
    if given.get("namespace"):
        commands.append([*edit, "set", "namespace", "--", str(given["namespace"])])
    lines = [_line(words) for words in commands]
    lines += [PATCHES] if given.get("patches") else []
    if given.get("components"):
        lines.append(_line([*edit, "add", "component", *map(str, given["components"])]))
    return [*lines, _line(["kustomize", "build", _in_repository("", path)])]


_FLAGS = {
    "forceCommonLabels": "--force",
    "labelWithoutSelector": "--without-selector",
    "labelIncludeTemplates": "--include-templates",
    "forceCommonAnnotations": "--force",
}


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
