"""What every handler needs, created once by the assembly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from argosy.cluster.catalog import Catalog
from argosy.cluster.kind import Kind, Operation, WriteContext
from argosy.cluster.ports import Clock, Rng
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.cluster.store import Entry, Store, Table
from argosy.machinery.objects import JsonObject, Key

if TYPE_CHECKING:
    from argosy.cluster.admission.chain import Admission

Special = Callable[[ApiRequest], Awaitable[ApiResponse]]
"""A handler for one (group, plural, subresource, verb) that differs from the usual one: reviews, tokens, binding."""


class StoreReader:
    """What strategies may read (`kind.Reader`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        entry = self._store.table(group, plural).entries.get(Key(namespace, name))
        return entry.obj if entry is not None else None

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        return [entry.peek for entry in self._store.table(group, plural).scan(namespace)]


@dataclass(slots=True, eq=False)
class Core:
    store: Store
    catalog: Catalog
    clock: Clock
    rng: Rng
    admission: Admission
    reader: StoreReader
    lifetimes: Rng
    """The random durations of watches: a stream of its own, so that watching never changes a uid."""
    special: dict[tuple[str, str, str, str], Special] = field(default_factory=dict)
    stored: dict[tuple[str, str], Callable[[WriteContext, JsonObject | None, JsonObject | None], None]] = field(
        default_factory=dict
    )
    """By storage location: what happens in the same turn as a write (old, new); it may write more."""

    def table(self, kind: Kind) -> Table:
        return self.store.table(*kind.storage)

    def find(self, kind: Kind, namespace: str, name: str) -> Entry | None:
        return self.store.table(*kind.storage).entries.get(Key(namespace if kind.resource.namespaced else "", name))

    def context(self, request: ApiRequest, operation: Operation, now: datetime) -> WriteContext:
        return WriteContext(
            operation=operation,
            now=now,
            rng=self.rng,
            reader=self.reader,
            user=request.user,
            subresource=request.subresource,
            dry_run=request.options.dry_run,
        )

    def after_write(self, ctx: WriteContext, kind: Kind, old: JsonObject | None, new: JsonObject | None) -> None:
        hook = self.stored.get(kind.storage)
        if hook is not None:
            hook(ctx, old, new)


def timestamp(now: datetime) -> str:
    """RFC 3339 in whole seconds, the format of times in metadata."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(kind: Kind, entry: Entry, code: int = 200, warnings: Sequence[str] = ()) -> ApiResponse:
    """The stored object in the request's version, with its bytes when no conversion is needed."""
    obj = kind.from_storage(entry.obj)
    if obj is entry.obj:
        return ApiResponse(code, obj, tuple(warnings), entry.encoded)
    return ApiResponse(code, obj, tuple(warnings))
