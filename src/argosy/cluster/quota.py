"""ResourceQuota: refuses writes that would exceed it, and keeps status.used up to date (spec 14).

Owns the status of ResourceQuota. Usage is computed from the live tables, so a refusal never lags behind; the usage of
one object (`quota_usage.py`) is computed once per version of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import forbidden
from argosy.cluster.handlers.core import Core
from argosy.cluster.quota_usage import CLAIMS, PODS, SERVICES, Place, is_about, place_of, unsaid, usage_of
from argosy.cluster.store import Change, Entry
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.objects import JsonObject, JsonValue, Key
from argosy.machinery.quantity import NANO, QuantityError, nano_units, of, spelled

PLACE = ("", "resourcequotas")
GROWING = frozenset({PODS, SERVICES, CLAIMS})
"""Kinds whose usage changes without creation or deletion."""


class Quotas:
    def __init__(self, core: Core, queue: Workqueue[str]) -> None:
        self._core = core
        self._queue = queue
        self._table = core.store.table(*PLACE)
        self._known: dict[tuple[Place, Key], tuple[int, dict[str, int]]] = {}
        """By object: its revision and its usage."""

    def start(self) -> None:
        for entry in self._table.scan():
            self._queue.add(entry.key.namespace)

    # -- refusing ----------------------------------------------------------------------------------------------------

    def check(self, attributes: Attributes) -> None:
        """Raises StatusError 403 when a write would exceed a quota, or omits a value that a quota needs."""
        ctx, place = attributes.ctx, attributes.kind.storage
        if not self._table.keys or ctx.subresource or attributes.obj is None:
            return
        if not attributes.kind.resource.namespaced:
            return
        if ctx.operation == "CREATE" or (ctx.operation == "UPDATE" and place in GROWING):
            for entry in self._table.scan(attributes.namespace):
                self._check_one(entry.obj, attributes, place)

    def _check_one(self, quota: JsonObject, attributes: Attributes, place: Place) -> None:
        spec, obj = quota.get("spec") or {}, attributes.obj
        assert obj is not None
        if not is_about(spec, place, obj):
            return
        hard, creates = spec.get("hard") or {}, attributes.ctx.operation == "CREATE"
        name, resource = quota["metadata"]["name"], attributes.kind.resource
        if creates and place == PODS and (missing := unsaid(hard, obj)):
            raise forbidden(resource, attributes.name, f"failed quota: {name}: must specify {'; '.join(missing)}")
        more = _more(place, obj, None if creates else attributes.old)
        wanted = {key: more[key] for key in sorted(hard) if more.get(key, 0) > 0 and _limit(hard[key]) is not None}
        used = {key: self._used(key, attributes.namespace, spec) for key in wanted}
        over = [key for key in wanted if used[key] + wanted[key] > (_limit(hard[key]) or 0)]
        if over:
            asked, held = _listed(over, wanted, hard), _listed(over, used, hard)
            limited = ",".join(f"{key}={hard[key]}" for key in over)
            text = f"exceeded quota: {name}, requested: {asked}, used: {held}, limited: {limited}"
            raise forbidden(resource, attributes.name, text)

    # -- counting ----------------------------------------------------------------------------------------------------

    def _used(self, name: str, namespace: str, spec: JsonObject) -> int:
        """Nano-units."""
        place = place_of(name)
        if place is None:
            return 0
        table = self._core.store.table(*place)
        if name.startswith("count/"):
            low, high = table.range(namespace)
            return NANO * (high - low)
        entries = (entry for entry in table.scan(namespace) if is_about(spec, place, entry.obj))
        return sum(self._taken(place, entry).get(name, 0) for entry in entries)

    def _taken(self, place: Place, entry: Entry) -> dict[str, int]:
        known = self._known.get((place, entry.key))
        if known is None or known[0] != entry.rev:
            known = self._known[place, entry.key] = (entry.rev, usage_of(place, entry.obj))
        return known[1]

    def changed(self, changes: Sequence[Change]) -> None:
        if not self._table.keys:
            self._known.clear()
            return
        for change in changes:
            namespace, place = change.key.namespace, (change.group, change.plural)
            if change.new is None:
                self._known.pop((place, change.key), None)
            low, high = self._table.range(namespace) if namespace else (0, 0)
            counted = change.old is None or change.new is None or place in GROWING or place == PLACE
            if high > low and counted:
                self._queue.add(namespace)

    async def process(self, namespace: str) -> None:
        """Writes hard and used of every quota of the namespace whose values differ."""
        for entry in list(self._table.scan(namespace)):
            spec = entry.obj.get("spec") or {}
            hard = spec.get("hard") or {}
            counted = [name for name in hard if place_of(name) is not None and _limit(hard[name]) is not None]
            used = {name: spelled(self._used(name, namespace, spec), like=of(hard[name])) for name in counted}
            wanted = {"hard": hard, "used": used}
            if (entry.obj.get("status") or {}) != wanted and Key(*entry.key) in self._table.entries:
                changed = {**entry.obj, "metadata": dict(entry.obj["metadata"]), "status": wanted}
                self._core.store.put(self._table, entry.key, changed, entry)


def _more(place: Place, obj: JsonObject, old: JsonObject | None) -> dict[str, int]:
    """The usage that a write adds to the current usage."""
    taken = usage_of(place, obj)
    if old is None:
        group, plural = place
        return taken | {f"count/{plural}.{group}" if group else f"count/{plural}": NANO}
    before = usage_of(place, old)
    return {name: amount - before.get(name, 0) for name, amount in taken.items()}


def _limit(value: JsonValue) -> int | None:
    """None for an unreadable quantity, which limits nothing."""
    try:
        return nano_units(of(value))
    except QuantityError:
        return None


def _listed(names: Sequence[str], amounts: dict[str, int], hard: JsonObject) -> str:
    return ",".join(f"{name}={spelled(amounts[name], like=of(hard[name]))}" for name in names)
