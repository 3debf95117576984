"""The build environment and its substitution into a source (spec/argo-cd-engine-2.md 11.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import re2

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.port import RenderRequest

_VARIABLE = re2.compile(r"\$(?:\$|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def environment_of(request: RenderRequest) -> dict[str, str]:
    """`ARGOCD_APP_*` for one rendering."""
    source, revision = request.source, request.revision
    return {
        "ARGOCD_APP_NAME": request.app_name,
        "ARGOCD_APP_NAMESPACE": request.namespace,
        "ARGOCD_APP_PROJECT_NAME": request.project,
        "ARGOCD_APP_REVISION": revision,
        "ARGOCD_APP_REVISION_SHORT": revision[:7],
        "ARGOCD_APP_REVISION_SHORT_8": revision[:8],
        "ARGOCD_APP_SOURCE_REPO_URL": str(source.get("repoURL") or ""),
        "ARGOCD_APP_SOURCE_PATH": str(source.get("path") or ""),
        "ARGOCD_APP_SOURCE_TARGET_REVISION": str(source.get("targetRevision") or ""),
    }


def substitute(text: str, environment: Mapping[str, str]) -> str:
    """Replaces `$X` and `${X}`, `$$` by `$`, an unknown name by nothing."""
    if "$" not in text:
        return text

    def value(match: Any) -> str:
        if match.group(0) == "$$":
            return "$"
        return environment.get(match.group(1) or match.group(2) or "", "")

    return str(_VARIABLE.sub(value, text))


def substitute_helm(options: JsonObject, environment: Mapping[str, str]) -> JsonObject:
    """Parameters, file parameters, values, value-file names, release name, namespace."""
    result = dict(options)
    for name in ("values", "releaseName", "namespace"):
        if isinstance(result.get(name), str):
            result[name] = substitute(result[name], environment)
    if result.get("valueFiles"):
        result["valueFiles"] = [_file(str(path), environment) for path in result["valueFiles"]]
    if result.get("valuesObject") is not None:
        result["valuesObject"] = _everywhere(result["valuesObject"], environment)
    for name, field, change in (("parameters", "value", substitute), ("fileParameters", "path", _file)):
        if result.get(name):
            result[name] = [
                {**entry, field: change(str(entry.get(field) or ""), environment)} for entry in result[name]
            ]
    return result


def _file(path: str, environment: Mapping[str, str]) -> str:
    """`$name/...` is a reference to another source, unless it is one of our variables."""
    reference, slash, rest = path.partition("/")
    if slash and reference[:1] == "$" and reference[1:2] not in ("$", "{") and reference[1:] not in environment:
        return f"{reference}/{substitute(rest, environment)}"
    return substitute(path, environment)


def substitute_kustomize(options: JsonObject, environment: Mapping[str, str]) -> JsonObject:
    """Images and label values always, annotation values when `commonAnnotationsEnvsubst` is set."""
    result = dict(options)
    if result.get("images"):
        result["images"] = [substitute(str(image), environment) for image in result["images"]]
    names = ["commonLabels", *(["commonAnnotations"] if result.get("commonAnnotationsEnvsubst") else [])]
    for name in names:
        if result.get(name):
            result[name] = {key: substitute(str(value), environment) for key, value in result[name].items()}
    return result


def substitute_directory(options: JsonObject, environment: Mapping[str, str]) -> JsonObject:
    """The values of Jsonnet's external variables and top-level arguments."""
    jsonnet = options.get("jsonnet")
    if not isinstance(jsonnet, dict):
        return options
    changed = dict(jsonnet)
    for name in ("extVars", "tlas"):
        if isinstance(changed.get(name), list):
            changed[name] = [
                {**entry, "value": substitute(str(entry.get("value") or ""), environment)}
                if isinstance(entry, dict)
                else entry
                for entry in changed[name]
            ]
    return {**options, "jsonnet": changed}


def substitute_plugin(options: JsonObject, environment: Mapping[str, str]) -> JsonObject:
    """The values of a plug-in's variables."""
    if not isinstance(options.get("env"), list):
        return options
    changed = [
        {**entry, "value": substitute(str(entry.get("value") or ""), environment)} if isinstance(entry, dict) else entry
        for entry in options["env"]
    ]
    return {**options, "env": changed}


def _everywhere(value: JsonValue, environment: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return substitute(value, environment)
    if isinstance(value, dict):
        return {key: _everywhere(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, environment) for item in value]
    return value
