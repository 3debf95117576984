"""What refused an automated sync and has changed: then the sync is retried (argo-cd#18442).

Only an outline of quotas is watched, and their usage changes with every hook that an attempt starts. So attempts are
few, and each waits twice as long as the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.control_plane.context import Memory
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.clock import Clock

GATHERING: Final = 1.0
"""Seconds in which changes of quotas are collected: Applications are searched once for them."""
FIRST_WAIT: Final = 4.0
"""Seconds after that; more changes within them count as one."""
TRIES: Final = 5
"""How many attempts for one revision; then a user has to request it."""
_WORDS: Final = "exceeded quota: "


@dataclass(slots=True)
class Obstacles:
    clock: Clock
    applications: Callable[[], Iterable[JsonObject]]
    owns: Callable[[Key], bool]
    remember: Callable[[Key], Memory]
    unblocked: Callable[[Key], None]
    changed: set[str] = field(default_factory=set)
    """Namespaces whose quotas changed recently."""

    def live_changed(self, obj: JsonObject) -> None:
        if obj.get("kind") != "ResourceQuota" or obj.get("apiVersion") != "v1":
            return
        if not self.changed:
            self.clock.call_later(GATHERING, self._look)
        self.changed.add(str((obj.get("metadata") or {}).get("namespace") or ""))

    def _look(self) -> None:
        namespaces, self.changed = self.changed, set()
        for app in self.applications():
            if refused_by_quota(app, namespaces) and self.owns(key := key_of(app)):
                self._try_again(key, self.remember(key), _attempt(app))

    def _try_again(self, key: Key, memory: Memory, attempt: str) -> None:
        if memory.obstacle_for != attempt:
            memory.obstacle_for, memory.obstacle_tries, memory.obstacle_waits = attempt, 0, False
        if memory.obstacle_waits or memory.obstacle_tries >= TRIES:
            return
        memory.obstacle_waits = True

        def wake() -> None:
            memory.obstacle_waits = False
            self.unblocked(key)

        self.clock.call_later(FIRST_WAIT * 2**memory.obstacle_tries, wake)
        memory.obstacle_tries += 1


def refused_by_quota(app: JsonObject, namespaces: Collection[str]) -> bool:
    """Whether a quota of one of the namespaces may be why the last sync failed."""
    found = read(Application, app)
    state = found.status.operation_state
    if state.phase not in ("Failed", "Error"):
        return False
    refused = {row.namespace for row in state.sync_result.resources if _WORDS in row.message}
    if not refused and _WORDS in state.message:
        refused = {found.spec.destination.namespace}
    return not refused.isdisjoint(namespaces)


def _attempt(app: JsonObject) -> str:
    result = read(Application, app).status.operation_state.sync_result
    return ",".join(result.revisions) or result.revision
