"""Writes what becomes of an operation into `status.operationState`: every step before the next (spec 1.4)."""

from __future__ import annotations

from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.model import event_messages
from argosy.gitops.model import status_patch as status
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.held_revision import HELD
from argosy.machinery.event_correlation import EventType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.timestamps import seconds
from argosy.runtime.controller import Outcome

BACKSTOP = 30.0
"""Seconds after which a waiting operation is looked at without a change."""


class OperationRecorder:
    def __init__(self, context: ReconcileContext) -> None:
        self._context = context

    async def begin(self, app: JsonObject, state: JsonObject, held: str) -> JsonObject:
        """A first attempt: forgets what an earlier operation left. `held`: the revision that is rolled back from."""
        left = dict.fromkeys((app.get("status") or {}).get("operationState") or {})
        patch: JsonObject = {"status": {"operationState": {**left, **state}}}
        if held:
            patch["metadata"] = {"annotations": {HELD: held}}
        app = await self._context.write(app, patch)
        self._context.events.record(app, "OperationStarted", event_messages.started(state["operation"]))
        return app

    async def begin_again(self, app: JsonObject, state: JsonObject) -> JsonObject:
        cleared: JsonObject = {"finishedAt": None, "syncResult": None, "message": None}
        if (state["operation"].get("retry") or {}).get("refresh"):
            cleared["operation"] = {"sync": {"revision": None, "revisions": None}}
            state = {name: value for name, value in state.items() if name != "operation"}
        return await self._context.write(app, {"status": {"operationState": {**cleared, **state}}})

    async def wait(self, app: JsonObject, state: JsonObject) -> Outcome:
        after = await self.record(app, state)
        return Outcome(acted=after is not app, requeue_after=BACKSTOP)

    async def record(self, app: JsonObject, state: JsonObject) -> JsonObject:
        """The application as it is then; itself when there was nothing to write."""
        before = (app.get("status") or {}).get("operationState") or {}
        if change := status.patch(before, state):
            return await self._context.write(app, {"status": {"operationState": change}})
        return app

    async def end(self, key: Key, app: JsonObject, state: JsonObject, phase: str, message: str) -> None:
        """Final, or waiting for its next attempt."""
        await self.finish(key, app, operation.ended(state, phase, message, seconds(self._context.clock.now())))

    async def finish(self, key: Key, app: JsonObject, state: JsonObject) -> None:
        before = (app.get("status") or {}).get("operationState") or {}
        if operation.awaits_retry(state):
            await self._context.write(app, {"status": {"operationState": status.patch(before, state) or {}}})
        else:
            patch = operation.completion(app, state, seconds(self._context.clock.now()))
            patch["status"]["operationState"] = status.patch(before, state) or {}
            await self._context.write(app, patch)
            kind: EventType = "Normal" if state["phase"] == "Succeeded" else "Warning"
            self._context.events.record(app, "OperationCompleted", event_messages.completed(state), event_type=kind)
        # The next look sees that an operation ended, and compares with the newest revision: nothing is to be noted.
        self._context.wake(key)
