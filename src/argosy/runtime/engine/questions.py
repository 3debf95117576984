"""Answers to questions: asked once for all readers, limited, timed out, retried, dropped when no longer wanted.

`ask` is called by looks and starts nothing; `settle` is called after a look and starts what is new. So a look stays
pure, and a question that no last look asks for is cancelled and its answer dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from argosy.machinery.controller import PENDING, Failed, Question
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock, TimerHandle
from argosy.runtime.engine.lanes import Lanes
from argosy.runtime.engine.subscriptions import Work
from argosy.runtime.waiting import PLACE, Place

SLOW_SECONDS = 3.0
"""Seconds after which an answer that yields its place counts as waiting."""

log = logging.getLogger(__name__)


def _one_lane(question: Any) -> Hashable:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """How questions of one class are answered.

    Up to `limit` at once, of one `lane` (by default all share one) up to `per_lane`; `timeout` and back-off in seconds.
    Errors that the port expects are part of the answer; any other exception makes the question `Failed`.
    """

    answer: Callable[[Any], Awaitable[Any]]
    limit: int = 8
    timeout: float = 60.0
    lane: Callable[[Any], Hashable] = _one_lane
    per_lane: int = 0
    """0: as many as `limit`."""
    stand_ins: int = 0
    """How many answers that wait (`runtime.waiting`), or are slow, yield their places to others. They resume
    one at a time, one per event loop turn, however many could."""
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, longest=300.0))


@dataclass(slots=True, eq=False)
class _Entry:
    question: Question[Any]
    state: Any = PENDING
    works: dict[Work, None] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    timer: TimerHandle | None = None
    failures: int = 0


@dataclass(slots=True)
class _Held:
    """The place of an answer in progress; it may yield it to others before it is done."""

    lanes: Lanes[_Entry]
    lane: Hashable
    away: dict[type[Question[Any]], int]
    kind: type[Question[Any]]
    stand_ins: int
    is_left: bool = False

    def leave(self) -> bool:
        """Whether there is a place now that was not there before."""
        if self.is_left or self.away.get(self.kind, 0) >= self.stand_ins:
            return False
        self.is_left = True
        self.away[self.kind] = self.away.get(self.kind, 0) + 1
        self.lanes.done(self.lane)
        return True

    def done(self) -> None:
        if self.is_left:
            self.away[self.kind] -= 1
        else:
            self.lanes.done(self.lane)


class Questions:
    """Works inside `run`; questions asked before that start along with it."""

    def __init__(
        self,
        answerers: Mapping[type[Question[Any]], Answerer],
        clock: Clock,
        rng: Rng,
        wake: Callable[[Work], None],
        registry: Registry = REGISTRY,
    ) -> None:
        self._answerers: dict[type[Question[Any]], Answerer] = {}
        self._lanes: dict[type[Question[Any]], Lanes[_Entry]] = {}
        self._clock, self._rng, self._wake = clock, rng, wake
        self._entries: dict[Question[Any], _Entry] = {}
        self._asked: dict[Work, tuple[Question[Any], ...]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._context = copy_context()
        self._away: dict[type[Question[Any]], int] = {}
        """How many have yielded their places and are not done."""
        self._turn = asyncio.Lock()
        self.add(answerers)
        self._answers = registry.counter("argosy_questions_total", "Questions, by kind and result.", ("kind", "result"))

    def __len__(self) -> int:
        return len(self._entries)

    def awaited_count(self, kind: type[Question[Any]]) -> int:
        """How many of a class have no answer yet; iterates over all."""
        return sum(entry.state is PENDING for entry in self._entries.values() if isinstance(entry.question, kind))

    def add(self, answerers: Mapping[type[Question[Any]], Answerer]) -> None:
        self._answerers |= answerers
        for kind, one in answerers.items():
            self._lanes.setdefault(kind, Lanes(one.limit, one.per_lane or one.limit))

    async def run(self) -> None:
        self._context = copy_context()
        async with asyncio.TaskGroup() as self._tasks:
            try:
                self._start_all()
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # an answer that is cancelled now must not start the next one

    def ask(self, question: Question[Any]) -> Any:
        """The answer, Failed or PENDING. KeyError for a question that no class answers, which is a bug."""
        if type(question) not in self._answerers:
            raise KeyError(f"nobody answers {type(question).__name__}: name an Answerer for it")
        entry = self._entries.get(question)
        return PENDING if entry is None else entry.state

    def settle(self, work: Work, asked: Iterable[Question[Any]], *, later: bool = False) -> None:
        """The last look of `work` asked exactly these. `later`: it was not caused by a change, so others go first."""
        now = tuple(dict.fromkeys(asked))
        before = self._asked.get(work, ())
        if now == before:
            return
        for question in now:
            self._hold(question, later=later).works[work] = None
        for question in before:
            if question not in now:
                self._let_go(question, work)
        if now:
            self._asked[work] = now
        else:
            self._asked.pop(work, None)
        self._start_all()

    def _hold(self, question: Question[Any], *, later: bool) -> _Entry:
        entry = self._entries.get(question)
        if entry is None:
            entry = self._entries[question] = _Entry(question)
            self._queue(entry, later=later)
        elif not later:
            self._lanes[type(question)].advance(self._lane(entry), entry)
        return entry

    def _let_go(self, question: Question[Any], work: Work) -> None:
        entry = self._entries[question]
        entry.works.pop(work, None)
        if entry.works:
            return
        del self._entries[question]
        if entry.timer is not None:
            entry.timer.cancel()
        if not self._lanes[type(question)].remove(self._lane(entry), entry) and entry.task is not None:
            entry.task.cancel()

    def _queue(self, entry: _Entry, *, later: bool = False) -> None:
        self._lanes[type(entry.question)].add(self._lane(entry), entry, later=later)

    def _lane(self, entry: _Entry) -> Hashable:
        return self._answerers[type(entry.question)].lane(entry.question)

    def _start_all(self) -> None:
        if self._tasks is None:
            return
        for kind, lanes in self._lanes.items():
            for lane, entry in lanes.take():
                name = f"answer of {kind.__name__}"
                # In the engine's context: the task that frees a place may be in the middle of something of its own.
                answering = self._answer(entry, lanes, lane)
                entry.task = self._tasks.create_task(answering, name=name, context=self._context.copy())

    async def _answer(self, entry: _Entry, lanes: Lanes[_Entry], lane: Hashable) -> None:
        answerer = self._answerers[type(entry.question)]
        held = _Held(lanes, lane, self._away, type(entry.question), answerer.stand_ins)
        try:
            async with asyncio.timeout(answerer.timeout):
                state = await self._in_place(entry, answerer, held)
            entry.failures = 0
        except Exception as error:
            state = self._failed(entry, answerer, error)
        finally:
            held.done()
            entry.task = None
            self._start_all()
        self._came(entry, state)

    async def _in_place(self, entry: _Entry, answerer: Answerer, held: _Held) -> Any:
        if not answerer.stand_ins:
            return await answerer.answer(entry.question)

        def leave() -> None:
            if held.leave():
                self._start_all()

        PLACE.set(Place(leave, self._own_turn))
        timer = self._clock.call_later(SLOW_SECONDS, leave, background=True)
        try:
            await self._own_turn()
            return await answerer.answer(entry.question)
        finally:
            timer.cancel()

    async def _own_turn(self) -> None:
        async with self._turn:
            await self._clock.sleep(0)

    def _failed(self, entry: _Entry, answerer: Answerer, error: Exception) -> Failed:
        entry.failures += 1
        now = self._clock.now()
        wait = answerer.backoff.delay(entry.failures, self._rng)
        reason = "Timeout" if isinstance(error, TimeoutError) else type(error).__name__
        # The type only: a foreign message may contain a secret (security rule 9).
        log.log(
            logging.WARNING if entry.failures == 1 else logging.DEBUG,
            "%s was not answered: %s; again in %.0f s",
            type(entry.question).__name__,
            reason,
            wait,
        )
        background = wait >= answerer.backoff.longest
        entry.timer = self._clock.call_later(wait, lambda: self._again(entry), background=background)
        return Failed(reason, now, now + timedelta(seconds=wait), entry.failures)

    def _again(self, entry: _Entry) -> None:
        entry.timer = None
        if entry.works:
            self._queue(entry)
            self._start_all()

    def _came(self, entry: _Entry, state: Any) -> None:
        entry.state = state
        result = "failed" if isinstance(state, Failed) else "answered"
        self._answers.add(kind=type(entry.question).__name__, result=result)
        for work in tuple(entry.works):
            self._wake(work)
