"""Kinds of a CustomResourceDefinition: one per served version, registered exactly like the built-in ones (spec 12)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import orjson

from argosy.apis.kubernetes.codec import printer_of, reader_of
from argosy.apis.kubernetes.scalars import Mismatch
from argosy.cluster.kind import Column, Decoded, Kind, Subresource, WriteContext
from argosy.cluster.kinds.cells.plain import age_since
from argosy.cluster.kinds.strategies.builtin import TOO_DEEP
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, JsonValue, Resource, group_version
from argosy.machinery.pieces import Pieces
from argosy.machinery.schema import Node
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.structural import compile_schema, compiled, default, prune, validate, validate_status
from argosy.machinery.text.go_text import quoted
from argosy.machinery.text.jsonpath import JsonPath, JsonPathError, compile_path

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_SUBRESOURCE_VERBS = ("get", "patch", "update")
_METADATA = "meta/v1.ObjectMeta"
_FRAME = frozenset({"apiVersion", "kind", "metadata", "status"})
_NAME = Column("Name", "string", "name")
_AGE = Column("Age", "date", json_path=".metadata.creationTimestamp")
_FIELD = re.compile(r"\['([^']+)'\]|\.?([A-Za-z_][A-Za-z0-9_-]*)")
_SHOWN = 30
"""How much of a body an error repeats: enough to recognise it, too little to leak a secret."""


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """Field names from the root; `selector` is empty where the definition names none."""

    replicas: tuple[str, ...]
    status: tuple[str, ...]
    selector: tuple[str, ...]


class CustomKind(Kind):
    """Objects are stored in the definition's storage version; conversion None changes the apiVersion only."""

    storage_api_version: str = ""

    @property
    def schema(self) -> Node:
        """Compiled on first use: most kinds that are served at the start are not used for a long time."""
        return cast(CustomStrategy, self.strategy).node

    @schema.setter
    def schema(self, node: Node) -> None:
        """The strategy's columns."""

    def preparing(self) -> Pieces[None] | None:
        strategy = cast(CustomStrategy, self.strategy)
        return None if strategy.is_compiled else strategy.compiling()

    @property
    def raw_schema(self) -> JsonObject | None:
        """Without compiling it: describing the kind needs no more."""
        return cast(CustomStrategy, self.strategy).declared

    def to_storage(self, obj: JsonObject) -> JsonObject:
        return _in_version(obj, self.storage_api_version)

    def from_storage(self, obj: JsonObject) -> JsonObject:
        return _in_version(obj, self.resource.api_version)


def _in_version(obj: JsonObject, api_version: str) -> JsonObject:
    return obj if obj["apiVersion"] == api_version else {**obj, "apiVersion": api_version}


def kinds_of_crd(definition: JsonObject) -> list[Kind]:
    """The kinds of all served versions. The definition is canonical, so it is defaulted and valid."""
    spec = definition["spec"]
    stored = next(version["name"] for version in spec["versions"] if version.get("storage"))
    return [_kind(spec, version, stored) for version in spec["versions"] if version.get("served")]


def _kind(spec: JsonObject, version: JsonObject, stored: str) -> Kind:
    names = spec["names"]
    resource = Resource(spec["group"], version["name"], names["plural"], names["kind"], spec["scope"] == "Namespaced")
    selectable = tuple(item["jsonPath"].removeprefix(".") for item in version.get("selectableFields") or ())
    kind = CustomKind(
        resource=resource,
        singular=names["singular"],
        list_kind=names["listKind"],
        verbs=VERBS,
        schema=Node(),
        strategy=CustomStrategy(resource, version),
        columns=_columns(version),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=_subresources(resource, version.get("subresources") or {}),
        custom=True,
        deprecation=_deprecation(resource, version),
        selectable=selectable,
    )
    kind.storage_api_version = f"{spec['group']}/{stored}"
    return kind


def _subresources(resource: Resource, declared: JsonObject) -> dict[str, Subresource]:
    found = {}
    if declared.get("status") is not None:
        own = (resource.group, resource.version, resource.kind)
        found["status"] = Subresource("status", _SUBRESOURCE_VERBS, *own)
    if declared.get("scale") is not None:
        found["scale"] = Subresource("scale", _SUBRESOURCE_VERBS, "autoscaling", "v1", "Scale")
    return found


