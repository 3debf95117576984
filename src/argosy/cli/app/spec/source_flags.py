"""Applies flags to a copy of one source. Pure except for --values-literal-file."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from argosy.cli.app.spec.flags import filled, holding, pair, whole
from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject

_SOURCE: Final = {
    "repo": "repoURL",
    "path": "path",
    "revision": "targetRevision",
    "helm_chart": "chart",
    "ref": "ref",
    "tag_prefix": "tagPrefix",
}
_HELM: Final = {
    "release_name": "releaseName",
    "helm_namespace": "namespace",
    "helm_kube_version": "kubeVersion",
    "helm_version": "version",
    "ignore_missing_value_files": "ignoreMissingValueFiles",
    "helm_pass_credentials": "passCredentials",
    "helm_skip_crds": "skipCrds",
    "helm_skip_tests": "skipTests",
    "helm_skip_schema_validation": "skipSchemaValidation",
}
_KUSTOMIZE: Final = {
    "nameprefix": "namePrefix",
    "namesuffix": "nameSuffix",
    "kustomize_version": "version",
    "kustomize_namespace": "namespace",
    "kustomize_kube_version": "kubeVersion",
    "kustomize_force_common_label": "forceCommonLabels",
    "kustomize_force_common_annotation": "forceCommonAnnotations",
    "kustomize_label_without_selector": "labelWithoutSelector",
    "kustomize_label_include_templates": "labelIncludeTemplates",
    "ignore_missing_components": "ignoreMissingComponents",
}
_DIRECTORY: Final = {
    "directory_recurse": "recurse",
    "directory_include": "include",
    "directory_exclude": "exclude",
    "directory_disable_extension_filter": "disableExtensionFilter",
}
_JSONNET: Final = (
    ("jsonnet_tla_str", "tlas", False),
    ("jsonnet_tla_code", "tlas", True),
    ("jsonnet_ext_var_str", "extVars", False),
    ("jsonnet_ext_var_code", "extVars", True),
)


def source_with(source: JsonObject, options: argparse.Namespace) -> JsonObject:
    """The source with the flags applied."""
    changed = filled(source, options, _SOURCE)
    changed = holding(changed, "helm", _helm(changed.get("helm") or {}, options))
    changed = holding(changed, "kustomize", _kustomize(changed.get("kustomize") or {}, options))
    changed = holding(changed, "directory", _directory(changed.get("directory") or {}, options))
    return holding(changed, "plugin", _plugin(changed.get("plugin") or {}, options))


def _helm(helm: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = filled(helm, options, _HELM)
    if options.values:
        changed["valueFiles"] = list(options.values)
    if options.values_literal_file:
        changed["values"] = _text(options.values_literal_file)
        changed.pop("valuesObject", None)
    parameters = [(*pair("--helm-set", text), False) for text in options.helm_set or ()]
    parameters += [(*pair("--helm-set-string", text), True) for text in options.helm_set_string or ()]
    parameters += [(*pair("--parameter", text), False) for text in options.parameter or ()]
    for name, value, is_text in parameters:
        item = {"name": name, "value": value, **({"forceString": True} if is_text else {})}
        changed["parameters"] = named(changed.get("parameters") or (), item)
    for text in options.helm_set_file or ():
        name, path = pair("--helm-set-file", text)
        changed["fileParameters"] = named(changed.get("fileParameters") or (), {"name": name, "path": path})
    if options.helm_api_versions:
        changed["apiVersions"] = list(options.helm_api_versions)
    return changed


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--values-literal-file {path}: {error}") from None


def named(items: Iterable[JsonObject], item: JsonObject) -> list[JsonObject]:
    """Adds the item, replacing one of the same name."""
    listed = list(items)
    at = next((index for index, other in enumerate(listed) if other.get("name") == item["name"]), len(listed))
    return [*listed[:at], item, *listed[at + 1 :]]


def _kustomize(kustomize: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = filled(kustomize, options, _KUSTOMIZE)
    for image in options.kustomize_image or ():
        others = [other for other in changed.get("images") or () if image_key(other) != image_key(image)]
        changed["images"] = [*others, image]
    for text in options.kustomize_replica or ():
        name, count = pair("--kustomize-replica", text)
        replica = {"name": name, "count": whole("--kustomize-replica", count)}
        changed["replicas"] = named(changed.get("replicas") or (), replica)
    for flag, name in (
        ("kustomize_common_label", "commonLabels"),
        ("kustomize_common_annotation", "commonAnnotations"),
    ):
        if given := getattr(options, flag):
            changed[name] = dict(pair(f"--{flag.replace('_', '-')}", text) for text in given)
    if options.kustomize_api_versions:
        changed["apiVersions"] = list(options.kustomize_api_versions)
    return changed


def image_key(image: str) -> str:
    """Images are identified by the name that they replace."""
    name, equals, _ = image.partition("=")
    if equals:
        return name
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _directory(directory: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = filled(directory, options, _DIRECTORY)
    jsonnet = dict(changed.get("jsonnet") or {})
    for flag, name, is_code in _JSONNET:
        for text in getattr(options, flag) or ():
            key, value = pair(f"--{flag.replace('_', '-')}", text)
            item = {"name": key, "value": value, **({"code": True} if is_code else {})}
            jsonnet[name] = named(jsonnet.get(name) or (), item)
    if options.jsonnet_libs:
        jsonnet["libs"] = list(options.jsonnet_libs)
    return holding(changed, "jsonnet", jsonnet)


def _plugin(plugin: JsonObject, options: argparse.Namespace) -> JsonObject:
    changed = filled(plugin, options, {"config_management_plugin": "name"})
    for text in options.plugin_env or ():
        name, value = pair("--plugin-env", text)
        changed["env"] = named(changed.get("env") or (), {"name": name, "value": value})
    return changed
