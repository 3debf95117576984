"""Why an Application is in its state, since when, what it waits for, and what would change that. Pure.

Never just a coloured word: the first finding that applies is what a user should read first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NotRequired, TypedDict

from argosy.machinery.objects import JsonObject

Action = Literal["sync", "refresh", "rollback", "terminate", "edit", "none"]


class Why(TypedDict):
    """`severity` sorts: what needs a person comes first."""

    severity: Literal["ok", "busy", "attention", "broken"]
    reason: str
    message: str
    since: NotRequired[str]
    until: NotRequired[str]
    action: Action


Check = Callable[[JsonObject, JsonObject], Why | None]
HELD: Final = "argosy.dev/held-revision"


def why(app: JsonObject) -> Why:
    status = app.get("status") or {}
    for check in CHECKS:
        if (found := check(app, status)) is not None:
            return found
    message = "In sync with Git, and healthy"
    return {"severity": "ok", "reason": "UpToDate", "message": message, "action": "none"}


def _deleted(app: JsonObject, status: JsonObject) -> Why | None:
    since = app["metadata"].get("deletionTimestamp")
    if not since:
        return None
    message = _condition(status, "DeletionError") or "It is being deleted, with what it made"
    return {"severity": "busy", "reason": "Deleting", "message": message, "since": str(since), "action": "none"}


def _running(app: JsonObject, status: JsonObject) -> Why | None:
    operation = status.get("operationState") or {}
    if operation.get("phase") not in ("Running", "Terminating"):
        return None
    message = str(operation.get("message") or "The sync is running")
    since = str(operation.get("startedAt") or "")
    return {"severity": "busy", "reason": "Syncing", "message": message, "since": since, "action": "terminate"}


def _conditions(app: JsonObject, status: JsonObject) -> Why | None:
    for one in status.get("conditions") or ():
        if str(one.get("type") or "").endswith("Error"):
            return {
                "severity": "broken",
                "reason": str(one["type"]),
                "message": str(one.get("message") or ""),
                "since": str(one.get("lastTransitionTime") or ""),
                "action": "edit" if one["type"] == "InvalidSpecError" else "refresh",
            }
    return None


def _failed(app: JsonObject, status: JsonObject) -> Why | None:
    operation = status.get("operationState") or {}
    if operation.get("phase") not in ("Failed", "Error") or (status.get("sync") or {}).get("status") == "Synced":
        return None
    return {
        "severity": "broken",
        "reason": "SyncFailed",
        "message": str(operation.get("message") or "The last sync failed"),
        "since": str(operation.get("finishedAt") or ""),
        "action": "sync",
    }


def _unhealthy(app: JsonObject, status: JsonObject) -> Why | None:
    health = status.get("health") or {}
    state = health.get("status")
    if state not in ("Degraded", "Progressing", "Suspended", "Missing"):
        return None
    severity: Final = {"Degraded": "broken", "Progressing": "busy", "Suspended": "attention", "Missing": "attention"}
    found: Why = {
        "severity": severity[state],  # type: ignore[typeddict-item]
        "reason": str(state),
        "message": _health_message(state, health, status),
        "since": str(health.get("lastTransitionTime") or ""),
        "action": "rollback" if state == "Degraded" else "sync" if state == "Missing" else "none",
    }
    return found


def _health_message(state: str, health: JsonObject, status: JsonObject) -> str:
    """Of the Application, else of the first resource in that state."""
    if message := health.get("message"):
        return str(message)
    for one in status.get("resources") or ():
        found = one.get("health") or {}
        if found.get("status") == state:
            text = f"{one.get('kind')} {one.get('name')} is {state}"
            return f"{text}: {found['message']}" if found.get("message") else text
    return f"It is {state}"


def _differs(app: JsonObject, status: JsonObject) -> Why | None:
    sync = status.get("sync") or {}
    if sync.get("status") != "OutOfSync":
        return None
    resources = status.get("resources") or ()
    different = [one for one in resources if one.get("status") == "OutOfSync"]
    pruned = sum(1 for one in different if one.get("requiresPruning"))
    words = f"{len(different)} of {len(resources)} resources differ from Git" if resources else "It differs from Git"
    words += f", {pruned} of them would be deleted" if pruned else ""
    held = (app["metadata"].get("annotations") or {}).get(HELD)
    if held:
        words += "; automated sync holds at the revision that was rolled back to"
    return {
        "severity": "attention",
        "reason": "Held" if held else "OutOfSync",
        "message": words,
        "since": str((status.get("operationState") or {}).get("finishedAt") or ""),
        "action": "sync",
    }


def _unknown(app: JsonObject, status: JsonObject) -> Why | None:
    if (status.get("sync") or {}).get("status") in ("Synced", "OutOfSync"):
        return None
    return {"severity": "busy", "reason": "Unknown", "message": "It was not compared with Git yet", "action": "refresh"}


def _warned(app: JsonObject, status: JsonObject) -> Why | None:
    for one in status.get("conditions") or ():
        return {
            "severity": "attention",
            "reason": str(one.get("type") or ""),
            "message": str(one.get("message") or ""),
            "since": str(one.get("lastTransitionTime") or ""),
            "action": "edit",
        }
    return None


def _condition(status: JsonObject, kind: str) -> str:
    found = [one for one in status.get("conditions") or () if one.get("type") == kind]
    return str(found[0].get("message") or "") if found else ""


CHECKS: Final[tuple[Check, ...]] = (
    _deleted, _running, _conditions, _failed, _unhealthy, _differs, _unknown, _warned,
)  # fmt: skip
