"""Asks every repository for new commits, once for all Applications that follow the same revision of it (spec 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from argosy.gitops.normalize_spec import normalised, sources_of
from argosy.gitops.projects import permits_source
from argosy.gitops.rendering import Manifests
from argosy.gitops.world import ControlPlane
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.sources.port import SourceError

OFF_LOOK = 60.0
"""Seconds after which polling that is switched off is asked about again."""


class Followed(NamedTuple):
    """What is asked for a new revision, once for all who use it."""

    url: str
    revision: str
    project: str
    chart: str
    tag_prefix: str

    @property
    def source(self) -> JsonObject:
        named = {"repoURL": self.url, "targetRevision": self.revision, "chart": self.chart}
        return {**named, "tagPrefix": self.tag_prefix}


class Polling:
    """`run` until cancelled. `owns`: whether an Application is this replica's; `overdue` hears of new commits."""

    def __init__(
        self,
        plane: ControlPlane,
        manifests: Manifests,
        clock: Clock,
        rng: Rng,
        *,
        owns: Callable[[Key], bool],
        overdue: Callable[[Key], None],
    ) -> None:
        self._plane = plane
        self._manifests = manifests
        self._clock = clock
        self._rng = rng
        self._owns = owns
        self._overdue = overdue
        self._commits: dict[Followed, str] = {}

    async def run(self, after_each: Callable[[], None]) -> None:
        while True:
            settings = self._plane.settings
            if settings.refresh_seconds <= 0:
                await self._clock.sleep(OFF_LOOK, background=True)
                continue
            pause = settings.refresh_seconds + self._rng.uniform(0.0, settings.refresh_jitter)
            await self._clock.sleep(pause, background=True)
            await self.look()
            after_each()

    async def look(self) -> None:
        """A new commit wakes those that follow it; one that cannot be asked for, too, to say so."""
        before, self._commits = self._commits, {}
        for place, keys in sorted(self._users().items()):
            try:
                found = await self._manifests.resolve(place.source, self._plane.credentials, place.project)
            except SourceError:
                found = ""
            self._commits[place] = found
            if found != before.get(place) or not found:
                for key in keys:
                    self._overdue(key)

    def _users(self) -> dict[Followed, list[Key]]:
        users: dict[Followed, list[Key]] = {}
        for app in self._plane.applications.list():
            key = key_of(app)
            if not self._owns(key):
                continue
            if _is_broken(app):
                # What mends it may lie outside of the repository: it is tried again with every poll.
                self._overdue(key)
            spec = normalised(app.get("spec") or {})
            for source in sources_of(spec):
                users.setdefault(_followed(source, spec["project"]), []).append(key)
        return {place: keys for place, keys in users.items() if self._is_permitted(place)}

    def _is_permitted(self, place: Followed) -> bool:
        """Nobody makes us ask, with credentials that may fit, for what their project refuses them."""
        permits = self._plane.effective(place.project)
        return permits is not None and permits_source(permits, place.url)


def _followed(source: JsonObject, project: str) -> Followed:
    url, revision, chart, prefix = (
        str(source.get(name) or "") for name in ("repoURL", "targetRevision", "chart", "tagPrefix")
    )
    return Followed(url, revision, project, chart, prefix)


def _is_broken(app: JsonObject) -> bool:
    found = (app.get("status") or {}).get("conditions") or ()
    return any(item.get("type") in ("ComparisonError", "UnknownError") for item in found)
