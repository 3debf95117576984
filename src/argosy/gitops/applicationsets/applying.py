"""The writes on generated Applications: created, changed, deleted, let go, and synced by an operation.

Every write is conditional on the version that was looked at; a conflict is the look's to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.gitops.applicationsets import reconcile, rolling_sync
from argosy.gitops.applicationsets.reconcile import Plan, Surroundings, Update
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.api import PatchType
from argosy.machinery.mergepatch import create_merge_patch
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.events import EventRecorder

FIELD_MANAGER: Final = "argocd-applicationset-controller"


class Applying:
    """Carries out what was decided."""

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    async def carry_out(self, planned: Plan, around: Surroundings) -> list[tuple[str, str]]:
        """(reason, text) of each write that was refused; the others are done all the same."""
        failures = []
        for app in planned.create:
            failures += await self._tried("CreateApplicationError", self._create(app))
        for update in planned.update:
            failures += await self._tried("UpdateApplicationError", self._update(update))
        for app in planned.delete:
            failures += await self._tried("DeleteApplicationError", self.remove(app, around))
        return failures

    async def _tried(self, reason: str, work: Any) -> list[tuple[str, str]]:
        try:
            await work
        except StatusError as error:
            if error.is_conflict:
                raise
            return [(reason, str(error))]
        return []

    async def _create(self, app: JsonObject) -> None:
        try:
            made = await self._client.create(APPLICATIONS, app, field_manager=FIELD_MANAGER)
        except StatusError as error:
            if error.reason == "AlreadyExists":  # our own, not in the cache yet; whose it is shows when it is
                return
            raise
        self._events.record(made, "Created", "Created Application by ApplicationSet")

    async def _update(self, update: Update) -> None:
        """Only what differs."""
        await self._patch(update.live, create_merge_patch(update.live, update.wanted))

    async def remove(self, app: JsonObject, around: Surroundings) -> None:
        """Deletes one; its objects are out of reach, and not waited for, when its destination is gone."""
        metadata = app["metadata"]
        unreachable = around.cluster((app.get("spec") or {}).get("destination") or {}) is None
        if unreachable and reconcile.has_resources_finalizer(app):
            await self._patch(app, {"metadata": {"finalizers": reconcile.without_finalizer(app) or None}})
        try:
            await self._client.delete(
                APPLICATIONS, metadata["name"], metadata["namespace"], uid=metadata.get("uid") or ""
            )
        except StatusError as error:
            if not error.is_not_found:
                raise

    async def disown(self, app: JsonObject) -> None:
        """So that it survives its set."""
        owners = [owner for owner in app["metadata"].get("ownerReferences") or () if not owner.get("controller")]
        await self._patch(app, {"metadata": {"ownerReferences": owners or None}})

    async def sync(self, applications: Sequence[JsonObject], statuses: Mapping[str, JsonObject]) -> bool:
        """Puts operations on those that have become Pending; whether anything was written."""
        acted = False
        for app in applications:
            metadata = app["metadata"]
            if not rolling_sync.needs_operation(app, statuses[metadata["name"]]):
                continue
            await self._patch(app, {"operation": rolling_sync.operation(app)})
            acted = True
        return acted

    async def _patch(self, app: JsonObject, patch: JsonObject) -> None:
        """Only if nobody else has written since the application was looked at."""
        metadata = app["metadata"]
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
        await self._client.patch(
            APPLICATIONS,
            metadata["name"],
            metadata["namespace"],
            {**patch, "metadata": versioned},
            PatchType.MERGE,
            field_manager=FIELD_MANAGER,
        )
