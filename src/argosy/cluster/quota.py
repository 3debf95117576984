"""ResourceQuota by object counts: refuses what would exceed, and keeps status.used true (spec 14).

Owns the status of ResourceQuota. Counts are taken from the live tables, so a refusal never lags behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import forbidden
from argosy.cluster.handlers.core import Core
from argosy.cluster.store import Change
from argosy.cluster.workqueue import Workqueue
from argosy.machinery.objects import JsonObject, Key

PLACE = ("", "resourcequotas")
_PLAIN = frozenset(
    {
        "pods",
        "services",
        "configmaps",
        "secrets",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
    }
)
_SERVICE_TYPES = {"services.loadbalancers": ("LoadBalancer",), "services.nodeports": ("NodePort", "LoadBalancer")}


class Quotas:
    def __init__(self, core: Core, queue: Workqueue[str]) -> None:
        self._core = core
        self._queue = queue
        self._table = core.store.table(*PLACE)

    def start(self) -> None:
        for entry in self._table.scan():
            self._queue.add(entry.key.namespace)

    def check(self, attributes: Attributes) -> None:
        """Raises StatusError 403 when a create would exceed a quota."""
        if attributes.ctx.operation != "CREATE" or attributes.ctx.subresource or not self._table.keys:
            return
        if attributes.obj is None or not attributes.kind.resource.namespaced:
            return
        for entry in self._table.scan(attributes.namespace):
            self._check_one(entry.obj, attributes)

    def _check_one(self, quota: JsonObject, attributes: Attributes) -> None:
        hard = (quota.get("spec") or {}).get("hard") or {}
        assert attributes.obj is not None
        exceeded = []
        for name in sorted(hard):
            if counts(name, attributes.kind.storage, attributes.obj) and hard[name].isdigit():
                used = self._used(name, attributes.namespace)
                if used + 1 > int(hard[name]):
                    exceeded.append((name, used, hard[name]))
        if exceeded:
            requested = ",".join(f"{name}=1" for name, _, _ in exceeded)
            used_text = ",".join(f"{name}={used}" for name, used, _ in exceeded)
            limited = ",".join(f"{name}={limit}" for name, _, limit in exceeded)
            text = f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, used: {used_text}"
            raise forbidden(attributes.kind.resource, attributes.name, f"{text}, limited: {limited}")

    def _used(self, name: str, namespace: str) -> int:
        plural, group = _counted(name)
        if not plural:
            return 0
        table = self._core.store.table(group, plural)
        if name in ("pods", *_SERVICE_TYPES):
            return sum(counts(name, (group, plural), entry.obj) for entry in table.scan(namespace))
        low, high = table.range(namespace)
        return high - low

    def changed(self, changes: Sequence[Change]) -> None:
        if not self._table.keys:
            return
        for change in changes:
            namespace = change.key.namespace
            low, high = self._table.range(namespace) if namespace else (0, 0)
            counted = change.old is None or change.new is None or (change.plural == "pods" and not change.group)
            if high > low and (counted or (change.group, change.plural) == PLACE):
                self._queue.add(namespace)

    async def process(self, namespace: str) -> None:
        """Writes hard and used of every quota of the namespace where they differ."""
        for entry in list(self._table.scan(namespace)):
            hard = (entry.obj.get("spec") or {}).get("hard") or {}
            used = {name: str(self._used(name, namespace)) for name in hard if _counted(name)[0]}
            wanted = {"hard": hard, "used": used}
            if (entry.obj.get("status") or {}) != wanted and Key(*entry.key) in self._table.entries:
                changed = {**entry.obj, "metadata": dict(entry.obj["metadata"]), "status": wanted}
                self._core.store.put(self._table, entry.key, changed, entry)


def _counted(name: str) -> tuple[str, str]:
    """(plural, group) that a quota name counts; empty for compute resources, which are not simulated."""
    if name.startswith("count/"):
        plural, _, group = name[6:].partition(".")
        return plural, group
    if name in _SERVICE_TYPES:
        return "services", ""
    return (name, "") if name in _PLAIN else ("", "")


def counts(name: str, place: tuple[str, str], obj: JsonObject) -> bool:
    """Whether this object counts for the quota name."""
    plural, group = _counted(name)
    if (group, plural) != place:
        return False
    if name == "pods":  # finished ones no longer count
        return (obj.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    types = _SERVICE_TYPES.get(name)
    return types is None or (obj.get("spec") or {}).get("type") in types
