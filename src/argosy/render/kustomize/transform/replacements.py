"""Replacements: a value of one resource is copied into fields of others."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text import yaml
from argosy.render.files import ToolError
from argosy.render.kustomize.generators import go_escaped
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.resource import Resource, ResourceSet, Target
from argosy.render.kustomize.shapes import REPLACEMENT, shaped
from argosy.render.kustomize.transform.paths import Slot, find, look_up, split
from argosy.render.kustomize.transform.scalars import plain, text_of, value_of

Read = Callable[[str], bytes]
DEFAULT_PATH = "metadata.name"


def apply_replacements(resources: ResourceSet, entries: list[JsonObject], read: Read) -> None:
    for index, entry in enumerate(_expanded(entries, read)):
        where = f"replacements[{index}]"
        value = _source_value(resources, entry, where)
        for number, target in enumerate(entry.get("targets") or ()):
            _into_target(resources, value, target, f"{where}.targets[{number}]")


def _expanded(entries: list[JsonObject], read: Read) -> list[JsonObject]:
    """An entry may be a file that contains one replacement or a list of them."""
    result: list[JsonObject] = []
    for entry in entries:
        if not (path := entry.get("path")):
            result.append(entry)
            continue
        try:
            document = yaml.load(read(str(path)))
        except yaml.YamlError as error:
            raise ToolError(f"{path}: {error}") from None
        documents = document if isinstance(document, list) else [document]
        result.extend(shaped(one, REPLACEMENT, f"{path}: replacement") for one in documents)
    return result


def _source_value(resources: ResourceSet, entry: JsonObject, where: str) -> JsonValue:
    source, fixed = entry.get("source"), entry.get("sourceValue")
    if (source is None and fixed is None) or entry.get("targets") is None:
        raise ToolError(f"{where}: must specify a source and at least one target")
    if fixed is not None:
        if source is not None:
            raise ToolError(f"{where}: value and resource selectors are mutually exclusive")
        return value_of(fixed)
    assert source is not None
    found = [resource for resource in resources if _is_source(resource, source)]
    if len(found) != 1:
        problem = "nothing selected by" if not found else "multiple matches for selector"
        raise ToolError(f"{where}: {problem} {_describe(source)}")
    path = source.get("fieldPath") or DEFAULT_PATH
    slot = look_up(found[0].obj, split(path))
    if slot is None or slot.value is None or slot.value in ([], {}):
        raise ToolError(f"{where}: fieldPath `{path}` is missing for replacement source {_describe(source)}")
    return _refined(slot.value, source.get("options") or {}, where)


def _is_source(resource: Resource, source: JsonObject) -> bool:
    gvk = Gvk(*(str(source.get(key) or "") for key in ("group", "version", "kind")))
    name, namespace = source.get("name"), source.get("namespace")
    return any(
        one.gvk.is_selected_by(gvk)
        and (not name or one.name == name)
        and (not namespace or one.effective_namespace == namespace)
        for one in resource.ids()
    )


def _describe(selector: JsonObject) -> str:
    return ", ".join(f"{key}={value}" for key, value in selector.items() if isinstance(value, str))


def _refined(value: JsonValue, options: JsonObject, where: str) -> JsonValue:
    if not (delimiter := options.get("delimiter")):
        return value
    if isinstance(value, (dict, list)):
        raise ToolError(f"{where}: delimiter option can only be used with scalar nodes")
    parts, index = text_of(value).split(delimiter), int(options.get("index") or 0)
    if not 0 <= index < len(parts):
        raise ToolError(f"{where}: options.index {index} is out of bounds for value {value}")
    return parts[index] if isinstance(value, str) else value_of(parts[index])


def _into_target(resources: ResourceSet, value: JsonValue, target: JsonObject, where: str) -> None:
    if target.get("select") is None:
        raise ToolError(f"{where}: target must specify resources to select")
    select = Target.parse(target["select"], f"{where}.select")
    rejects = [Target.parse(reject, f"{where}.reject") for reject in target.get("reject") or ()]
    for resource in resources:
        if select.matches_metadata(resource) and _is_taken(select, rejects, resource):
            for path in target.get("fieldPaths") or (DEFAULT_PATH,):
                _set_path(resource, path, value, target.get("options") or {}, where)


def _is_taken(select: Target, rejects: Sequence[Target], resource: Resource) -> bool:
    if any(reject.has_metadata and reject.matches_metadata(resource) for reject in rejects):
        return False
    ids = resource.ids()
    if any(reject.has_identity and any(reject.matches_id(one) for one in ids) for reject in rejects):
        return False
    return any(select.matches_id(one) for one in ids)


def _set_path(resource: Resource, path: str, value: JsonValue, options: JsonObject, where: str) -> None:
    parts = split(path)
    create = value if options.get("create") else None
    if _set_inside_text(resource, parts, value, create):
        return
    try:
        slots = find(resource.obj, parts, create=create)
    except ToolError as error:
        raise ToolError(f"{where}: {_not_found(path, create)}: {error}") from None
    if not slots:
        raise ToolError(f"{where}: {_not_found(path, create)}")
    for slot in slots:
        _set(slot, value, options, where)


def _not_found(path: str, create: JsonValue) -> str:
    return f"unable to {'find' if create is None else 'find or create'} field {path!r} in replacement target"


def _set(slot: Slot, value: JsonValue, options: JsonObject, where: str) -> None:
    old, new = slot.value, value
    if delimiter := options.get("delimiter"):
        if isinstance(old, (dict, list)):
            raise ToolError(f"{where}: delimiter option can only be used with scalar nodes")
        new = _spliced(text_of(old), text_of(value), delimiter, int(options.get("index") or 0))
    slot.put(_in_type_of(old, new))


def _spliced(old: str, new: str, delimiter: str, index: int) -> str:
    parts = old.split(delimiter)
    if index < 0:
        parts = [new, *parts]
    elif index >= len(parts):
        parts.append(new)
    else:
        parts[index] = new
    return delimiter.join(parts)


def _in_type_of(old: JsonValue, new: JsonValue) -> JsonValue:
    """Copies only a scalar's text: a string stays a string, and any other type is derived from the text."""
    if isinstance(old, (dict, list)):
        return copy.deepcopy(new)
    if isinstance(new, (dict, list)):
        return copy.deepcopy(new) if old is None else "" if isinstance(old, str) else None
    return text_of(new) if isinstance(old, str) else value_of(text_of(new))


