"""One look at an Application being deleted: its objects, and the progress (spec 8)."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.apis.argoproj.application import Application, ApplicationSpec, Condition
from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.clusters import resolution as destinations
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.deletion import stages as deletion
from argosy.gitops.deletion.hooks import is_failure_of
from argosy.gitops.deletion.stages import Stage
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model.application_spec import status_of
from argosy.gitops.reconcile.advance import Advance
from argosy.gitops.sync.apply import Applier
from argosy.gitops.sync.options import Options
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError

BACKSTOP = 30.0
"""Seconds after which a waiting deletion is looked at without a change."""
WAITING = Advance(wake_after=BACKSTOP, background=True)


class Stuck(Exception):
    """The text of the DeletionError condition; the failed operation is retried."""


class HookFailedAgain(Stuck):
    """As Stuck; reported with the time of this failure, even if the same was reported before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionProgress:
    key: Key
    app: JsonObject
    stage: Stage
    spec: ApplicationSpec
    """Normalised."""
    options: Options
    instance: str
    place: LiveObjects
    applier: Applier
    """The user as whom its objects are changed."""
    permits: AppProjectSpec
    """The effective project."""
    cluster: destinations.Cluster
    live: dict[ResourceKey, JsonObject]
    """The Application's objects that its project still permits."""

    @property
    def finalizers(self) -> list[str]:
        return list(read(Application, self.app).metadata.finalizers)

    @property
    def phase(self) -> str:
        """Failures of hooks."""
        return self.stage.value.partition(" ")[0]

    @property
    def error(self) -> Condition | None:
        """The DeletionError condition."""
        return next((item for item in status_of(self.app).conditions if item.type == "DeletionError"), None)

    @property
    def is_hook_failure(self) -> bool:
        """Whether it is about a hook of this phase."""
        return self.error is not None and is_failure_of(self.phase, self.error.message)

    async def delete(self, wanted: ResourceKey) -> None:
        """A hook that a sync left is released first. Raises Stuck, and StatusError for temporary errors."""
        obj = self.live[wanted]
        try:
            await self.applier.release(obj)
            await self.applier.delete(obj, deletion.propagation(self.finalizers))
        except StatusError as error:
            raise self._stuck(wanted, error) from None
        self.place.forget(wanted)

    async def clear(self, wanted: ResourceKey) -> None:
        """A finished hook."""
        try:
            await self.applier.clear(self.live[wanted])
        except StatusError as error:
            raise self._stuck(wanted, error) from None
        self.place.forget(wanted)

    async def release(self, wanted: ResourceKey) -> None:
        """A hook that stays, or is deleted by its own policy."""
        try:
            await self.applier.release(self.live[wanted])
        except StatusError as error:
            raise self._stuck(wanted, error) from None

    def _stuck(self, wanted: ResourceKey, error: StatusError) -> Exception:
        """A lost race, or an unavailable server, is no reason to wait: the look is repeated, soon."""
        return error if error.is_passing else Stuck(f"{wanted.kind} {wanted.name}: {error.message}")
