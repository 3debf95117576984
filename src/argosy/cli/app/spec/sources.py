"""Finds one source of an Application by position or name, and removes fields from it. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from argosy.cli.app.spec.flags import holding
from argosy.cli.app.spec.source_flags import image_key
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import JsonObject


def source_at(spec: JsonObject, options: argparse.Namespace) -> JsonObject:
    sources = spec.get("sources")
    if not sources:
        return spec.get("source") or {}
    found: JsonObject = sources[position(sources, options)]
    return found


def position(sources: list[JsonObject], options: argparse.Namespace) -> int:
    """Counts from 0; flags count from 1."""
    if options.source_name:
        for index, source in enumerate(sources):
            if source.get("name") == options.source_name:
                return index
        raise CommandError(f"--source-name {options.source_name!r}: no source has this name", Exit.CALL_FAILED)
    wanted = options.source_position
    if wanted is None:
        raise CommandError(f"the application has {len(sources)} sources: give --source-position or --source-name")
    if not 1 <= wanted <= len(sources):
        raise CommandError(f"--source-position {wanted}: must be from 1 to {len(sources)}")
    return int(wanted) - 1


def with_source(spec: JsonObject, options: argparse.Namespace, source: JsonObject) -> JsonObject:
    if not spec.get("sources"):
        return {**spec, "source": source} if source else spec
    at = position(spec["sources"], options)
    return {**spec, "sources": [*spec["sources"][:at], source, *spec["sources"][at + 1 :]]}


_KUSTOMIZE: Final = {
    "nameprefix": "namePrefix",
    "namesuffix": "nameSuffix",
    "kustomize_version": "version",
    "kustomize_namespace": "namespace",
    "ignore_missing_components": "ignoreMissingComponents",
}
_HELM: Final = {"ignore_missing_value_files": "ignoreMissingValueFiles", "pass_credentials": "passCredentials"}


def without(source: JsonObject, options: argparse.Namespace) -> JsonObject:
    """The source without the fields that the flags of `unset` name."""
    helm = _less(source.get("helm") or {}, options, _HELM)
    if options.values_literal:
        helm = {name: value for name, value in helm.items() if name not in ("values", "valuesObject")}
    helm = _fewer(helm, "parameters", options.parameter, lambda item: item.get("name"))
    helm = _fewer(helm, "valueFiles", options.values, lambda item: item)
    kustomize = _less(source.get("kustomize") or {}, options, _KUSTOMIZE)
    kustomize = _fewer(kustomize, "images", options.kustomize_image, image_key)
    kustomize = _fewer(kustomize, "replicas", options.kustomize_replica, lambda item: item.get("name"))
    plugin = _fewer(source.get("plugin") or {}, "env", options.plugin_env, lambda item: item.get("name"))
    changed = _less(source, options, {"ref": "ref"})
    for name, part in (("helm", helm), ("kustomize", kustomize), ("plugin", plugin)):
        changed = holding(changed, name, part) if name in source else changed
    return changed


def _less(value: JsonObject, options: argparse.Namespace, names: dict[str, str]) -> JsonObject:
    removed = {name for flag, name in names.items() if getattr(options, flag)}
    return {name: item for name, item in value.items() if name not in removed}


def _fewer(value: JsonObject, name: str, removed: list[str], key: Callable[..., str | None]) -> JsonObject:
    return holding(value, name, [item for item in value.get(name) or () if key(item) not in removed])
