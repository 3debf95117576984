"""The writes on generated Applications: created, changed, deleted, let go, and synced by an operation.

Every write is conditional on the version that was looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final

from argosy.gitops.applicationsets import reconcile, rolling_sync
from argosy.gitops.applicationsets.reconcile import Plan, Surroundings, Update
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.api import PatchType
from argosy.machinery.mergepatch import create_merge_patch, merge_patch
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.events import EventRecorder
from argosy.runtime.verbs import Verbs

FIELD_MANAGER: Final = "argocd-applicationset-controller"


Failure = tuple[str, str]
"""Reason and text of a write that was refused."""


@dataclass(slots=True)
class Refusals:
    """What became of writes that were not taken: none keeps another from being tried."""

    failures: list[Failure] = field(default_factory=list)
    """To be told."""
    passing: StatusError | OSError | None = None
    """The first lost race or answer: no failure, and no success either. The set is to be looked at again, soon."""

    async def of(self, reason: str, work: Awaitable[None]) -> bool:
        """Whether the write was taken."""
        try:
            await work
        except StatusError as error:
            if error.is_passing:
                self.passing = self.passing or error
            else:
                self.failures.append((reason, str(error)))
        except OSError as error:
            self.passing = self.passing or error
        else:
            return True
        return False

    def look_again(self) -> None:
        """Raises what may pass, so that the runtime backs off and looks again: nobody else would bring that look."""
        if self.passing is not None:
            raise self.passing


class ApplicationWriter:
    """Carries out what was decided."""

    def __init__(self, client: Verbs, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    async def carry_out(self, appset: JsonObject, planned: Plan, around: Surroundings, refusals: Refusals) -> None:
        for app in planned.create:
            await refusals.of("CreateApplicationError", self._create(appset, app))
        for update in planned.update:
            await refusals.of("UpdateApplicationError", self._update(appset, update))
        for app in planned.delete:
            await refusals.of("DeleteApplicationError", self.remove(appset, app, around))

    async def _create(self, appset: JsonObject, app: JsonObject) -> None:
        try:
            await self._client.create(APPLICATIONS, app, field_manager=FIELD_MANAGER)
        except StatusError as error:
            if error.is_already_exists:  # our own, not in the cache yet; whose it is shows when it is
                return
            raise
        self._tell(appset, "created", app)

    async def _update(self, appset: JsonObject, update: Update) -> None:
        """Only what differs; whole where a merge patch cannot say it (a null means "delete" in one)."""
        live, wanted = update.live, update.wanted
        patch = create_merge_patch(live, wanted)
        if merge_patch(live, patch) == wanted:
            await self._patch(live, patch)
        else:
            await self._client.update(APPLICATIONS, wanted, field_manager=FIELD_MANAGER)
        self._tell(appset, "updated", wanted)

    def _tell(self, appset: JsonObject, word: str, app: JsonObject) -> None:
        self._events.record(appset, word, f'{word} Application "{app["metadata"]["name"]}"')

    async def remove(self, appset: JsonObject, app: JsonObject, around: Surroundings) -> None:
        """Deletes one; its objects are out of reach, and not waited for, when its destination is gone."""
        metadata = app["metadata"]
        unreachable = not around.has_cluster((app.get("spec") or {}).get("destination") or {})
        if unreachable and reconcile.has_resources_finalizer(app):
            await self._patch(app, {"metadata": {"finalizers": reconcile.without_finalizer(app) or None}})
        try:
            await self._client.delete(
                APPLICATIONS, metadata["name"], metadata["namespace"], uid=metadata.get("uid") or ""
            )
        except StatusError as error:
            if not error.is_not_found:
                raise
        self._tell(appset, "Deleted", app)

    async def disown(self, app: JsonObject) -> None:
        """So that it survives its set."""
        owners = [owner for owner in app["metadata"].get("ownerReferences") or () if not owner.get("controller")]
        await self._patch(app, {"metadata": {"ownerReferences": owners or None}})

    async def sync(
        self,
        applications: Sequence[JsonObject],
        rollout: rolling_sync.Advance,
        wanted: Sequence[JsonObject],
        refusals: Refusals,
    ) -> bool:
        """Puts operations on those that have become Pending; whether anything was written.

        `wanted`: as the template has them, which says whether a sync prunes.
        """
        statuses = {item["application"]: item for item in rollout.statuses}
        templates = {app["metadata"]["name"]: app for app in wanted} if applications else {}
        acted = False
        for app in applications:
            name = app["metadata"]["name"]
            if rolling_sync.needs_operation(app, statuses[name]):
                asking = self._patch(app, {"operation": rolling_sync.operation(templates[name])})
                acted = await refusals.of("SyncApplicationError", asking) or acted
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
