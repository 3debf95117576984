"""Runs one controller: its queue, its workers, and one turn of a key.

A turn: look, decide, carry out the steps in order up to the first refusal, then store the memory and the wake
time. One turn per key at a time. An exception backs off its key alone and is shown in `failing`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from argosy.machinery.controller import KEEP, NOTHING, Controller, Decision, Refusal, own_key
from argosy.machinery.objects import JsonObject, Key, Resource, resource_of
from argosy.machinery.unexpected import described
from argosy.observe.metrics import Registry
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.clients.fencing import WORKING_ON, Turn
from argosy.runtime.clock import Clock
from argosy.runtime.engine.listers import Extent, Extents, Listers, NotFilled
from argosy.runtime.engine.livelock import LivelockGuard
from argosy.runtime.engine.outcome import Refused, Stale
from argosy.runtime.engine.peers_metrics import Result, RuntimeMetrics
from argosy.runtime.engine.questions import Questions
from argosy.runtime.engine.served import ServedKinds
from argosy.runtime.engine.snapshot import CachedSnapshot
from argosy.runtime.engine.subscriptions import Subscriptions, Work
from argosy.runtime.engine.writer import Writer
from argosy.runtime.loop_share import LoopShare
from argosy.runtime.workqueue.queue import QueueClosed, WorkQueue

BACKOFF = Backoff(first=0.1, longest=300.0)
STALE_LONGEST = 10.0
"""Seconds. A view that stays stale is read again at least this often."""

log = logging.getLogger(__name__)


class SleeplessError(Exception):
    """A decision did nothing and asked to be woken at a time that is not in the future: it would spin for ever."""


@dataclass(frozen=True, slots=True)
class Failing:
    """`error` has the type of error and where it was raised, never a foreign message."""

    count: int
    error: str
    at: datetime
    retry_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all controllers of an engine share."""

    clock: Clock
    listers: Listers
    served: ServedKinds
    questions: Questions
    subscriptions: Subscriptions
    writer: Writer
    owns: Callable[[str, Key], bool]
    share: LoopShare