def _set_inside_text(resource: Resource, parts: Sequence[str], value: JsonValue, create: JsonValue) -> bool:
    """The path continues inside a field that contains JSON or YAML as text (a ConfigMap's file)."""
    for length in range(1, len(parts)):
        with suppress(ToolError):
            slot = look_up(resource.obj, parts[:length])
            if (
                slot is not None
                and isinstance(slot.value, str)
                and _set_in_document(slot, parts[length:], value, create)
            ):
                return True
    return False


def _set_in_document(holder: Slot, rest: Sequence[str], value: JsonValue, create: JsonValue) -> bool:
    text = str(holder.value)
    try:
        document = yaml.load(text, dialect=yaml.KUSTOMIZE)
    except yaml.YamlError:
        return False
    slots = find(document, rest, create=create)
    for slot in slots:
        slot.put(_in_type_of(slot.value, value))
    if slots:
        holder.put(_as_written(plain(document), text))
    return bool(slots)


def _as_written(document: JsonValue, original: str) -> str:
    if original.lstrip()[:1] not in ("{", "["):
        return yaml.dump(document).strip()
    pretty = "\n" in original and "  " in original
    text = json.dumps(
        document,
        indent=2 if pretty else None,
        separators=None if pretty else (",", ":"),
        sort_keys=True,
        ensure_ascii=False,
    )
    return go_escaped(text)
