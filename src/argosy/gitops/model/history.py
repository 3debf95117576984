"""The history of full, successful syncs (spec 1.5)."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject

DEFAULT_LIMIT = 10


def with_entry(history: list[JsonObject], state: JsonObject, limit: int | None, now: str) -> list[JsonObject]:
    """Oldest first, the newest `limit` of them; 0 keeps none."""
    kept = DEFAULT_LIMIT if limit is None else limit
    result = state.get("syncResult") or {}
    entry: JsonObject = {
        "id": (history[-1]["id"] + 1) if history else 0,
        "deployStartedAt": state["startedAt"],
        "deployedAt": now,
        "initiatedBy": (state.get("operation") or {}).get("initiatedBy") or {},
    }
    for name in ("revision", "revisions", "source", "sources"):
        if result.get(name):
            entry[name] = result[name]
    return [*history, entry][-kept:] if kept > 0 else []


def belongs(state: JsonObject) -> bool:
    sync = (state.get("operation") or {}).get("sync") or {}
    return state.get("phase") == "Succeeded" and not sync.get("resources") and not sync.get("dryRun")
