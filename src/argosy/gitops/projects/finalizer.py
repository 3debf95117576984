"""Looks after AppProjects: says what is wrong with one, and lets it go when no Application names it (spec 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

from argosy.gitops.control_plane.configuration import ControlPlane, project_of
from argosy.gitops.deletion.stages import FINALIZER
from argosy.gitops.keys import FIELD_MANAGER, PROJECTS
from argosy.gitops.projects import validation
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.controller import DONE, Controller, Outcome
from argosy.runtime.events import EventRecorder

INVALID = "InvalidProject"


class ProjectFinalizer:
    """`run` until cancelled. `events` is flushed by whoever owns it."""

    def __init__(
        self,
        client: Client,
        plane: ControlPlane,
        events: EventRecorder,
        clock: Clock,
        rng: Rng,
        owns: Callable[[Key], bool],
    ) -> None:
        self._client = client
        self._plane = plane
        self._events = events
        self._told: dict[Key, tuple[str, ...]] = {}
        self._controller = Controller("projects", self.look, clock=clock, rng=rng, workers=1, owns=owns)

    async def run(self) -> None:
        with ExitStack() as handlers:
            handlers.callback(self._controller.watch(self._plane.projects))
            handlers.callback(self._controller.watch(self._plane.applications, self._named))
            await self._controller.run()

    async def look(self, key: Key) -> Outcome:
        project = self._plane.projects.get(key)
        if project is None or key.namespace != self._plane.namespace:
            self._told.pop(key, None)
            return DONE
        self._tell(key, project)
        metadata = project["metadata"]
        finalizers = metadata.get("finalizers") or []
        if not metadata.get("deletionTimestamp") or FINALIZER not in finalizers or self._plane.users_of(key.name):
            return DONE
        left = [name for name in finalizers if name != FINALIZER] or None
        patch = {"metadata": {"finalizers": left, "resourceVersion": metadata["resourceVersion"]}}
        await self._client.write(
            requests.patch(PROJECTS, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=FIELD_MANAGER)
        )
        return Outcome(acted=True)

    def _tell(self, key: Key, project: JsonObject) -> None:
        found = tuple(validation.problems(project))
        if found != self._told.get(key, ()):
            self._told[key] = found
            for text in found:
                self._events.record(project, INVALID, text, event_type="Warning")

    def _named(self, app: JsonObject) -> Iterable[Key]:
        return (Key(self._plane.namespace, project_of(app)),)