def _columns(version: JsonObject) -> tuple[Column, ...]:
    declared = version.get("additionalPrinterColumns")
    if not declared:
        return _NAME, _AGE
    return _NAME, *(
        Column(
            item["name"],
            item["type"],
            item.get("format") or "",
            item.get("priority") or 0,
            item.get("description") or "",
            item["jsonPath"],
        )
        for item in declared
    )


def _deprecation(resource: Resource, version: JsonObject) -> str:
    if not version.get("deprecated"):
        return ""
    return str(version.get("deprecationWarning") or f"{resource.api_version} {resource.kind} is deprecated")


class CustomStrategy:
    """Everything follows the schema: decode prunes unknown fields, default fills, validate checks with its rules."""

    has_generation = True
    allows_unconditional_update = False
    allows_create_on_update = False
    is_graceful = False
    default_propagation = "Background"

    def __init__(self, resource: Resource, version: JsonObject) -> None:
        self.resource = resource
        self.declared: JsonObject = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
        self._node: Node | None = None
        subresources = version.get("subresources") or {}
        self.has_status = subresources.get("status") is not None
        self.scale_paths = _scale_paths(subresources.get("scale"))
        self._cells = [(column.type, _path(column.json_path)) for column in _columns(version)[1:]]
        selectable = (item["jsonPath"] for item in version.get("selectableFields") or ())
        self._labels = {path.removeprefix("."): compile_path(path) for path in selectable}
        self._read_metadata = reader_of(_METADATA)
        self._print_metadata = printer_of(_METADATA)

    @property
    def node(self) -> Node:
        if self._node is None:
            self._node = compile_schema(self.declared)
        return self._node

    @property
    def is_compiled(self) -> bool:
        return self._node is not None

    def compiling(self) -> Pieces[None]:
        node = yield from compiled(self.declared)
        self._node = self._node or node

    def decode(self, body: JsonObject) -> Decoded:
        self._check_type(body)
        unknown: list[str] = []
        try:
            obj, pruned = prune(self.node, _copy(body))
        except RecursionError:
            resource = self.resource
            text = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
            raise StatusError(400, "BadRequest", f"{text}: {TOO_DEEP}") from None
        obj = {**obj, "metadata": self._metadata(body.get("metadata"), unknown)}
        return Decoded(obj, [*unknown, *pruned])

    def _metadata(self, metadata: JsonValue, unknown: list[str]) -> JsonValue:
        found: list[str] = []
        try:
            read = self._read_metadata({} if metadata is None else metadata, found)
        except Mismatch as problem:
            problem.path.append("metadata")
            raise StatusError(400, "BadRequest", str(problem)) from None
        unknown += [f"metadata.{name}" for name in found]
        return read

    def _check_type(self, body: JsonObject) -> None:
        resource = self.resource
        for name, word in (("kind", "Kind"), ("apiVersion", "apiVersion")):
            if not body.get(name):
                shown = json.dumps(body)
                text = f"Object '{word}' is missing in '{_start(shown)}' ({_start(shown)})"
                message = f"the object provided is unrecognized (must be of type {resource.kind}): {text}"
                raise StatusError(400, "BadRequest", message)
        if body["apiVersion"] != resource.api_version:
            text = f"the API version in the data ({body['apiVersion']}) does not match the expected API version"
            raise StatusError(400, "BadRequest", f"{text} ({resource.api_version})")
        if body["kind"] != resource.kind:
            raise self._wrong_kind(body)

    def _wrong_kind(self, body: JsonObject) -> StatusError:
        kind, group = str(body["kind"]), group_version(str(body["apiVersion"]))[0]
        metadata = body.get("metadata")
        name = str((metadata.get("name") if isinstance(metadata, dict) else "") or "")
        cause = Cause("kind", f"Invalid value: {quoted(kind)}: must be {self.resource.kind}")
        message = f"{kind}.{group} {quoted(name)} is invalid: {cause.field}: {cause.message}"
        return StatusError(422, "Invalid", message, name=name, group=group, kind=kind, causes=[cause])

    def default(self, obj: JsonObject) -> None:
        filled = default(self.node, obj)
        if filled is not obj:
            obj.clear()
            obj.update(filled)

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        if self.has_status:
            obj.pop("status", None)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """The status endpoint accepts only status, not even labels; managedFields are the server's own."""
        if not self.has_status:
            return
        if ctx.subresource != "status":
            _keep(obj, old, "status")
            return
        for name in (obj.keys() | old.keys()) - {"metadata", "status"}:
            _keep(obj, old, name)
        fields = obj["metadata"].get("managedFields")
        obj["metadata"] = {name: value for name, value in old["metadata"].items() if name != "managedFields"}
        if fields:
            obj["metadata"]["managedFields"] = fields

    def validate(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        if ctx.subresource == "status" and old is not None:
            return validate_status(self.node, obj, old)
        return validate(self.node, obj, old)

    def canonicalize(self, obj: JsonObject) -> None:
        if self._print_metadata is not None:
            self._print_metadata(obj["metadata"])

    def spec_changed(self, obj: JsonObject, old: JsonObject) -> bool:
        ignored = {"metadata", "status"} if self.has_status else {"metadata"}
        return any(obj.get(name) != old.get(name) for name in (obj.keys() | old.keys()) - ignored)

    def reset_fields(self, subresource: str) -> tuple[tuple[str, ...], ...]:
        if not self.has_status:
            return ()
        if subresource != "status":
            return (("status",),)
        return tuple((name,) for name in self.node.properties if name not in _FRAME) or (("spec",),)

    def field_labels(self, obj: JsonObject) -> Mapping[str, str]:
        return {label: _label(path.find(obj)) for label, path in self._labels.items()}

    def field_label_names(self) -> frozenset[str]:
        return frozenset(self._labels)

    def name_errors(self, name: str, *, generate_prefix: bool) -> list[str]:
        rule = naming.for_prefix(naming.dns_subdomain) if generate_prefix else naming.dns_subdomain
        return rule(name)

    def cells(self, obj: JsonObject, now: datetime) -> list[JsonValue]:
        found = (_cell(spelled, path.find(obj) if path else (), now) for spelled, path in self._cells)
        return [obj["metadata"].get("name", ""), *found]

    def row_conditions(self, obj: JsonObject) -> list[JsonObject]:
        return []


def _start(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _copy(value: JsonValue) -> JsonValue:
    """Copies through JSON bytes, which is four times as fast; what JSON cannot represent is copied directly."""
    try:
        return orjson.loads(orjson.dumps(value))
    except (TypeError, ValueError):
        return _copy_each(value)


def _copy_each(value: JsonValue) -> JsonValue:
    if type(value) is dict:
        return {key: _copy_each(item) for key, item in value.items()}
    return [_copy_each(item) for item in value] if type(value) is list else value


def _keep(obj: JsonObject, old: JsonObject, name: str) -> None:
    if name in old:
        obj[name] = old[name]
    else:
        obj.pop(name, None)


def _scale_paths(scale: JsonObject | None) -> ScalePaths | None:
    if scale is None:
        return None
    names = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
    return ScalePaths(*(_field_names(scale.get(name) or "") for name in names))


def _field_names(path: str) -> tuple[str, ...]:
    """`.spec['a.b'].c` -> (`spec`, `a.b`, `c`): scale paths are plain, as the definition's validation ensures."""
    return tuple(quoted or plain for quoted, plain in _FIELD.findall(path))


def _path(text: str) -> JsonPath | None:
    """None for an unreadable path: upstream accepts any that starts with a dot, and its column is empty then."""
    try:
        return compile_path(text)
    except JsonPathError:
        return None


def _label(values: Sequence[JsonValue]) -> str:
    if not values or values[0] is None:
        return ""
    return _text(values[0])


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _cell(spelled: str, values: Sequence[JsonValue], now: datetime) -> JsonValue:
    """Missing gives null; several values are joined; a value that does not fit its column's type gives null."""
    if not values or (len(values) == 1 and values[0] is None):
        return None
    value = values[0]
    match spelled:
        case "integer":
            return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _age(value, now)
        case _:
            return ",".join(_text(item) for item in values)


def _age(value: JsonValue, now: datetime) -> JsonValue:
    if not isinstance(value, str):
        return None
    try:
        return age_since(value, now)
    except ValueError:
        return "<invalid>"
