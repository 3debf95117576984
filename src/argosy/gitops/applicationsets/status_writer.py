"""What a look writes on the ApplicationSet itself, and what it has written that the cache does not show yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from argosy.gitops.applicationsets import status
from argosy.gitops.applicationsets.application_writer import FIELD_MANAGER
from argosy.machinery.api import PatchType
from argosy.machinery.mergepatch import create_merge_patch
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.runtime.informer import Cache
from argosy.runtime.verbs import Verbs

APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")


RESOURCES_PAUSE: Final = 2.0
"""Seconds between two writes for nothing but the state of Applications: with 1,000 of them there is always one that
moves, and each write carries all."""
OF_APPLICATIONS: Final = ("resources", "resourcesCount")


@dataclass(frozen=True, slots=True)
class Written:
    """`again_in`: seconds after which there is something left to be told."""

    acted: bool
    again_in: float | None = None


class StatusWriter:
    """Each write is conditional on the version that was looked at."""

    def __init__(self, client: Verbs, clock: Clock, sets: Cache) -> None:
        self._client = client
        self._clock = clock
        self._sets = sets
        self._written: dict[Key, JsonObject] = {}
        self._told_at: dict[Key, float] = {}
        self._gone: dict[Key, str] = {}
        """By uid: sets that the server does not have any more, though the cache still shows them."""

    def latest(self, key: Key) -> JsonObject | None:
        """The cache's view, or our own write while the cache does not show it yet."""
        found, ours = self._sets.get(key), self._written.get(key)
        if found is None or found["metadata"].get("uid") != self._gone.get(key):
            self._gone.pop(key, None)
        else:
            return None
        if ours is None:
            return found
        if found is None or _version(found) >= _version(ours):
            del self._written[key]
            return found
        return ours

    async def status(
        self,
        appset: JsonObject,
        found: Sequence[status.Found],
        applications: Sequence[JsonObject],
        most: int,
        rollout: Sequence[JsonObject] | None,
    ) -> Written:
        """`applications`: those of the set.

        `rollout`: applicationStatus; None leaves how far a rolling sync is as it was.
        """
        before, now = appset.get("status") or {}, self._clock.now()
        marks = status.conditions(before.get("conditions") or (), found, now, keep_rollout=rollout is None)
        shown, count = status.resources(applications, most)
        after = status.whole(
            before,
            conditions=marks,
            health=status.health(before.get("health"), marks, now),
            resources=shown,
            resourcesCount=count,
            applicationStatus=before.get("applicationStatus") if rollout is None else list(rollout),
        )
        if after == before:
            return Written(False)
        key, at = key_of(appset), self._clock.monotonic()
        due = self._told_at.get(key, at - RESOURCES_PAUSE) + RESOURCES_PAUSE
        if at < due and _without_applications(after) == _without_applications(before):
            return Written(False, due - at)
        await self.patch(appset, {"status": create_merge_patch(before, after)}, subresource="status")
        self._told_at[key] = at
        return Written(True)

    def forget(self, key: Key) -> None:
        self._told_at.pop(key, None)

    async def patch(self, appset: JsonObject, patch: JsonObject, subresource: str = "") -> None:
        key = key_of(appset)
        latest = self._written.get(key) or appset
        versioned = {**(patch.get("metadata") or {}), "resourceVersion": latest["metadata"]["resourceVersion"]}
        try:
            self._written[key] = await self._client.patch(
                APPLICATION_SETS,
                key.name,
                key.namespace,
                {**patch, "metadata": versioned},
                PatchType.MERGE,
                subresource=subresource,
                field_manager=FIELD_MANAGER,
            )
        except StatusError as error:
            if error.is_not_found:
                # Else Applications of a set that is gone would be made again and again until the cache hears of it.
                self._gone[key] = appset["metadata"].get("uid") or ""
            raise


def _without_applications(status: JsonObject) -> JsonObject:
    return {name: value for name, value in status.items() if name not in OF_APPLICATIONS}


def _version(obj: JsonObject) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)
