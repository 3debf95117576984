"""From client-side to server-side apply: the earlier applier's fields are taken over (spec 7.2). Pure.

Without that, a field that was applied client-side once and is dropped from the source would stay forever: the old
manager would keep owning it.
"""

from __future__ import annotations

from collections.abc import Collection

from argosy.gitops.keys import FIELD_MANAGER, annotations_of
from argosy.gitops.sync.options import Options
from argosy.machinery.objects import JsonObject
from argosy.machinery.server_side_apply import fieldset

KUBECTL = "kubectl-client-side-apply"
MANAGER = "argocd.argoproj.io/client-side-apply-migration-manager"
"""Annotation of the Application: another manager whose fields are taken over."""


def managers_before(app: JsonObject, options: Options) -> tuple[str, ...]:
    """The managers whose fields server-side apply takes over; () if that is turned off."""
    if options.has("ClientSideApplyMigration", "false"):
        return ()
    return annotations_of(app).get(MANAGER) or KUBECTL, FIELD_MANAGER


def handed_over(live: JsonObject, managers: Collection[str]) -> list[JsonObject] | None:
    """`managedFields` in which our apply owns what `managers` owned by updates; None if they own nothing."""
    entries = (live.get("metadata") or {}).get("managedFields") or []
    old = [entry for entry in entries if _is_update(entry) and entry.get("manager") in managers]
    if not old:
        return None
    ours = next((entry for entry in entries if _is_ours(entry)), None)
    owned = fieldset.parse((ours or {}).get("fieldsV1") or {})
    for entry in old:
        owned = fieldset.union(owned, fieldset.parse(entry.get("fieldsV1") or {}))
    made = {**(ours or old[-1]), "manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fieldset.emit(owned)}
    kept = [entry for entry in entries if entry is not ours and not any(entry is item for item in old)]
    return [*kept, made]


def _is_update(entry: JsonObject) -> bool:
    return entry.get("operation") == "Update" and not entry.get("subresource")


def _is_ours(entry: JsonObject) -> bool:
    return entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")
