"""Prepares rendered manifests for comparison (spec 4.1 steps 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.model.kinds import ServedKinds
from argosy.gitops.model.resource_tracking import tracked
from argosy.gitops.sync.hooks import hook_types, is_hook, is_ignored
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces


@dataclass(frozen=True, slots=True)
class Target:
    """One manifest with its marks. `digest` identifies its content."""

    key: ResourceKey
    obj: JsonObject
    digest: str
    is_hook: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """All manifests of an application, and warnings about them: (condition type, message)."""

    items: tuple[Target, ...]
    warnings: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()
    """InvalidSpecError texts."""

    def digests(self) -> dict[ResourceKey, str]:
        return {target.key: target.digest for target in self.items}

    @property
    def hook_phases(self) -> set[str]:
        return {phase for item in self.items if item.is_hook for phase in hook_types(item.obj)}


def prepared(
    manifests: Sequence[JsonObject], *, app: str, namespace: str, cluster: str, settings: Settings, kinds: ServedKinds
) -> Pieces[Targets]:
    """Corrects scopes and namespaces, merges duplicates (the last wins), drops exclusions, adds marks."""
    defined = _kinds_defined(manifests)
    found: dict[ResourceKey, list[JsonObject]] = {}
    warnings: list[tuple[str, str]] = []
    errors: list[str] = []
    for index, manifest in enumerate(manifests):
        yield
        if is_ignored(manifest):
            continue
        obj = _scoped(manifest, namespace, kinds, defined)
        key = resource_key(obj)
        if settings.excludes(key.group, key.kind, cluster):
            text = f"Resource {key.group}/{key.kind} {key.name} is excluded in the settings"
            warnings.append(("ExcludedResourceWarning", text))
            continue
        if not key.name:
            prefix = (obj.get("metadata") or {}).get("generateName") or ""
            key = key._replace(name=f"{prefix}{index}")
        if not key.namespace and _is_namespaced(key, kinds, defined):
            version = str(obj.get("apiVersion") or "").rpartition("/")[2]
            errors.append(f"Namespace for {key.name} {key.group}/{version}, Kind={key.kind} is missing.")
        found.setdefault(key, []).append(obj)
    for key, objects in found.items():
        if len(objects) > 1:
            text = f"Resource {key} appeared {len(objects)} times among application resources."
            warnings.append(("RepeatedResourceWarning", text))
    items: list[Target] = []
    for key, objects in found.items():
        items.append(_target(key, objects[-1], app, namespace, settings))
        yield
    return Targets(tuple(items), tuple(warnings), tuple(errors))


def _target(key: ResourceKey, obj: JsonObject, app: str, namespace: str, settings: Settings) -> Target:
    marked = tracked(obj, app, "" if not key.namespace else namespace, settings)
    digest = blake2b(orjson.dumps(marked, option=orjson.OPT_NON_STR_KEYS), digest_size=16).hexdigest()
    return Target(key, marked, digest, is_hook(obj))


def _scoped(obj: JsonObject, namespace: str, kinds: ServedKinds, defined: dict[tuple[str, str], bool]) -> JsonObject:
    key = resource_key(obj)
    metadata = obj.get("metadata") or {}
    if not _is_namespaced(key, kinds, defined):
        if "namespace" not in metadata:
            return obj
        return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "namespace"}}
    return obj if key.namespace or not namespace else {**obj, "metadata": {**metadata, "namespace": namespace}}


def _is_namespaced(key: ResourceKey, kinds: ServedKinds, defined: dict[tuple[str, str], bool]) -> bool:
    """An unknown kind counts as namespaced, unless its CRD is in the set."""
    known = kinds.is_namespaced(key.group, key.kind)
    return defined.get((key.group, key.kind), True) if known is None else known


def _kinds_defined(manifests: Sequence[JsonObject]) -> dict[tuple[str, str], bool]:
    found: dict[tuple[str, str], bool] = {}
    for obj in manifests:
        if obj.get("kind") == "CustomResourceDefinition":
            spec = obj.get("spec") or {}
            kind = str((spec.get("names") or {}).get("kind") or "")
            found[str(spec.get("group") or ""), kind] = spec.get("scope") != "Cluster"
    return found
