"""What follows a write of roles and bindings in the same turn: the index learns of it, aggregating roles are refilled.

Hence a right that was granted or taken holds for the very next request (spec section 15).
"""

from __future__ import annotations

from collections.abc import Callable

from argosy.cluster.auth.rbac import CLUSTER_ROLES, GROUP, PLURALS, Rbac, aggregated_rules
from argosy.cluster.kind import WriteContext
from argosy.cluster.store import Store
from argosy.machinery.objects import JsonObject

Hook = Callable[[WriteContext, JsonObject | None, JsonObject | None], None]


def role_hooks(store: Store, rbac: Rbac) -> dict[tuple[str, str], Hook]:
    """By place of storage: to be run after each write with (context, old, new)."""

    def hook(plural: str) -> Hook:
        def after_write(_ctx: WriteContext, old: JsonObject | None, new: JsonObject | None) -> None:
            rbac.observe(GROUP, plural, old, new)
            if plural == CLUSTER_ROLES:
                refill(store, rbac)

        return after_write

    return {(GROUP, plural): hook(plural) for plural in PLURALS}


def refill(store: Store, rbac: Rbac) -> None:
    """Writes the rules of aggregating ClusterRoles; those that aggregate one another settle in as many rounds."""
    for _ in range(len(store.table(GROUP, CLUSTER_ROLES).entries)):
        if not _round(store, rbac):
            return


def _round(store: Store, rbac: Rbac) -> bool:
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
            rbac.observe(GROUP, CLUSTER_ROLES, entry.obj, updated)
            changed = True
    return changed
