"""Answers passes: compares, operates or deletes, and returns the result."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.clusters.connections import Connecting
from argosy.gitops.comparison.conclusion import Concluded
from argosy.gitops.comparison.reconciler import ComparisonReconciler
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.deletion.reconciler import DeletionReconciler
from argosy.gitops.keys import REFRESH, annotations_of
from argosy.gitops.reconcile.advance import Advance, Failure, failure_of
from argosy.gitops.reconcile.reconciliation import Reconciled, Reconciliation, Stage, Work
from argosy.gitops.sync.operation import OperationReconciler
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described
from argosy.observe.tracing import ANNOTATION, is_on, span
from argosy.runtime.chance import Rng
from argosy.runtime.clients.fencing import WORKING_ON, FencedOff, Turn
from argosy.runtime.engine import Answerer

CONTROLLER = "applications"
LONGEST_PASS = 600.0
"""Seconds after which one pass is stopped and retried."""
STAND_INS = 50
"""The limit for each worker."""

log = logging.getLogger(__name__)


class Passes:
    """`owns`: whether an Application is this replica's; checked before each of a pass's writes."""

    def __init__(self, context: ReconcileContext, rng: Rng, owns: Callable[[Key], bool], workers: int) -> None:
        self.count = 0
        """How many passes were started, for metrics and tests."""
        self.observe: Callable[[Key, float], None] | None = None
        """Called with the seconds that each pass took, for metrics."""
        self._context, self._rng, self._owns, self._workers = context, rng, owns, workers
        self._comparison = ComparisonReconciler(context)
        self._operation = OperationReconciler(context, self._comparison.app_state)
        self._deletion = DeletionReconciler(context, self._comparison.app_state)
        self._running = 0
        self._is_closed = False
        self._idle = asyncio.Event()

    def answerers(self) -> dict[type[Question[object]], Answerer]:
        stand_ins = STAND_INS * self._workers
        return {
            Reconciliation: Answerer(answer=self.answer, limit=self._workers, timeout=LONGEST_PASS, stand_ins=stand_ins)
        }

    async def answer(self, asked: Reconciliation) -> Reconciled:
        if self._is_closed:
            await asyncio.Event().wait()  # this process is stopping: another one asks again
        self.count += 1
        self._running += 1
        WORKING_ON.set(Turn(CONTROLLER, asked.app, self._owns))
        clock, memory = self._context.clock, self._context.remember(asked.app)
        began, memory.judge_at = clock.monotonic(), None
        try:
            found = await self._found(asked.app, asked.work)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
            if self.observe is not None:
                self.observe(asked.app, clock.monotonic() - began)
        judge_after = max(memory.judge_at - clock.monotonic(), 0.0) if memory.judge_at is not None else None
        return Reconciled(work=asked.work, found=found, judge_after=judge_after, chance=self._rng.uniform(0.0, 1.0))

    async def drain(self) -> None:
        """Starts no more passes, and waits for those that have started."""
        self._is_closed = True
        while self._running:
            self._idle.clear()
            await self._idle.wait()

    async def _found(self, key: Key, work: Work) -> Advance | Concluded:
        try:
            with span("reconcile", self._cause(key, work.app), application=str(key)):
                return await self._run(key, work)
        except Connecting:
            return Advance(failure=Failure(is_awaited=True))
        except (StatusError, OSError) as error:
            self._say(key, work, error)
            return Advance(failure=failure_of(error))
        except FencedOff as error:
            self._say(key, work, error)
            return Advance(failure=Failure())
        except Exception as error:
            self._say(key, work, error)
            return Advance(failure=Failure(described(error)))

    def _cause(self, key: Key, app: JsonObject) -> str:
        """The trace that requested this pass, or to which the work in progress belongs."""
        if not is_on():
            return ""
        memory = self._context.remember(key)
        if cause := annotations_of(app).get(ANNOTATION):
            memory.trace = cause
        cause = memory.trace
        if not read(Application, app).has_operation and REFRESH not in annotations_of(app):
            memory.trace = ""  # this pass is the last that it caused
        return cause

    async def _run(self, key: Key, work: Work) -> Advance | Concluded:
        match work.stage:
            case Stage.DELETE:
                return await self._deletion.run(key, work.app)
            case Stage.OPERATE:
                return await self._operation.run(key, work)
            case Stage.COMPARE:
                return await self._comparison.run(key, work)

    def _say(self, key: Key, work: Work, error: Exception) -> None:
        # A conflict is the expected answer to a stale view, and a replica that lost the key must not act on it.
        is_expected = isinstance(error, FencedOff) or (isinstance(error, StatusError) and error.is_conflict)
        level = logging.DEBUG if is_expected else logging.ERROR
        log.log(level, "%s failed on %s: %s", work.stage, key, described(error))
