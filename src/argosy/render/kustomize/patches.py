"""Patches of a kustomization: strategic merge and JSON 6902, inline or in files, for named or selected resources."""

from __future__ import annotations

import copy
from collections.abc import Callable

from argosy.machinery import yaml
from argosy.machinery.jsonpatch import apply_json_patch
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.status import StatusError
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.merge import merge
from argosy.render.kustomize.resource import Resource, ResourceSet, Target

Read = Callable[[str], bytes]
Schemas = Callable[[Gvk], Node | None]
"""The schema of a built-in kind, which says how its lists merge; None for others."""


def apply_patches(resources: ResourceSet, patches: list[JsonObject], read: Read, schemas: Schemas) -> None:
    for index, patch in enumerate(patches):
        _apply(resources, patch, f"patches[{index}]", read, schemas)


def apply_strategic_files(resources: ResourceSet, entries: list[str], read: Read, schemas: Schemas) -> None:
    """The older `patchesStrategicMerge`: each entry is a path or a patch itself."""
    for entry in entries:
        inline = "\n" in entry or ":" in entry
        documents = _documents(entry if inline else read(entry), "patchesStrategicMerge")
        for patch in documents:
            _merge_by_identity(resources, _as_patch(patch, "patchesStrategicMerge"), schemas)


def _apply(resources: ResourceSet, entry: JsonObject, where: str, read: Read, schemas: Schemas) -> None:
    text, path = str(entry.get("patch") or "").strip(), str(entry.get("path") or "")
    if bool(text) == bool(path):
        problem = "patch and path can't be set at the same time" if text else "must specify one of patch and path"
        raise ToolError(f"{where}: {problem}")
    documents = _documents(text or read(path), path or where)
    target = Target.parse(entry["target"], f"{where}.target") if entry.get("target") else None
    if len(documents) == 1 and isinstance(documents[0], list):
        _json_patch(resources, documents[0], target, where)
        return
    options = entry.get("options") or {}
    patches = [_as_patch(document, path or where) for document in documents]
    if target is None:
        for patch in patches:
            _allow(patch, options)
            _merge_by_identity(resources, patch, schemas)
        return
    if len(patches) != 1:
        raise ToolError(f"{where}: multiple strategic merge patches in one entry cannot have a target")
    _allow(patches[0], options)
    _merge_selected(resources, patches[0], target, schemas)


def _documents(text: str | bytes, where: str) -> list[JsonValue]:
    try:
        return [document for document in yaml.load_all(text) if document is not None]
    except yaml.YamlError as error:
        raise ToolError(f"{where}: {error}") from None


def _as_patch(document: JsonValue, where: str) -> Resource:
    if not isinstance(document, dict) or not document.get("kind"):
        raise ToolError(f"{where}: unable to parse SM or JSON patch: expected an object with a kind, or a list")
    return Resource(document)


def _allow(patch: Resource, options: JsonObject) -> None:
    patch.may_rename = bool(options.get("allowNameChange"))
    patch.may_change_kind = bool(options.get("allowKindChange"))


def _merge_by_identity(resources: ResourceSet, patch: Resource, schemas: Schemas) -> None:
    wanted = patch.current_id
    matches = resources.with_any_id(wanted.equals)
    if len(matches) != 1:
        found = "no resource matches" if not matches else f"{len(matches)} resources match"
        raise ToolError(f"{found} strategic merge patch {wanted}")
    _merge_into(matches[0], patch, schemas)
    resources.keep(lambda resource: bool(resource.obj))


def _merge_selected(resources: ResourceSet, patch: Resource, target: Target, schemas: Schemas) -> None:
    for resource in resources.select(target):
        _merge_into(resource, patch, schemas)
    resources.keep(lambda resource: bool(resource.obj))


def _merge_into(resource: Resource, patch: Resource, schemas: Schemas) -> None:
    """In place; an object that the patch deletes becomes empty. Identity stays unless the patch may change it."""
    name, namespace, gvk = resource.name, resource.namespace, resource.gvk
    if patch.may_rename or patch.may_change_kind:
        resource.remember_id()
    wanted = {key: value for key, value in copy.deepcopy(patch.obj).items() if key != "apiVersion"}
    merged = merge(resource.obj, wanted, schemas(gvk))
    if merged is None:
        resource.obj = {}
        return
    resource.obj = merged
    if not patch.may_change_kind:
        resource.obj["kind"] = gvk.kind
    # The map may be shared with nothing: merge made a new one wherever the patch said something.
    metadata = resource.obj["metadata"] = dict(resource.obj.get("metadata") or {})
    if not patch.may_rename:
        metadata["name"] = name
    if namespace:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)


def _json_patch(resources: ResourceSet, operations: list[JsonValue], target: Target | None, where: str) -> None:
    if target is None:
        raise ToolError(f"{where}: must specify a target for JSON patch")
    for resource in resources.select(target):
        resource.remember_id()
        try:
            resource.obj = copy.deepcopy(apply_json_patch(resource.obj, operations))
        except StatusError as error:
            raise ToolError(f"{where}: {resource.current_id}: {error.message}") from None
        except ValueError as error:
            raise ToolError(f"{where}: {resource.current_id}: {error}") from None


def apply_json_patches(resources: ResourceSet, entries: list[JsonObject], read: Read) -> None:
    """The older `patchesJson6902`: the target names exactly one resource."""
    for index, entry in enumerate(entries):
        where = f"patchesJson6902[{index}]"
        text, path = entry.get("patch"), entry.get("path")
        documents = _documents(text or read(str(path)), where)
        if len(documents) != 1 or not isinstance(documents[0], list):
            raise ToolError(f"{where}: a JSON patch is a list of operations")
        target = Target.parse(entry.get("target") or {}, f"{where}.target")
        if len(found := resources.select(target)) != 1:
            raise ToolError(f"{where}: the target should select one resource, it selects {len(found)}")
        _json_patch(resources, documents[0], target, where)
