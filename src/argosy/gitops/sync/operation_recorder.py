"""Writes an operation to `status.operationState`: every step before the next (spec 1.4)."""

from __future__ import annotations

from argosy.apis.argoproj.application import OperationState
from argosy.apis.schema import read
from argosy.gitops.model import event_messages
from argosy.gitops.model import status_patch as status
from argosy.gitops.model.application_spec import status_of
from argosy.gitops.reconcile.advance import Advance
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.held_revision import HELD
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject

BACKSTOP = 30.0
"""Seconds after which a waiting operation is looked at without a change."""


def begin(app: JsonObject, state: JsonObject, held: str) -> Advance:
    """A first attempt: removes what an earlier operation left. `held`: the revision that is rolled back from."""
    left = dict.fromkeys(status_of(app).operation_state.raw)
    patch: JsonObject = {"status": {"operationState": {**left, **state}}}
    if held:
        patch["metadata"] = {"annotations": {HELD: held}}
    return Advance(
        patch=patch,
        events=(Event(app, "OperationStarted", event_messages.started(read(OperationState, state).operation)),),
    )


def begin_again(state: JsonObject) -> Advance:
    cleared: JsonObject = {"finishedAt": None, "syncResult": None, "message": None}
    if read(OperationState, state).operation.retry.refresh:
        cleared["operation"] = {"sync": {"revision": None, "revisions": None}}
        state = {name: value for name, value in state.items() if name != "operation"}
    return Advance(patch={"status": {"operationState": {**cleared, **state}}})


def wait(app: JsonObject, state: JsonObject, wake_after: float | None = BACKSTOP) -> Advance:
    """For a change, or for the given time."""
    return Advance(patch=recorded(app, state), wake_after=wake_after)


def recorded(app: JsonObject, state: JsonObject) -> JsonObject:
    """The patch; empty if there is nothing to write."""
    change = status.patch(status_of(app).operation_state.raw, state)
    return {"status": {"operationState": change}} if change else {}


def end(app: JsonObject, state: JsonObject, phase: str, message: str, now: str) -> Advance:
    """Finished, or waiting for its next attempt."""
    return finish(app, operation.ended(state, phase, message, now), now)


def finish(app: JsonObject, state: JsonObject, now: str) -> Advance:
    """The next pass sees that an operation finished, and compares with the newest revision: nothing else is needed."""
    change = status.patch(status_of(app).operation_state.raw, state) or {}
    if operation.awaits_retry(state):
        return Advance(patch={"status": {"operationState": change}})
    patch = operation.completion(app, state, now)
    patch["status"]["operationState"] = change
    succeeded = state["phase"] == "Succeeded"
    event = Event(
        app,
        "OperationCompleted",
        event_messages.completed(read(OperationState, state)),
        "Normal" if succeeded else "Warning",
    )
    return Advance(patch=patch, events=(event,))
