"""A revision that somebody rolled back from is held: automated sync leaves it alone until there is a newer one. Pure.

Upstream refuses a rollback while automated sync is on; here it is allowed, and the hold keeps it from being undone.
"""

from __future__ import annotations

from argosy.gitops.keys import annotations_of
from argosy.gitops.sync.autosync import is_on
from argosy.machinery.objects import JsonObject

HELD = "argosy.dev/held-revision"
CONDITION = "RevisionHeld"


def revision_text(sync: JsonObject) -> str:
    """One or several revisions, as the annotation spells them."""
    return ",".join(sync.get("revisions") or ()) or str(sync.get("revision") or "")


def revision_to_hold(app: JsonObject, spec: JsonObject) -> str:
    """What the operation that begins rolls back from; "" when it is no rollback under automated sync."""
    operation = app.get("operation") or {}
    asked, target = operation.get("sync") or {}, revision_text((app.get("status") or {}).get("sync") or {})
    if not is_on(spec) or (operation.get("initiatedBy") or {}).get("automated"):
        return ""
    if asked.get("dryRun") or asked.get("resources") or not revision_text(asked):
        return ""
    return target if target and revision_text(asked) != target else ""


def held_by(app: JsonObject) -> str:
    return annotations_of(app).get(HELD) or ""


def told(held: str) -> tuple[str, str]:
    """The condition that says so."""
    text = f"revision {held} is not synced automatically since a rollback; a newer one is, or remove annotation {HELD}"
    return CONDITION, text
