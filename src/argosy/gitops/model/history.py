"""The history of full, successful syncs (spec 1.5)."""

from __future__ import annotations

from argosy.apis.argoproj.application import OperationState
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject

DEFAULT_LIMIT = 10


def with_entry(history: list[JsonObject], state: JsonObject, limit: int | None, now: str) -> list[JsonObject]:
    """Oldest first, the newest `limit` of them; 0 keeps none."""
    kept = DEFAULT_LIMIT if limit is None else limit
    seen = read(OperationState, state)
    entry: JsonObject = {
        "id": (history[-1]["id"] + 1) if history else 0,
        "deployStartedAt": seen.started_at,
        "deployedAt": now,
        "initiatedBy": seen.operation.initiated_by.raw,
    }
    for name in ("revision", "revisions", "source", "sources"):
        if found := seen.sync_result.raw.get(name):
            entry[name] = found
    return [*history, entry][-kept:] if kept > 0 else []


def belongs(state: JsonObject) -> bool:
    seen = read(OperationState, state)
    return seen.phase == "Succeeded" and not seen.asked.resources and not seen.asked.dry_run
