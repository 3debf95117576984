"""Which errors in a new status were not in the previous one: each is logged once. Pure."""

from __future__ import annotations

from argosy.apis.argoproj.application import ApplicationStatus, OperationState

FAILED = ("Failed", "Error")


def new_errors(before: ApplicationStatus, after: ApplicationStatus) -> list[str]:
    """Error conditions, and a failed operation, in words that are fit for users and logs alike."""
    known = {(item.type, item.message) for item in before.conditions}
    found = [
        f"{item.type}: {item.message}"
        for item in after.conditions
        if item.type.endswith("Error") and (item.type, item.message) not in known
    ]
    old, new = before.operation_state, after.operation_state
    if new.phase in FAILED and _end_of(old) != _end_of(new):
        found.append(f"sync {new.phase.lower()}: {new.message}")
    return found


def _end_of(state: OperationState) -> tuple[str, ...]:
    return state.phase, state.started_at, state.finished_at
