"""Keeps the rules of aggregating ClusterRoles true, in the same turn as the write that changes them (spec 15)."""

from __future__ import annotations

from collections.abc import Callable

from argosy.cluster.auth.rbac import CLUSTER_ROLES, GROUP, aggregated_rules
from argosy.cluster.kind import WriteContext
from argosy.cluster.store import Store
from argosy.machinery.objects import JsonObject

Hook = Callable[[WriteContext, JsonObject | None, JsonObject | None], None]


def aggregation(store: Store) -> Hook:
    """The hook for writes of ClusterRoles. Roles that aggregate one another settle in as many rounds as there are."""

    def after_write(ctx: WriteContext, _old: JsonObject | None, _new: JsonObject | None) -> None:
        if ctx.dry_run:
            return
        table = store.table(GROUP, CLUSTER_ROLES)
        for _ in range(len(table.entries)):
            if not _round(store):
                return

    return after_write


def _round(store: Store) -> bool:
    """Writes every role whose rules are not what they have to be; whether there was one."""
    table = store.table(GROUP, CLUSTER_ROLES)
    entries = [*table.scan()]
    roles = [entry.obj for entry in entries]
    changed = False
    for entry in entries:
        rules = aggregated_rules(entry.obj, roles)
        if rules is not None and rules != (entry.obj.get("rules") or []):
            updated = {**entry.obj, "metadata": dict(entry.obj["metadata"]), "rules": rules}
            store.put(table, entry.key, updated, entry)
            changed = True
    return changed
