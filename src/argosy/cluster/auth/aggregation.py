"""What follows a write of roles and bindings in the same turn: the index is updated, aggregating roles are refilled.

So a right that was granted or revoked is effective for the very next request (spec section 15).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from argosy.cluster.auth.rbac import CLUSTER_ROLES, GROUP, PLURALS, Rbac, aggregated_rules
from argosy.cluster.kind import WriteContext
from argosy.cluster.store import Store
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject

MANAGER = "clusterrole-aggregation-controller"
Hook = Callable[[WriteContext, JsonObject | None, JsonObject | None], None]


def role_hooks(store: Store, rbac: Rbac) -> dict[tuple[str, str], Hook]:
    """By storage location: run after each write with (context, old, new)."""

    def hook(plural: str) -> Hook:
        def after_write(ctx: WriteContext, old: JsonObject | None, new: JsonObject | None) -> None:
            rbac.observe(GROUP, plural, old, new)
            if plural == CLUSTER_ROLES:
                refill(store, rbac, ctx.now)

        return after_write

    return {(GROUP, plural): hook(plural) for plural in PLURALS}


def refill(store: Store, rbac: Rbac, now: datetime) -> None:
    """Writes the rules of aggregating ClusterRoles. Roles that aggregate one another settle in as many rounds."""
    for _ in range(len(store.table(GROUP, CLUSTER_ROLES).entries)):
        if not _round(store, rbac, now):
            return


def _round(store: Store, rbac: Rbac, now: datetime) -> bool:
    """Writes every role whose rules are out of date. Returns whether there was one."""
    table = store.table(GROUP, CLUSTER_ROLES)
    entries = [*table.scan()]
    roles = [entry.obj for entry in entries]
    changed = False
    for entry in entries:
        rules = aggregated_rules(entry.obj, roles)
        if rules is None:
            continue
        if rules != (entry.obj.get("rules") or []) or not _is_applied(entry.obj["metadata"]):
            updated = {**entry.obj, "metadata": _applied(entry.obj["metadata"], now), "rules": rules}
            store.put(table, entry.key, updated, entry)
            rbac.observe(GROUP, CLUSTER_ROLES, entry.obj, updated)
            changed = True
    return changed


def _is_applied(metadata: JsonObject) -> bool:
    return any(entry.get("manager") == MANAGER for entry in metadata.get("managedFields") or ())


def _applied(metadata: JsonObject, now: datetime) -> JsonObject:
    """Sets the owner of the rules in managedFields, since upstream's controller applies them."""
    entry: JsonObject = {"manager": MANAGER, "operation": "Apply", "apiVersion": f"{GROUP}/v1"}
    entry |= {"time": timestamps.seconds(now), "fieldsType": "FieldsV1", "fieldsV1": {"f:rules": {}}}
    others = [other for other in metadata.get("managedFields") or () if other.get("manager") != MANAGER]
    return {**metadata, "managedFields": [entry, *others]}
