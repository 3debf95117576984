"""Which errors a new status tells that the one before did not: each is written to the log once. Pure."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject

FAILED = ("Failed", "Error")


def new_errors(before: JsonObject, after: JsonObject) -> list[str]:
    """Conditions that are errors, and an operation that failed, in words that are fit for users and logs alike."""
    known = {(item.get("type"), item.get("message")) for item in before.get("conditions") or ()}
    found = [
        f"{item['type']}: {item.get('message') or ''}"
        for item in after.get("conditions") or ()
        if str(item.get("type")).endswith("Error") and (item.get("type"), item.get("message")) not in known
    ]
    old, new = before.get("operationState") or {}, after.get("operationState") or {}
    if new.get("phase") in FAILED and _end_of(old) != _end_of(new):
        found.append(f"sync {str(new['phase']).lower()}: {new.get('message') or ''}")
    return found


def _end_of(state: JsonObject) -> tuple[object, ...]:
    return state.get("phase"), state.get("startedAt"), state.get("finishedAt")
