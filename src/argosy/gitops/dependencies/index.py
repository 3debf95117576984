"""Which Application a change of another wakes: an index by the name of the dependency, and the current waiters.

Only reads the Applications' cache. The memory saves looks: a new process looks at every Application anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from argosy.gitops.dependencies import graph as dependencies
from argosy.gitops.keys import annotations_of
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.caches.informer import Cache

INDEX = "gitops/depends-on"


class DependencyIndex:
    def __init__(
        self, applications: Cache, wake: Callable[[Key], None], is_served: Callable[[JsonObject], bool]
    ) -> None:
        """`wake`: compares an Application again. `is_served`: whether its namespace is permitted, so that it counts."""
        self._applications = applications
        self._is_served = is_served
        self._wake = wake
        self._waiting: set[Key] = set()
        applications.add_index(INDEX, lambda app: [str(key) for key in dependencies.dependencies_of(app)])
        applications.on_change(self._on_change)

    def errors(self, app: JsonObject) -> list[str]:
        """Texts of InvalidSpecError conditions."""
        if dependencies.DEPENDS_ON not in annotations_of(app):
            return []
        if not self._dependents(key_of(app)):
            # An Application without dependents is on no cycle: no search is needed.
            return dependencies.errors_of(app, lambda key: None)
        return dependencies.errors_of(app, self._get(app))

    def waits(self, app: JsonObject) -> str:
        """What a sync of the application waits for; from now on it is woken by every change of that. "" for nothing."""
        if dependencies.DEPENDS_ON not in annotations_of(app):
            return ""
        return self._noted(app, dependencies.waits_for(app, self._get(app)))

    def deletion(self, app: JsonObject, now: datetime) -> dependencies.Reverse:
        """What the deletion of the application waits for, and which others stay."""
        served = [other for other in self._dependents(key_of(app)) if self._is_served(other)]
        found = dependencies.deletion_waits(app, served, self._get(app), now) if served else dependencies.Reverse()
        self._noted(app, found.awaited or found.mention)
        return found

    def _noted(self, app: JsonObject, text: str) -> str:
        # Before anything is awaited: a change while the wait is being written is not missed.
        (self._waiting.add if text else self._waiting.discard)(key_of(app))
        return text

    def _get(self, app: JsonObject) -> dependencies.Get:
        me = key_of(app)
        return lambda key: app if key == me else self._applications.get(key)

    def _dependents(self, key: Key) -> Sequence[JsonObject]:
        return self._applications.by_index(INDEX, str(key))

    def _on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        key = key_of(new or old or {})
        before, after = (dependencies.dependencies_of(app) if app else () for app in (old, new))
        ready = dependencies.readiness(old) != dependencies.readiness(new)
        if before != after:
            self._rewired(key, {*before, *after})
        elif _text(old) != _text(new):
            self._wake(key)  # an invalid name was fixed, or written
        if ready:
            self._wake_waiting(key_of(app) for app in self._dependents(key))
        if ready or before != after:
            self._wake_waiting({*before, *after})  # whose deletion may have waited for this one
        if new is None:
            self._waiting.discard(key)

    def _rewired(self, key: Key, others: set[Key]) -> None:
        """The chain of waits changed here: a cycle through it was closed or broken, if it has any dependents."""
        self._wake(key)
        if self._dependents(key):
            for member in dependencies.reachable(others, self._applications.get):
                self._wake(member)

    def _wake_waiting(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._waiting:
                self._wake(key)


def _text(app: JsonObject | None) -> str:
    return annotations_of(app).get(dependencies.DEPENDS_ON, "") if app else ""
