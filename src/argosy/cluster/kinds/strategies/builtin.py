"""The common behaviour of all built-in kinds; a kind that differs overrides a class attribute or one method.

The request pipeline calls: decode, default, prepare_create or prepare_update, validate, canonicalize. In between,
objects are in the sparse form of `kinds/codec.py` or canonical already; stored objects are canonical.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import ClassVar, TypeAlias

from argosy.apis.kubernetes.codec import Printer, Reader, printer_of, reader_of
from argosy.apis.kubernetes.defaults import DEFAULTS
from argosy.apis.kubernetes.facts import ResourceFacts, json_fields
from argosy.apis.kubernetes.scalars import Mismatch
from argosy.cluster.kind import Decoded, WriteContext
from argosy.cluster.kinds.cells import CELLS, ROW_CONDITIONS
from argosy.cluster.kinds.cells.plain import created_at_cells
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, JsonValue, group_version
from argosy.machinery.status import Cause, StatusError

TOO_DEEP = "json: the value is nested too deeply"
LabelPaths: TypeAlias = Mapping[str, tuple[str, ...]]

_FRAME = frozenset({"apiVersion", "kind", "metadata", "status"})


class BuiltinStrategy:
    """The strategy of a kind that is only stored; the base of all others."""

    has_generation = False
    is_graceful = False
    allows_unconditional_update = True
    allows_create_on_update = False
    default_propagation = "Background"

    keeps_status_on_create: ClassVar[bool] = False
    status_metadata: ClassVar[frozenset[str]] = frozenset()
    """Metadata fields that the status endpoint ignores (spec 8.4)."""
    generation_fields: ClassVar[tuple[str, ...]] = ("spec",)
    """Top-level fields whose change raises the generation."""
    labels: ClassVar[LabelPaths] = {}
    """Field label -> path of its value (kinds sheet 2.5)."""

    def __init__(self, facts: ResourceFacts) -> None:
        self.facts = facts
        self.kind = facts.resource.kind
        self.api_version = facts.resource.api_version
        self.has_status = "status" in facts.subresources
        group_kind = facts.resource.group_kind
        self._default = DEFAULTS.get(group_kind)
        self._cells = CELLS.get(group_kind, created_at_cells)
        self._row_conditions = ROW_CONDITIONS.get(group_kind)

    @cached_property
    def _read(self) -> Reader:
        return reader_of(self.facts.type)

    @cached_property
    def _print(self) -> Printer | None:
        return printer_of(self.facts.type)

    def decode(self, body: JsonObject) -> Decoded:
        if type(body) is not dict:
            text = f"the object provided is unrecognized (must be of type {self.kind}): couldn't get version/kind"
            raise StatusError(
                400, "BadRequest", f"{text}; json parse error: cannot unmarshal a value that is not an object"
            )
        self._check_type(body.get("apiVersion"), body.get("kind"))
        unknown: list[str] = []
        try:
            obj = self._read(body, unknown)
        except Mismatch as problem:
            raise self._unhandled(self.kind, self.facts.resource.version, str(problem)) from None
        except RecursionError:
            raise self._unhandled(self.kind, self.facts.resource.version, TOO_DEEP) from None
        assert isinstance(obj, dict)
        obj["apiVersion"], obj["kind"] = self.api_version, self.kind
        obj.setdefault("metadata", {})
        return Decoded(obj, unknown)

    def _check_type(self, api_version: JsonValue, kind: JsonValue) -> None:
        """Both may be missing: then they come from the URL."""
        if (not api_version or api_version == self.api_version) and (not kind or kind == self.kind):
            return
        group, version = group_version(str(api_version or self.api_version))
        if kind and kind != self.kind:
            package, own = version, f"{self.facts.type.partition('/')[0]}.{self.kind}"
            text = f"converting ({package}.{kind}) to ({own}): unknown conversion"
            raise self._unhandled(str(kind), version, text)
        if group == self.facts.resource.group:
            text = f"the API version in the data ({api_version}) does not match the expected API version "
            raise StatusError(400, "BadRequest", f"{text}({self.api_version})")
        text = f'no kind "{self.kind}" is registered for version "{api_version}" in scheme "argosy"'
        raise self._unhandled(self.kind, version, text)

    def _unhandled(self, kind: str, version: str, text: str) -> StatusError:
        message = f'{kind} in version "{version}" cannot be handled as a {self.kind}: {text}'
        return StatusError(400, "BadRequest", message)

    def default(self, obj: JsonObject) -> None:
        if self._default is not None:
            self._default(obj)

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        if self.has_status and not self.keeps_status_on_create:
            obj.pop("status", None)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        if ctx.subresource == "status":
            self._keep_all_but_status(obj, old)
        elif self.has_status:
            keep(obj, old, "status")

    def _keep_all_but_status(self, obj: JsonObject, old: JsonObject) -> None:
        for name in (obj.keys() | old.keys()) - _FRAME:
            keep(obj, old, name)
        for name in self.status_metadata:
            keep(obj["metadata"], old["metadata"], name)

    def validate(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        causes = self.check(ctx, obj)
        if old is not None:
            causes += self.check_update(ctx, self.canonical_copy(obj), old)
        return causes

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        """Rules for the object alone."""
        return []

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        """Rules for the change; both objects are canonical, so equal means unchanged."""
        return []

    def warnings(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[str]:
        """Texts for Warning headers that depend on the object's content."""
        return []

    def canonicalize(self, obj: JsonObject) -> None:
        if self._print is None:
            return
        try:
            self._print(obj)
        except RecursionError:
            raise self._unhandled(self.kind, self.facts.resource.version, TOO_DEEP) from None

    def canonical_copy(self, obj: JsonObject) -> JsonObject:
        copy = self._read(obj, [])
        assert isinstance(copy, dict)
        self.canonicalize(copy)
        return copy

    def spec_changed(self, obj: JsonObject, old: JsonObject) -> bool:
        if not self.has_generation:
            return False
        fields = self.generation_fields
        if all(obj.get(name) == old.get(name) for name in fields):
            return False
        fresh = self.canonical_copy(obj)  # the caller's object may still be sparse
        return any(fresh.get(name) != old.get(name) for name in fields)

    def reset_fields(self, subresource: str) -> tuple[tuple[str, ...], ...]:
        if not self.has_status:
            return ()
        if subresource != "status":
            return (("status",),)
        names = (item.name for item in json_fields(self.facts.type) if item.name not in _FRAME)
        return (*((name,) for name in names), *(("metadata", name) for name in sorted(self.status_metadata)))

    def field_labels(self, obj: JsonObject) -> Mapping[str, str]:
        return {label: _text_at(obj, path) for label, path in self.labels.items()}

    def field_label_names(self) -> frozenset[str]:
        return frozenset(self.labels)

    def name_errors(self, name: str, *, generate_prefix: bool) -> list[str]:
        return (naming.for_prefix(self.name_rule) if generate_prefix else self.name_rule)(name)

    def name_rule(self, name: str) -> list[str]:
        return naming.dns_subdomain(name)

    def cells(self, obj: JsonObject, now: datetime) -> list[JsonValue]:
        return self._cells(obj, now)

    def row_conditions(self, obj: JsonObject) -> list[JsonObject]:
        return self._row_conditions(obj) if self._row_conditions is not None else []


def keep(obj: JsonObject, old: JsonObject, name: str) -> None:
    """The old value, or its absence. Shared with the stored object: already canonical, so never changed."""
    if name in old:
        obj[name] = old[name]
    else:
        obj.pop(name, None)


def _text_at(obj: JsonObject, path: tuple[str, ...]) -> str:
    value: JsonValue = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
