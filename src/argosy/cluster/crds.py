"""Serves CustomResourceDefinitions as soon as they are valid, and deletes their instances before they go (spec 12).

Owns their status conditions and the cleanup finalizer. The decisions are in `kinds/definitions.py`; `Definitions`
stores them in the turn of the write that changed a definition, so that discovery never lags behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import forbidden
from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.ownership import track_as
from argosy.cluster.kind import Kind, User, WriteContext
from argosy.cluster.kinds.custom import kinds_of_crd
from argosy.cluster.kinds.definitions import (
    CLEANUP_FINALIZER,
    decided_status,
    is_established,
    is_terminating,
)
from argosy.cluster.request import ApiRequest
from argosy.cluster.store import Change, Table
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError

PLACE = ("apiextensions.k8s.io", "customresourcedefinitions")
USER = User("system:apiserver", ("system:masters", "system:authenticated"))
MANAGER = "kube-controller-manager"
GRACE_SECONDS = 1.0
"""Wait between the deletion mark and deleting instances: creates in flight are refused meanwhile."""


class Definitions:
    def __init__(self, handlers: RequestHandlers, queue: Workqueue[str]) -> None:
        self._handlers = handlers
        self._core = handlers.core
        self._queue = queue
        self._table: Table = self._core.store.table(*PLACE)
        self._served: dict[str, tuple[JsonObject, Sequence[Kind]]] = {}
        """The spec that was compiled last and its kinds, by definition: they depend on nothing else, and compiling is
        expensive."""
        self._known: Mapping[str, tuple[JsonObject, Sequence[Kind]]] = {}

    def take_over(self, origin: Definitions) -> None:
        """What a fork's origin has compiled need not be compiled again. Call before `start`."""
        self._known = dict(origin._served)

    def start(self) -> None:
        """Serves the definitions that were established before, and resumes interrupted deletions."""
        for entry in self._table.scan():
            self._serve(entry.obj)
            if is_terminating(entry.obj):
                self._queue.add(entry.key.name)

    def stored(self, ctx: WriteContext, old: JsonObject | None, new: JsonObject | None) -> None:
        """Runs in the turn of every write of a definition."""
        if new is None:
            assert old is not None
            self._withdraw(old)
        else:
            self._decide(ctx, new)
        written = new or old
        assert written is not None
        for entry in list(self._table.scan()):  # a name may have become available
            rival = entry.obj["spec"]["group"] == written["spec"]["group"]
            if rival and entry.key.name != written["metadata"]["name"]:
                self._decide(ctx, entry.obj)

    def _decide(self, ctx: WriteContext, definition: JsonObject) -> None:
        entry = self._table.entries[Key("", definition["metadata"]["name"])]
        others = [other.obj for other in self._table.scan() if other is not entry]
        status = decided_status(entry.obj, others, ctx.now)
        if status != entry.obj.get("status"):
            changed = {**entry.obj, "metadata": dict(entry.obj["metadata"]), "status": status}
            kind = self._core.catalog.by_kind(PLACE[0], "v1", "CustomResourceDefinition")
            assert kind is not None
            track_as(kind, entry.obj, changed, MANAGER, "status", ctx.now)
            entry = self._core.store.put(self._table, entry.key, changed, entry)
        self._serve(entry.obj)

    def _is_shadow(self, definition: JsonObject) -> bool:
        """For a kind that the server has built in: the definition is stored, but the built-in kind stays served."""
        spec = definition["spec"]
        return self._core.catalog.is_builtin(spec["group"], spec["names"]["plural"])

    def _serve(self, definition: JsonObject) -> None:
        if self._is_shadow(definition):
            return
        name, spec = definition["metadata"]["name"], definition["spec"]
        if not is_established(definition) or (name in self._served and self._served[name][0] == spec):
            return
        known = self._known.get(name)
        kinds = known[1] if known is not None and known[0] == spec else kinds_of_crd(definition)
        self._core.catalog.set_custom(name, kinds)
        self._served[name] = spec, kinds

    def _withdraw(self, definition: JsonObject) -> None:
        if self._is_shadow(definition):
            return
        name, spec = definition["metadata"]["name"], definition["spec"]
        self._core.catalog.set_custom(name, ())
        self._served.pop(name, None)
        table = self._core.store.table(spec["group"], spec["names"]["plural"])
        table.closed = True  # watches end: their clients list again and find nothing
        table.show(self._core.store.revision)
        self._core.store.drop(table)

    def changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if (change.group, change.plural) == PLACE:
                if change.new is not None and is_terminating(change.new.obj):
                    self._queue.add(change.key.name)
            elif change.new is None:
                name = f"{change.plural}.{change.group}"
                entry = self._table.entries.get(Key("", name))
                if entry is not None and is_terminating(entry.obj):
                    self._queue.add(name)

    def refuse_instances(self, attributes: Attributes) -> None:
        """Nothing is created of a kind that is being deleted."""
        resource = attributes.kind.resource
        if not attributes.kind.custom or attributes.ctx.operation != "CREATE":
            return
        entry = self._table.entries.get(Key("", resource.qualified))
        if entry is not None and is_terminating(entry.obj):
            text = "create not allowed while custom resource definition is terminating"
            raise forbidden(resource, attributes.name, text)

    async def process(self, name: str) -> None:
        """Deletes the instances of a definition that is being deleted; when none is left, removes its finalizer."""
        entry = self._table.entries.get(Key("", name))
        if entry is None or not is_terminating(entry.obj):
            return
        if self._is_shadow(entry.obj):
            await self._release(name)
            return
        begun = datetime.fromisoformat(entry.obj["metadata"]["deletionTimestamp"])
        early = GRACE_SECONDS - (self._core.clock.now() - begun).total_seconds()
        if early > 0:
            self._queue.add_later(name, early)
            return
        spec = entry.obj["spec"]
        kind = self._core.catalog.stored_at(spec["group"], spec["names"]["plural"])
        if kind is not None:
            await self._delete_instances(kind)
        if self._core.store.table(spec["group"], spec["names"]["plural"]).keys:
            return  # the commit that removes the last instance calls this again
        await self._release(name)

    async def _delete_instances(self, kind: Kind) -> None:
        for entry in list(self._core.table(kind).scan()):
            if entry.obj["metadata"].get("deletionTimestamp"):
                continue
            request = ApiRequest(
                verb="delete",
                kind=kind,
                user=USER,
                namespace=entry.key.namespace,
                name=entry.key.name,
                body={},
                user_agent=MANAGER,
            )
            try:
                await self._handlers.handle(request)
            except StatusError as error:
                if not error.is_not_found:
                    raise

    async def _release(self, name: str) -> None:
        entry = self._table.entries.get(Key("", name))
        if entry is None:
            return
        kind = self._core.catalog.by_kind(PLACE[0], "v1", "CustomResourceDefinition")
        assert kind is not None
        metadata = entry.obj["metadata"]
        kept = [item for item in metadata.get("finalizers") or () if item != CLEANUP_FINALIZER]
        body = {**entry.obj, "metadata": {**metadata, "finalizers": kept}}
        request = ApiRequest(verb="update", kind=kind, user=USER, name=name, body=body, user_agent=MANAGER)
        await self._handlers.handle(request)
