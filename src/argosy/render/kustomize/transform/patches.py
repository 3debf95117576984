"""Patches of a kustomization: strategic merge and JSON 6902, inline or in files, for named or selected resources."""

from __future__ import annotations

import copy
from collections.abc import Callable

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.status import StatusError
from argosy.machinery.text import yaml
from argosy.render.files import ToolError
from argosy.render.kustomize.reading import resources_of
from argosy.render.kustomize.resource import Resource, ResourceSet, Target
from argosy.render.kustomize.transform.merge import dropping, merge
from argosy.render.kustomize.transform.openapi import Schemas

Read = Callable[[str], bytes]


def apply_strategic_files(resources: ResourceSet, entries: list[str], read: Read, schemas: Schemas) -> None:
    """The older `patchesStrategicMerge`: each entry is a patch itself or, if it cannot be one, a path."""
    found: list[Resource] = []
    for entry in entries:
        try:
            found += resources_of(entry, "patchesStrategicMerge")
        except ToolError:
            if "\n" in entry:
                raise
            found += resources_of(read(entry), entry)
    if not found:
        raise ToolError(f"patchesStrategicMerge: patch appears to be empty: {', '.join(entries)[:80]}")
    for patch in found:
        _merge_by_identity(resources, patch, schemas)


def apply_patch(resources: ResourceSet, entry: JsonObject, where: str, read: Read, schemas: Schemas) -> None:
    """One entry of `patches`."""
    text, path = str(entry.get("patch") or "").strip(), str(entry.get("path") or "")
    if bool(text) == bool(path):
        problem = "patch and path can't be set at the same time" if text else "must specify one of patch and path"
        raise ToolError(f"{where}: {problem}")
    data: str | bytes = text or read(path)
    target = Target.parse(entry["target"], f"{where}.target") if entry.get("target") is not None else None
    patches, operations = _parsed(data, path or where)
    if operations is not None:
        _json_patch(resources, operations, target, where)
        return
    for patch in patches:
        _allow(patch, entry.get("options") or {})
    if target is None:
        for patch in patches:
            _merge_by_identity(resources, patch, schemas)
        return
    if len(patches) > 1:
        raise ToolError(f"{where}: multiple strategic merge patches in one entry cannot have a target")
    for patch in patches:
        _merge_selected(resources, patch, target, schemas)


def _parsed(data: str | bytes, where: str) -> tuple[list[Resource], list[JsonValue] | None]:
    """Strategic merge patches, or the operations of a JSON patch: whichever the text can be parsed as."""
    try:
        patches = resources_of(data, where)
        for mapping, key in (blank for patch in patches for blank in patch.blanks):
            mapping[key] = None  # a patch's field without a value deletes, in a flow mapping too
        return patches, None
    except ToolError as problem:
        try:
            operations = yaml.load(data)
        except yaml.YamlError:
            operations = None
        if isinstance(operations, list):
            return [], operations
        raise ToolError(f"unable to parse SM or JSON patch: {problem}") from None


def _allow(patch: Resource, options: JsonObject) -> None:
    patch.may_rename = bool(options.get("allowNameChange"))
    patch.may_change_kind = bool(options.get("allowKindChange"))


def _merge_by_identity(resources: ResourceSet, patch: Resource, schemas: Schemas) -> None:
    wanted = patch.current_id
    matches = [one for one in resources.with_any_id(wanted.equals) if one.obj]
    if len(matches) != 1:
        found = "no resource matches" if not matches else f"{len(matches)} resources match"
        raise ToolError(f"{found} strategic merge patch {wanted}; failed to find unique target for patch")
    _merge_into(matches[0], patch, schemas)
    resources.keep(lambda resource: bool(resource.obj))


def _merge_selected(resources: ResourceSet, patch: Resource, target: Target, schemas: Schemas) -> None:
    for resource in resources.select(target):
        _merge_into(resource, patch, schemas)
    resources.keep(lambda resource: bool(resource.obj))
    resources.renamed()


def _merge_into(resource: Resource, patch: Resource, schemas: Schemas) -> None:
    """In place; an object that the patch deletes becomes empty. Identity is kept unless the patch may change it."""
    name, namespace, gvk = resource.metadata.get("name"), resource.namespace, resource.gvk
    if patch.may_rename or patch.may_change_kind:
        resource.remember_id()
    wanted = {key: value for key, value in copy.deepcopy(patch.obj).items() if key != "apiVersion"}
    with dropping(resource.blanks):
        merged = merge(resource.obj, wanted, schemas(gvk))
    if merged is None:
        resource.obj = {}
        return
    resource.obj = merged
    if not patch.may_change_kind:
        resource.obj["kind"] = gvk.kind
    metadata = resource.metadata
    if not patch.may_rename and name is not None:
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
            resource.blanks = []  # Kustomize writes the object as JSON for this, where every null is explicit
        except StatusError as error:
            raise ToolError(f"{where}: {resource.current_id}: {error.message}") from None
        except ValueError as error:
            raise ToolError(f"{where}: {resource.current_id}: {error}") from None
    resources.renamed()


def apply_json_patch_to(resources: ResourceSet, entry: JsonObject, where: str, read: Read) -> None:
    """One entry of the older `patchesJson6902`."""
    text, path = str(entry.get("patch") or ""), str(entry.get("path") or "")
    selector = entry.get("target") or {}
    if not selector.get("name"):
        raise ToolError(f"{where}.target.name: must specify the target name")
    if bool(text) == bool(path):
        raise ToolError(f"{where}: must specify a file path or a patch, and not both")
    try:
        operations = yaml.load(text or read(path))
    except yaml.YamlError as error:
        raise ToolError(f"{path or where}: {error}") from None
    if not isinstance(operations, list) or not operations:
        raise ToolError(f"{path or where}: a JSON patch is a list of operations, and not an empty one")
    _json_patch(resources, operations, Target.parse(selector, f"{where}.target"), where)
