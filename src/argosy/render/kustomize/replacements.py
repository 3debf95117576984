"""Replacements: a value of one resource is copied into fields of others."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence

from argosy.machinery import yaml
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import Gvk
from argosy.render.kustomize.paths import Slot, find, look_up, split
from argosy.render.kustomize.resource import Resource, ResourceSet, Target

Read = Callable[[str], bytes]
DEFAULT_PATH = "metadata.name"


def apply_replacements(resources: ResourceSet, entries: list[JsonObject], read: Read) -> None:
    for index, entry in enumerate(_expanded(entries, read)):
        where = f"replacements[{index}]"
        value = _source_value(resources, entry, where)
        for number, target in enumerate(entry.get("targets") or ()):
            _into_target(resources, value, target, f"{where}.targets[{number}]")


def _expanded(entries: list[JsonObject], read: Read) -> list[JsonObject]:
    """An entry may be a file that holds one replacement or a list of them."""
    result: list[JsonObject] = []
    for entry in entries:
        if not (path := entry.get("path")):
            result.append(entry)
            continue
        try:
            document = yaml.load(read(str(path)))
        except yaml.YamlError as error:
            raise ToolError(f"{path}: {error}") from None
        result.extend(document if isinstance(document, list) else [document])
    return result


def _source_value(resources: ResourceSet, entry: JsonObject, where: str) -> JsonValue:
    if (fixed := entry.get("sourceValue")) is not None:
        if entry.get("source"):
            raise ToolError(f"{where}: value and resource selectors are mutually exclusive")
        return fixed
    source = entry.get("source")
    if not source:
        raise ToolError(f"{where}: must specify a source and at least one target")
    found = [resource for resource in resources if _is_source(resource, source)]
    if len(found) != 1:
        problem = "nothing selected by" if not found else "multiple matches for selector"
        raise ToolError(f"{where}: {problem} {_describe(source)}")
    path = source.get("fieldPath") or DEFAULT_PATH
    value = look_up(found[0].obj, split(path))
    if value is None or value in ("", [], {}):
        raise ToolError(f"{where}: fieldPath `{path}` is missing for replacement source {_describe(source)}")
    return _refined(value, source.get("options") or {}, where)


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
    parts, index = _text(value).split(delimiter), int(options.get("index") or 0)
    if not 0 <= index < len(parts):
        raise ToolError(f"{where}: options.index {index} is out of bounds for value {value}")
    return parts[index]


def _text(value: JsonValue) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _into_target(resources: ResourceSet, value: JsonValue, target: JsonObject, where: str) -> None:
    if not target.get("select"):
        raise ToolError(f"{where}: target must specify resources to select")
    select = Target.parse(target["select"], f"{where}.select")
    rejects = [Target.parse(reject, f"{where}.reject") for reject in target.get("reject") or ()]
    for resource in resources:
        if _matches_any_id(select, resource) and not any(_rejects(reject, resource) for reject in rejects):
            for path in target.get("fieldPaths") or (DEFAULT_PATH,):
                _set_path(resource, path, value, target.get("options") or {}, where)


def _matches_any_id(target: Target, resource: Resource) -> bool:
    return target.matches_metadata(resource) and any(
        target.matches_gvk(one.gvk)
        and target.name.matches(one.name)
        and target.namespace.matches(one.effective_namespace)
        for one in resource.ids()
    )


def _rejects(target: Target, resource: Resource) -> bool:
    return _matches_any_id(target, resource)


def _set_path(resource: Resource, path: str, value: JsonValue, options: JsonObject, where: str) -> None:
    parts = split(path)
    create = (lambda: copy.deepcopy(value)) if options.get("create") else None
    slots = list(find(resource.obj, parts, create))
    if slots:
        for slot in slots:
            _set(slot, value, options, where)
    elif not _set_inside_text(resource, parts, value, options, where):
        verb = "find or create" if create else "find"
        raise ToolError(f"{where}: unable to {verb} field {path!r} in replacement target")


def _set(slot: Slot, value: JsonValue, options: JsonObject, where: str) -> None:
    container, key = slot
    old = container[key]
    new = copy.deepcopy(value)
    if delimiter := options.get("delimiter"):
        if isinstance(old, (dict, list)):
            raise ToolError(f"{where}: delimiter option can only be used with scalar nodes")
        new = _spliced(_text(old), _text(value), delimiter, int(options.get("index") or 0))
    container[key] = _in_type_of(old, new)


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
    """A scalar keeps the type of what it replaces: a number written into a string is text, and the other way round."""
    if isinstance(old, (dict, list)) or isinstance(new, (dict, list)) or old is None:
        return new
    if isinstance(old, str):
        return new if isinstance(new, str) else _text(new)
    return yaml.load(_text(new)) if isinstance(new, str) else new


def _set_inside_text(
    resource: Resource, parts: Sequence[str], value: JsonValue, options: JsonObject, where: str
) -> bool:
    """The path goes on inside a field that holds JSON or YAML as text (a ConfigMap's file)."""
    for length in range(1, len(parts)):
        slots = list(find(resource.obj, parts[:length], None))
        if len(slots) == 1 and isinstance(text := slots[0][0][slots[0][1]], str):
            return _set_in_document(slots[0], text, parts[length:], value, options, where)
    return False


def _set_in_document(
    holder: Slot, text: str, rest: Sequence[str], value: JsonValue, options: JsonObject, where: str
) -> bool:
    try:
        document = yaml.load(text)
    except yaml.YamlError:
        return False
    create = (lambda: copy.deepcopy(value)) if options.get("create") else None
    slots = list(find(document, rest, create))
    for slot in slots:
        _set(slot, value, options, where)
    if slots:
        holder[0][holder[1]] = _as_written(document, text)
    return bool(slots)


def _as_written(document: JsonValue, original: str) -> str:
    if original.lstrip()[:1] in ("{", "["):
        pretty = "\n" in original and "  " in original
        return json.dumps(
            document, indent=2 if pretty else None, separators=None if pretty else (",", ":"), sort_keys=True
        )
    return yaml.dump(document)
