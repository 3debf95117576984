"""Everything the server knows about one served resource, built-in or custom: the one shape that all handlers use.

A built-in and a CustomResourceDefinition's version are registered alike; their `Strategy` holds the differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from argosy.cluster.ports import Rng
from argosy.machinery.api import Column as Column
from argosy.machinery.api import Subresource as Subresource
from argosy.machinery.objects import JsonObject, JsonValue, Resource
from argosy.machinery.pieces import Pieces
from argosy.machinery.schema import Node
from argosy.machinery.status import Cause

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Reader(Protocol):
    """What a strategy may read from the store while it decides about one object."""

    def get(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None: ...

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteContext:
    """The context of one write. `now` is read once per request."""

    operation: Operation
    now: datetime
    rng: Rng
    reader: Reader
    user: User
    subresource: str = ""
    dry_run: bool = False


@dataclass(slots=True)
class Decoded:
    """A body as the kind sees it: a private copy that the pipeline may change until it is stored."""

    obj: JsonObject
    unknown: list[str] = field(default_factory=list)
    """Paths of unknown fields, as `spec.foo` or `spec.containers[0].bar`: errors or warnings by fieldValidation."""


class Strategy(Protocol):
    """The kind-specific part. Methods that say so change `obj` in place: it is the request's private copy."""

    has_generation: bool
    has_status: bool
    """A status subresource exists: the main endpoint ignores `status`, `/status` everything else (spec 8.4)."""
    allows_unconditional_update: bool
    allows_create_on_update: bool
    is_graceful: bool
    """Deletion waits for a grace period (Pod)."""
    default_propagation: str
    """Background, or Orphan for Job in batch/v1."""

    def decode(self, body: JsonObject) -> Decoded:
        """Copies, checks types and drops unknown fields. Raises StatusError 400 for a body that is not of this kind."""
        ...

    def default(self, obj: JsonObject) -> None:
        """In place; idempotent; also applied to objects read back and to patch results."""
        ...

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """In place: drops status, allocates addresses, sets the fields of a create. Metadata is the handler's job."""
        ...

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        """In place: keeps fields that no update may change silently (status, allocated values, by ctx.subresource)."""
        ...

    def validate(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        """All field errors; old is None on create."""
        ...

    def canonicalize(self, obj: JsonObject) -> None:
        """In place, last before storing: quantities, omitted empty fields, JSON as Go writes it."""
        ...

    def spec_changed(self, obj: JsonObject, old: JsonObject) -> bool:
        """Whether generation goes up (spec 8.3)."""
        ...

    def reset_fields(self, subresource: str) -> tuple[tuple[str, ...], ...]:
        """Field paths that this endpoint ignores, so that nobody becomes their manager through it."""
        ...

    def field_labels(self, obj: JsonObject) -> Mapping[str, str]:
        """Field-selector values besides metadata.name and metadata.namespace."""
        ...

    def field_label_names(self) -> frozenset[str]: ...

    def name_errors(self, name: str, *, generate_prefix: bool) -> list[str]: ...

    def cells(self, obj: JsonObject, now: datetime) -> list[JsonValue]:
        """One table row, in the order of the kind's columns."""
        ...

    def row_conditions(self, obj: JsonObject) -> list[JsonObject]: ...


@dataclass(slots=True, eq=False)
class Kind:
    """One served resource. `storage` names where objects live: two kinds may share it (v1 and events.k8s.io Event)."""

    resource: Resource
    singular: str
    list_kind: str
    verbs: tuple[str, ...]
    schema: Node
    strategy: Strategy
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    storage: tuple[str, str] = ("", "")
    """(group, plural) of the stored form; the default is the resource's own."""
    custom: bool = False
    """Served by a CustomResourceDefinition: no protobuf, no strategic merge patch."""
    deprecation: str = ""
    """Warning text sent with every request to this version."""
    selectable: tuple[str, ...] = ()
    blank: JsonObject | None = None
    """The empty object in canonical form, cached on first use (`handlers/ownership.py`)."""

    def __post_init__(self) -> None:
        if self.storage == ("", ""):
            self.storage = (self.resource.group, self.resource.plural)

    def preparing(self) -> Pieces[None] | None:
        """Preparation that the first request would do otherwise; None when there is nothing to prepare."""
        return None

    @property
    def raw_schema(self) -> JsonObject | None:
        """The `openAPIV3Schema` as declared; None for built-in kinds."""
        return self.schema.raw

    def to_storage(self, obj: JsonObject) -> JsonObject:
        """Converts from this version to the stored one. Views (autoscaling/v1, events.k8s.io) override it."""
        return obj

    def from_storage(self, obj: JsonObject) -> JsonObject:
        return obj


class Kinds(Protocol):
    """The kinds currently served: built-ins in discovery order, then custom ones by group."""

    @property
    def revision(self) -> int:
        """Increases whenever a kind is added, changed or removed: documents made from the kinds are cached by it."""
        ...

    def find(self, group: str, version: str, plural: str) -> Kind | None: ...

    def all(self) -> Sequence[Kind]: ...
