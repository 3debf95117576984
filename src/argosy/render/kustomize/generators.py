"""ConfigMaps and Secrets from literals, files and env files; and the hash suffix of their names."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.ids import ResourceId
from argosy.render.kustomize.model import Kustomization
from argosy.render.kustomize.resource import Resource, ResourceSet

Read = Callable[[str], bytes]
_LINE = 70
"""Base64 characters on one line, in longer values."""


def generate(kustomization: Kustomization, read: Read) -> list[tuple[str, Resource]]:
    """ConfigMaps, then Secrets, in the order of the file, each with its generator's name."""
    shared = kustomization.mapping("generatorOptions")
    return [
        (f"{kind}Generator", _generate(kind, arguments, shared, read))
        for kind, field in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator"))
        for arguments in kustomization.items(field)
    ]


def generate_one(kind: str, arguments: JsonObject, read: Read) -> Resource:
    return _generate(kind, arguments, {}, read)


def _generate(kind: str, arguments: JsonObject, shared: JsonObject, read: Read) -> Resource:
    name = arguments.get("name")
    if not name:
        raise ToolError(f"{kind} generator: a configuration needs a `name`")
    behavior = str(arguments.get("behavior") or "")
    options = _options(arguments.get("options") or {}, shared)
    metadata: JsonObject = {"name": name}
    for field in ("labels", "annotations"):
        if options.get(field):
            metadata[field] = options[field]
    if arguments.get("namespace"):
        metadata["namespace"] = arguments["namespace"]
    obj: JsonObject = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    pairs = _pairs(arguments, f"{kind} generator {name!r}", read)
    if kind == "Secret":
        obj["type"] = arguments.get("type") or "Opaque"
        # A Secret has its field even without any data; a ConfigMap does not.
        obj["data"] = {key: _base64(value) for key, value in pairs.items()}
    else:
        obj.update(_config_data(pairs))
    if options.get("immutable"):
        obj["immutable"] = True
    return Resource(obj, behavior=behavior, needs_hash=not options.get("disableNameSuffixHash"))


def _options(own: JsonObject, shared: JsonObject) -> JsonObject:
    merged: JsonObject = {
        field: {**(shared.get(field) or {}), **(own.get(field) or {})} for field in ("labels", "annotations")
    }
    for field in ("disableNameSuffixHash", "immutable"):
        merged[field] = bool(own.get(field)) or bool(shared.get(field))
    return merged


def _base64(value: bytes) -> str:
    """Long values are split into lines, the last of which is terminated too: existing hashes depend on it."""
    text = base64.b64encode(value).decode()
    if len(text) < _LINE:
        return text
    return "".join(f"{text[start : start + _LINE]}\n" for start in range(0, len(text), _LINE))


def _filled(field: str, values: dict[str, str]) -> JsonObject:
    return {field: values} if values else {}


