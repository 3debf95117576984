"""Answers the hydrator's questions: revisions, changed files, and the hydration itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.hydrator import validation
from argosy.gitops.hydrator.commit import committed
from argosy.gitops.hydrator.groups import dry_source, project_of
from argosy.gitops.hydrator.metrics import CommitMetrics, CountedWriter
from argosy.gitops.hydrator.prepare import Preparation
from argosy.gitops.hydrator.questions import Batch, DryCommit, End, Hydrate, HydrationFailed, Relevance
from argosy.gitops.hydrator.validation import Candidate
from argosy.gitops.projects import permissions as projects
from argosy.gitops.refresh.repository_limits import RepositoryLimits
from argosy.machinery.controller import Question
from argosy.machinery.objects import key_of
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described
from argosy.runtime.chance import Rng
from argosy.runtime.engine import Answerer
from argosy.sources.port import GitRemote, GitWriter, SourceError

HYDRATION_SECONDS: Final = 600.0
"""After this time a hydration is restarted."""
MANY: Final = 10_000
"""How many questions may be open: `RepositoryLimits` and the settings limit how many run."""

log = logging.getLogger(__name__)


class Answers:
    def __init__(
        self,
        context: ReconcileContext,
        git: GitRemote,
        writer: Callable[[], GitWriter],
        rng: Rng,
        limits: RepositoryLimits,
    ) -> None:
        self._context, self._writer, self._limits = context, writer, limits
        self._preparing = Preparation(context, git, writer, rng.token_bytes)
        self._places: asyncio.Semaphore | None = None
        self._metrics = CommitMetrics(context.clock)

    def answerers(self) -> Mapping[type[Question[Any]], Answerer]:
        return {
            DryCommit: Answerer(answer=self._dry_commit, limit=MANY, timeout=HYDRATION_SECONDS),
            Relevance: Answerer(answer=self._relevance, limit=MANY, timeout=HYDRATION_SECONDS),
            Hydrate: Answerer(answer=self._in_turn, limit=MANY, timeout=HYDRATION_SECONDS),
        }

    async def _dry_commit(self, question: DryCommit) -> str:
        url = dry_source(question.app).repo_url
        return await self._limits.run(url, partial(self._preparing.resolved, question.app, 0.0))

    async def _relevance(self, question: Relevance) -> bool:
        return await self._preparing.is_relevant(question.obj, question.compared, question.dry, question.paths)

    async def _in_turn(self, question: Hydrate) -> End:
        """As many at once as `controller.hydration.processors` was when the first one started."""
        if self._places is None:
            self._places = asyncio.Semaphore(self._context.plane.settings.hydration_workers)
        async with self._places:
            return await self._hydrated(question.batch)

    async def _hydrated(self, batch: Batch) -> End:
        """Everything between the two status writes. A failing API server is not the applications' fault."""
        dry = ""
        try:
            candidates = self._candidates(batch)
            if errors := validation.errors_of(candidates, self._context.namespace):
                raise HydrationFailed(errors)
            dry = await self._preparing.dry_commit(batch.apps[0])
            work, credentials = await self._preparing.commission(candidates, dry)
            with self._metrics.commit(work.repository):
                writer = CountedWriter(self._writer(), self._metrics)
                commit = await committed(work, writer, credentials, self._context.clock)
        except HydrationFailed as error:
            return End(dry=dry, failure=error)
        except SourceError as error:
            return End(dry=dry, failure=HydrationFailed({}, for_all=f"failed to commit hydrated manifests: {error}"))
        except (StatusError, OSError):
            raise
        except Exception as error:  # shown to the applications' owners, and logged
            log.error("a hydration failed: %s", described(error))
            return End(dry=dry, failure=HydrationFailed({}, for_all=described(error)))
        return End(dry=dry, commit=commit)

    def _candidates(self, batch: Batch) -> list[Candidate]:
        plane = self._context.plane
        found = []
        for app in batch.apps:
            project = plane.project(project_of(app))
            spec = projects.effective(project, plane.projects_by_name(), plane.settings) if project else None
            found.append(Candidate(key_of(app), app, spec))
        return found