class Runner:
    def __init__(self, controller: Controller[Any], shared: Shared, rng: Rng, registry: Registry) -> None:
        self.name = controller.name
        self.resource: Resource = resource_of(controller.kind)
        self.queue = WorkQueue(shared.clock, rng.fork(f"queue/{controller.name}"), BACKOFF)
        self.failing: dict[Work, Failing] = {}
        self.is_of_groups = controller.keys is not own_key
        self.turns_count = 0
        self.is_started = False
        self._controller = controller
        self._extents = Extents(controller)
        self.extent: Extent = self._extents.of(self.resource, "")
        self._shared = shared
        self._clock = shared.clock
        self._owns = partial(shared.owns, controller.name)
        self._guard = LivelockGuard()
        self._memory: dict[Key, Any] = {}
        self._refusals: dict[Key, tuple[Refusal, ...]] = {}
        self._turns = registry.counter("argosy_reconcile_total", "Looks, by result.", ("controller", "result"))
        self._ended_well = self._turns.adding(controller=controller.name, result="ok")
        seconds = registry.histogram("argosy_reconcile_seconds", "Time of one look.", ("controller",))
        self._took = seconds.observing(controller=controller.name)
        self._peers = RuntimeMetrics(registry, controller.name, controller.workers, lambda: self.queue.working_count)
        registry.gauge("argosy_queue_depth", "Keys that are ready.", ("controller",)).watch(
            lambda: len(self.queue), controller=self.name
        )

    def concern(self, obj: JsonObject, *, resync: bool) -> None:
        """Enqueues the keys of an object that exists, or existed."""
        for key in self._controller.keys(obj):
            self.queue.add(key, resync=resync)

    async def run(self) -> None:
        """Waits until the kind is served and its cache is filled, then works; looks fill the other caches they read."""
        await self._shared.served.wait_served(self.resource)
        await self._shared.listers.wait_filled(self.extent)
        self.is_started = True
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._controller.workers):
                tasks.create_task(self._work(), name=f"{self.name} worker {number}")

    async def _work(self) -> None:
        while True:
            await self._shared.share.wait()
            try:
                key = await self.queue.get()
            except QueueClosed:
                return
            try:
                if self._owns(key):
                    await self._guarded(Work(self.name, key))
                else:
                    self._forget(Work(self.name, key))
            finally:
                self.queue.done(key)

    async def _guarded(self, work: Work) -> None:
        """A turn, any failure of which affects this key only."""
        began = self._clock.monotonic()
        WORKING_ON.set(Turn(self.name, work.key, self._owns))
        self.turns_count += 1
        failed = True
        result: Result = "error"
        try:
            decision = await self._turn(work)
        except NotFilled:
            return
        except Stale as stale:
            self._failed(work, "conflict", str(stale))
        except Refused as refused:
            count = self._refusals[work.key][0].count + 1 if work.key in self._refusals else 1
            self._refusals[work.key] = refused.refusals(count, self._clock.now())
            self._failed(work, "refused", str(refused), at_least=refused.retry_after)
        except Exception as error:
            self._failed(work, "error", described(error))
        else:
            failed = False
            self._succeeded(work, decision)
            result = "success" if decision.wake_at is None else "requeue_after"
        seconds = self._clock.monotonic() - began
        self._took(seconds)
        self._peers.took(seconds, result)
        if self._controller.timed is not None:
            self._controller.timed(work.key, seconds, failed)

    async def _turn(self, work: Work) -> Decision:
        """Returns the steps carried out."""
        snapshot = self._snapshot(work)
        try:
            seen = self._controller.look(snapshot, work.key)
        finally:
            # After a failed look too: a change to what it had read may fix it.
            self._shared.subscriptions.replace(work, snapshot.notes.keys())
            self._shared.questions.settle(work, snapshot.asked, later=self.queue.is_resync(work.key))
        if seen is None:
            if self.is_of_groups or self._shared.listers.lister(self.extent).get(work.key) is None:
                self._forget(work)
            return NOTHING
        now = self._clock.now()
        decision = self._controller.decide(seen, now)
        _refuse_sleepless(decision, now)
        wrote = await self._shared.writer.carry_out(self._controller, decision.steps)
        changed = decision.memory is not KEEP and self._remember(work.key, decision.memory)
        if changed and decision.wake_at is None and not decision.is_settled:
            self.queue.add(work.key)
            # For the livelock guard: a memory that never settles spins like a write, except one that comes from an
            # answer, which takes its time.
            wrote = wrote or not snapshot.asked
        if wrote and (rest := self._guard.wrote(work.key, self._clock.monotonic())) > 0:
            log.warning("%s writes %s without end: it rests %.0f s", self.name, work.key, rest)
            self.queue.rest(work.key, rest)
        return decision

    def _remember(self, key: Key, memory: Any) -> bool:
        """Whether it differs from before."""
        before = self._memory.get(key)
        self._memory[key] = memory
        if self._controller.measure is not None:
            self._controller.measure(key, memory)
        return before is not memory and bool(before != memory)

    def _snapshot(self, work: Work) -> CachedSnapshot:
        shared, key = self._shared, work.key
        memory, refusals = self._memory.get(key), self._refusals.get(key, ())
        return CachedSnapshot(work, shared.listers, shared.served, shared.questions, self._extents, memory, refusals)

    def _succeeded(self, work: Work, decision: Decision) -> None:
        self.failing.pop(work, None)
        self._refusals.pop(work.key, None)
        self.queue.forget(work.key)
        if decision.steps and self._controller.finishes_first:
            self.queue.continues(work.key)
        if decision.wake_at is not None:
            seconds = (decision.wake_at - self._clock.now()).total_seconds()
            background = self._controller.background if decision.background is None else decision.background
            self.queue.add_after(work.key, seconds, background=background)
        self._ended_well()

    def _failed(self, work: Work, result: str, error: str, *, at_least: float = 0.0) -> None:
        delay = self.queue.retry(work.key, at_least=at_least, at_most=STALE_LONGEST if result == "conflict" else None)
        self.failing[work] = Failing(self.queue.failures(work.key), error, self._clock.now(), delay)
        self._turns.add(controller=self.name, result=result)
        # A conflict is the expected response to a stale view; anything else deserves a log line, once.
        is_news = result != "conflict" and self.queue.failures(work.key) == 1
        log.log(
            logging.WARNING if is_news else logging.DEBUG,
            "%s failed on %s, again in %.1f s: %s",
            self.name,
            work.key,
            delay,
            error,
        )

    def _forget(self, work: Work) -> None:
        """The object is deleted, or belongs to another replica: drop everything about it."""
        if self._controller.forget is not None:
            self._controller.forget(work.key)
        if self._memory.pop(work.key, None) is not None and self._controller.measure is not None:
            self._controller.measure(work.key, None)
        self._refusals.pop(work.key, None)
        self.failing.pop(work, None)
        self._guard.forget(work.key)
        self.queue.forget(work.key)
        self._shared.subscriptions.replace(work, ())
        self._shared.questions.settle(work, ())


def _refuse_sleepless(decision: Decision, now: datetime) -> None:
    if not decision.steps and decision.wake_at is not None and decision.wake_at <= now:
        raise SleeplessError(f"nothing to do, and woken at {decision.wake_at}: a wake time must lie ahead of {now}")
