"""Polls every repository for new commits, once for all Applications with the same revision of it (spec 5.1).

All concurrently, within limits; one that does not answer is polled less and less often, and delays nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.manifests.generation import Manifests
from argosy.gitops.model.application_spec import sources_of, spec_of, status_of
from argosy.gitops.projects.permissions import permits_source
from argosy.gitops.refresh.repository_limits import RepositoryLimits
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.sources.port import SourceError

OFF_LOOK = 60.0
"""Seconds until it is checked again whether polling is still turned off."""
LONGEST_REST = 600.0
"""Seconds after which a repository that keeps failing is polled again."""


class Followed(NamedTuple):
    """What is polled for a new revision, once for all its users."""

    url: str
    revision: str
    project: str
    chart: str
    tag_prefix: str

    @property
    def source(self) -> Source:
        named = {"repoURL": self.url, "targetRevision": self.revision, "chart": self.chart}
        return read(Source, {**named, "tagPrefix": self.tag_prefix})


@dataclass(slots=True)
class _Answers:
    """A repository's last answer for one target."""

    commit: str = ""
    """ "" if there was none."""
    is_asked: bool = False
    """The answer is pending."""
    failures: int = 0
    """Number of consecutive failures."""
    rests_until: float = 0.0
    """On the monotonic clock."""


class Polling:
    """`run` until cancelled. `owns`: whether an Application is this replica's; `overdue` is called for new commits."""

    def __init__(
        self,
        plane: ControlPlane,
        manifests: Manifests,
        clock: Clock,
        rng: Rng,
        limits: RepositoryLimits,
        *,
        owns: Callable[[Key], bool],
        overdue: Callable[[Key], None],
    ) -> None:
        self._plane = plane
        self._manifests = manifests
        self._clock = clock
        self._rng = rng
        self._limits = limits
        self._owns = owns
        self._overdue = overdue
        self._answers: dict[Followed, _Answers] = {}

    async def run(self, at_each: Callable[[], None]) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                settings = self._plane.settings
                if settings.refresh_seconds <= 0:
                    await self._clock.sleep(OFF_LOOK, background=True)
                    continue
                pause = settings.refresh_seconds + self._rng.uniform(0.0, settings.refresh_jitter)
                await self._clock.sleep(pause, background=True)
                # Not awaited: whatever hangs in this poll is left out of the next one.
                tasks.create_task(self.look())
                at_each()

    def forgive(self) -> None:
        """Settings or credentials have changed: what failed may work now."""
        for answers in self._answers.values():
            answers.failures, answers.rests_until = 0, 0.0

    async def look(self) -> None:
        """A new commit wakes the applications that follow it; so does a failure to poll, to report it."""
        users, now = self._users(), self._clock.monotonic()
        for gone in [place for place, known in self._answers.items() if place not in users and not known.is_asked]:
            del self._answers[gone]
        async with asyncio.TaskGroup() as tasks:
            for place, keys in sorted(users.items()):
                answers = self._answers.setdefault(place, _Answers())
                if not answers.is_asked and now >= answers.rests_until:
                    answers.is_asked = True
                    tasks.create_task(self._ask(place, answers, keys))

    async def _ask(self, place: Followed, answers: _Answers, keys: list[Key]) -> None:
        question = partial(self._manifests.resolve, place.source, self._plane.credentials, place.project)
        try:
            found = await self._limits.run(place.url, question)
            answers.failures, answers.rests_until = 0, 0.0
        except SourceError:
            found = ""
            self._rest(answers)
        finally:
            answers.is_asked = False
        if found != answers.commit or not found:
            answers.commit = found
            for key in keys:
                self._overdue(key)

    def _rest(self, answers: _Answers) -> None:
        """Once it is repeated with the next poll, then less and less often."""
        answers.failures += 1
        interval = self._plane.settings.refresh_seconds
        pause = min(interval * 2.0 ** min(answers.failures - 1, 30), max(interval, LONGEST_REST))
        answers.rests_until = self._clock.monotonic() + pause - interval / 2

    def _users(self) -> dict[Followed, list[Key]]:
        users: dict[Followed, list[Key]] = {}
        for app in self._plane.applications.list():
            key = key_of(app)
            if not self._owns(key):
                continue
            if _is_broken(app):
                # The fix may be outside of the repository: it is retried with every poll.
                self._overdue(key)
            spec = spec_of(app)
            for source in sources_of(spec):
                users.setdefault(_followed(source, spec.project), []).append(key)
        return {place: keys for place, keys in users.items() if self._is_permitted(place)}

    def _is_permitted(self, place: Followed) -> bool:
        """An application must not make us poll with matching credentials what its project refuses."""
        permits = self._plane.effective(place.project)
        return permits is not None and permits_source(permits, place.url)


def _followed(source: Source, project: str) -> Followed:
    return Followed(source.repo_url, source.target_revision, project, source.chart, source.tag_prefix)


def _is_broken(app: JsonObject) -> bool:
    return any(item.type in ("ComparisonError", "UnknownError") for item in status_of(app).conditions)
