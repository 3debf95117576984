"""Which Applications monitor the orphans of which namespace, and when they are notified of a change (spec 2).

An Application is notified at most once in SETTLING seconds, however much changes there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from argosy.apis.argoproj.application import ResourceStatus
from argosy.apis.argoproj.project import AppProjectSpec
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.comparison.orphaned_resources import Asked, orphans
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import ResourceKey, instance_name, key_of_instance
from argosy.gitops.model.resource_tracking import owner_of
from argosy.gitops.projects import permissions as projects
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.caches.informer import Cache
from argosy.runtime.clock import Clock

CONDITION = "OrphanedResourceWarning"
SETTLING = 1.0
"""Seconds from a change to the next count."""

Place = tuple[LiveObjects, str]
"""A cluster's objects, and a namespace."""


class OrphanMonitoring:
    def __init__(self, applications: Cache, clock: Clock, namespace: str, recount: Callable[[Key], None]) -> None:
        """`namespace`: the control plane's. `recount`: has an Application looked at for this alone."""
        self._applications = applications
        self._clock = clock
        self._namespace = namespace
        self._recount = recount
        self._asked: dict[Key, Place] = {}
        self._asking: dict[Place, set[Key]] = {}
        self._due: set[Key] = set()
        self._marks: tuple[str, ...] = ()
        applications.on_change(self._on_change)

    def warning(
        self,
        key: Key,
        namespace: str,
        resources: Iterable[ResourceStatus],
        permits: AppProjectSpec,
        cluster: Cluster,
        live: LiveObjects,
        settings: Settings,
    ) -> str:
        """The text of the condition; "" for none.

        `namespace`: of the destination; `resources`: of the status; `permits`: the effective project.
        """
        given = permits.orphaned_resources
        if given is None or given.warn is False or not namespace:
            self.leave(key)
            return ""
        self._ask(key, (live, namespace), settings)
        own = {ResourceKey(item.group, item.kind, item.namespace, item.name) for item in resources}
        found = orphans(
            live.orphans,
            namespace,
            own=own.__contains__,
            ignored=given.ignore,
            permitted=lambda wanted: not projects.refusal_of(permits, "", wanted, cluster),
        )
        return f"Application has {len(found)} orphaned resources" if found else ""

    def leave(self, key: Key) -> None:
        """The Application no longer monitors."""
        if (place := self._asked.pop(key, None)) is None:
            return
        self._asking[place].discard(key)
        if not self._asking[place]:
            del self._asking[place]
            live, namespace = place
            live.orphans.forget(namespace)

    def _ask(self, key: Key, place: Place, settings: Settings) -> None:
        marks = (settings.tracking_method, settings.label_key, settings.installation_id)
        if marks != self._marks:
            # Objects are assigned by other marks now: the index is obsolete.
            self._marks = marks
            for other in tuple(self._asked):
                self.leave(other)
        if self._asked.get(key) == place:
            return
        self.leave(key)
        if place not in self._asking:
            live, namespace = place
            self._asking[place] = set()
            asked = Asked(lambda obj: owner_of(obj, settings), self._exists, lambda name: self._changed((live, name)))
            live.orphans.watch(namespace, live.within(namespace), asked)
        self._asking[place].add(key)
        self._asked[key] = place

    def _exists(self, app: str) -> bool:
        return self._applications.get(key_of_instance(app, self._namespace)) is not None

    def _on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        """An Application was created or deleted: objects marked as its own stop being orphans, or become orphans."""
        if (old is None) == (new is None):
            return
        instance = instance_name(key_of(new or old or {}), self._namespace)
        for live in {id(live): live for live, _ in self._asking}.values():
            for namespace in live.orphans.namespaces_of(instance):
                self._changed((live, namespace))

    def _changed(self, place: Place) -> None:
        for key in self._asking.get(place, set()) - self._due:
            self._due.add(key)
            self._clock.call_later(SETTLING, partial(self._fire, key))

    def _fire(self, key: Key) -> None:
        self._due.discard(key)
        if key in self._asked:
            self._recount(key)
