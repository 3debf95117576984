"""Which Applications a change concerns, and at which level each is refreshed for it (spec 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.control_plane.context import Memory
from argosy.gitops.keys import key_of_instance, resource_key
from argosy.gitops.model.resource_tracking import labelled_owner, owner_of
from argosy.gitops.refresh.obstacles import Obstacles
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.clock import Clock


class Triggers:
    def __init__(
        self,
        plane: ControlPlane,
        clock: Clock,
        *,
        remember: Callable[[Key], Memory],
        enqueue: Callable[[Key], None],
        cluster_of: Callable[[JsonObject], Cluster | None],
        all_awake: Callable[[], None],
        owns: Callable[[Key], bool],
    ) -> None:
        """`all_awake` is called when all are to be looked at. `owns`: nothing is remembered of other replicas' ones."""
        self._plane = plane
        self._clock = clock
        self._remember = remember
        self._enqueue = enqueue
        self._cluster_of = cluster_of
        self._all_awake = all_awake
        self._owns = owns
        self._all_are_concerned = False
        self._obstacles = Obstacles(clock, plane.applications.list, owns, remember, self.unblocked)
        self.listeners: list[Callable[[JsonObject], None]] = []
        """Called for every change of a live object, whosever it is."""

    def concerned(self, key: Key) -> None:
        """One of another replica is enqueued all the same: its turn drops what is remembered of it."""
        if self._owns(key):
            memory = self._remember(key)
            memory.requests = memory.requests.with_recent()
        self._enqueue(key)

    def overdue(self, key: Key) -> None:
        """The next poll is due."""
        if self._owns(key):
            memory = self._remember(key)
            memory.requests = memory.requests.with_overdue()
            self._enqueue(key)

    def recount(self, key: Key) -> None:
        """Orphans changed."""
        if self._owns(key):
            memory = self._remember(key)
            memory.requests = memory.requests.with_recount()
            self._enqueue(key)

    def unblocked(self, key: Key) -> None:
        """What refused its last sync has changed."""
        if self._owns(key):
            memory = self._remember(key)
            memory.requests = memory.requests.with_unblocked()
        self._enqueue(key)

    def if_there(self, key: Key) -> None:
        if self._plane.applications.get(key) is not None:
            self.concerned(key)

    def everything(self) -> None:
        """Once, however many settings and credentials change at the same time, as they do at the start of a process."""
        if not self._all_are_concerned:
            self._all_are_concerned = True
            self._clock.call_later(0.0, self._wake_all)

    def cluster_changed(self, server: str) -> None:
        """Its kinds have changed, or it has become reachable or unreachable."""
        found = ((app, self._cluster_of(app)) for app in self._plane.applications.list())
        self._each(app for app, cluster in found if cluster is not None and cluster.server == server)

    def project_changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        """A project's own applications, or all if others may inherit from it."""
        before, after = read(AppProject, old or {}), read(AppProject, new or {})
        if old is not None and new is not None and before.spec.raw == after.spec.raw:
            return
        name = after.metadata.name or before.metadata.name
        if any(name == parent for parent, _ in self._plane.settings.global_projects):
            self.everything()
        else:
            self._each(self._plane.users_of(str(name)))

    def live_changed(self, obj: JsonObject) -> None:
        for listener in self.listeners:
            listener(obj)
        self._obstacles.live_changed(obj)
        settings = self._plane.settings
        owner = owner_of(obj, settings)
        key = key_of_instance(owner or labelled_owner(obj, settings), self._plane.namespace)
        if self._plane.applications.get(key) is None or not self._owns(key):
            return
        # With only its label, an object is the application's only if it is one of its targets.
        if owner or resource_key(obj) in self._remember(key).comparer.memo:
            self.concerned(key)

    def _wake_all(self) -> None:
        self._all_are_concerned = False
        self._all_awake()
        self._each(self._plane.applications.list())

    def _each(self, apps: Iterable[JsonObject]) -> None:
        for app in apps:
            self.concerned(key_of(app))