def _config_data(pairs: dict[str, bytes]) -> JsonObject:
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, value in pairs.items():
        try:
            data[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = _base64(value)
    return {**_filled("data", data), **_filled("binaryData", binary)}


def _pairs(arguments: JsonObject, where: str, read: Read) -> dict[str, bytes]:
    pairs: dict[str, bytes] = {}
    envs = [*(arguments.get("envs") or ()), *([arguments["env"]] if arguments.get("env") else ())]
    sources = (
        *(pair for path in envs for pair in _env_file(str(path), read)),
        *(_literal(str(literal), where) for literal in arguments.get("literals") or ()),
        *(_file(str(source), where, read) for source in arguments.get("files") or ()),
    )
    for key, value in sources:
        if key in pairs:
            raise ToolError(f"{where}: cannot add key {key!r}, another key by that name already exists")
        pairs[key] = value
    return pairs


def _literal(literal: str, where: str) -> tuple[str, bytes]:
    key, separator, value = literal.partition("=")
    if not separator or not key:
        raise ToolError(f"{where}: invalid literal source {literal!r}, expected key=value")
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return key, value.encode()


def _file(source: str, where: str, read: Read) -> tuple[str, bytes]:
    if source.count("=") > 1:
        raise ToolError(f"{where}: key names or file paths cannot contain '=': {source!r}")
    key, separator, path = source.partition("=")
    if not separator:
        key, path = source.rpartition("/")[2], source
    if not key or not path:
        raise ToolError(f"{where}: file source {source!r} should be a path or key=path")
    return key, read(path)


def _env_file(path: str, read: Read) -> list[tuple[str, bytes]]:
    """`KEY=value` on each line; blank lines and comments are skipped; a key alone is empty (no environment)."""
    try:
        text = read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ToolError(f"{path}: an env file must be UTF-8") from None
    pairs = []
    for line in text.split("\n"):
        line = line.removesuffix("\r")
        stripped = line.lstrip()
        if stripped and not stripped.startswith("#"):
            key, _, value = stripped.partition("=")
            pairs.append((key, value.encode()))
    return pairs


def absorb(resources: ResourceSet, generated: Sequence[Resource]) -> None:
    """Adds generated objects; `merge` and `replace` change the existing one."""
    for resource in generated:
        wanted = resource.current_id
        matches = resources.with_any_id(wanted.equals)
        if len(matches) > 1:
            raise ToolError(f"found multiple objects that could accept {resource.behavior} of {wanted}")
        if not matches:
            _append_new(resources, resource, wanted)
        else:
            _combine(resources, matches[0], resource, wanted)


def _append_new(resources: ResourceSet, resource: Resource, wanted: ResourceId) -> None:
    if resource.behavior in ("merge", "replace"):
        raise ToolError(f"{wanted} does not exist; cannot merge or replace")
    resources.append(resource)


def _combine(resources: ResourceSet, old: Resource, new: Resource, wanted: ResourceId) -> None:
    if new.behavior not in ("merge", "replace"):
        behavior = new.behavior or "unspecified"
        raise ToolError(f"{wanted} exists; cannot use behavior {behavior!r}, it must be merge or replace")
    for field in ("labels", "annotations"):
        merged = {**(old.metadata.get(field) or {}), **(new.metadata.get(field) or {})}
        if merged:
            new.metadata[field] = merged
    new.metadata["name"] = old.name
    if old.namespace:
        new.metadata["namespace"] = old.namespace
    if new.behavior == "merge":
        for field in ("data", "binaryData"):
            merged = {**(old.obj.get(field) or {}), **(new.obj.pop(field, None) or {})}
            new.obj.update(_filled(field, merged))
    new.previous, new.prefixes, new.suffixes = old.previous, old.prefixes, old.suffixes
    new.needs_hash = new.needs_hash and old.needs_hash
    if new.behavior == "merge":
        new.origin = old.origin or new.origin
    new.behavior, new.variables, new.transformations = old.behavior, old.variables, old.transformations
    resources.replace(old, new)


_HASH_ALPHABET = str.maketrans("013ae", "ghkmt")


def content_hash(obj: JsonObject) -> str:
    """Ten characters that change with the content; kubectl's hash for ConfigMaps and Secrets."""
    # The name counts as empty: upstream looks it up under a path that never matches, and existing hashes depend on it.
    fields: JsonObject = {"kind": obj["kind"], "name": "", "data": obj.get("data", "")}
    if obj["kind"] == "ConfigMap":
        fields.update({"binaryData": obj["binaryData"]} if obj.get("binaryData") else {})
    elif obj["kind"] == "Secret":
        fields["type"] = obj.get("type") or ""
        fields.update({"stringData": obj["stringData"]} if obj.get("stringData") else {})
    else:
        fields = obj
    import hashlib  # here, since OpenSSL loads slowly and most builds have no hash

    return hashlib.sha256(_go_json(fields)).hexdigest()[:10].translate(_HASH_ALPHABET)


def _go_json(value: JsonValue) -> bytes:
    """As Go's encoding/json writes it: sorted keys, and <, >, & and the line separators escaped."""
    return go_escaped(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)).encode()


def go_escaped(text: str) -> str:
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
