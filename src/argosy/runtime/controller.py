"""Runs one reconcile function: keys in, one look at a time for each, failures backed off and shown.

The reconcile function answers with an `Outcome`. An exception is a bug or an outage: it backs off its key only,
is counted and kept in `failing`, and the other keys go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import Told, described
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.backoff import Backoff
from argosy.runtime.caches.informer import Cache
from argosy.runtime.chance import Rng
from argosy.runtime.clients.fencing import WORKING_ON, FencedOff, Turn
from argosy.runtime.clock import Clock
from argosy.runtime.workqueue.queue import QueueClosed, WorkQueue

LONGEST_LOOK = 600.0
"""Seconds after which one reconcile is given up and retried."""
SLOW_LOOK = 3.0
"""Seconds after which another worker stands in for one whose look still waits, for a repository perhaps."""
STAND_INS = 50
"""At most so many for each worker."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look that waits does with its place: `leaves` it to another worker; `returns` to it in its turn."""

    leaves: Callable[[], None]
    returns: Callable[[], Awaitable[None]]


_LOOK: ContextVar[_Look | None] = ContextVar("look", default=None)
T = TypeVar("T")

log = logging.getLogger(__name__)


async def waiting(work: Awaitable[T]) -> T:
    """Awaits what may take its time outside: to wait is not to work, so another worker stands in meanwhile.

    Nothing happens for what is there at once. Many may have waited for the same: one goes on in each turn of the loop.
    """
    look = _LOOK.get()
    if look is None:
        return await work
    waited = _Waited(work, look.leaves)
    made = await waited
    if waited.has_waited:
        await look.returns()
    return made


class _Waited(Generic[T]):
    def __init__(self, work: Awaitable[T], leaves: Callable[[], None]) -> None:
        self._work, self._leaves = work, leaves
        self.has_waited = False

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        sent: Any = None
        error: BaseException | None = None
        while True:
            try:
                pending = steps.send(sent) if error is None else steps.throw(error)
            except StopIteration as stop:
                made: T = stop.value
                return made
            self.has_waited = True
            self._leaves()
            try:
                sent, error = (yield pending), None
            except BaseException as thrown:
                error = thrown


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`acted`: something was written or begun. `requeue_after` seconds: look again without a change being seen.

    `background` requeues (polls, resyncs) do not keep a rehearsal alive.
    """

    acted: bool = False
    requeue_after: float | None = None
    background: bool = False


DONE = Outcome()
"""Nothing more until something changes."""

Reconcile = Callable[[Key], Awaitable[Outcome]]
Keys = Callable[[JsonObject], Iterable[Key]]
"""Which keys a changed object concerns."""


class SleeplessError(Told):
    """A reconcile did nothing and asked to be woken at a time that is not in the future: it would spin for ever."""


@dataclass(frozen=True, slots=True)
class Failing:
    count: int
    error: str
    at: datetime
    retry_in: float


class Controller:
    """`run` until cancelled, or until `stop` has drained it."""

    def __init__(
        self,
        name: str,
        reconcile: Reconcile,
        *,
        clock: Clock,
        rng: Rng,
        workers: int = 4,
        backoff: Backoff | None = None,
        owns: Callable[[Key], bool] | None = None,
        let_go: Callable[[Key], None] | None = None,
        registry: Registry = REGISTRY,
    ) -> None:
        """`owns`: whether a key is this replica's (runtime.sharding); asked when the key's turn comes, and by the
        fence. `let_go`: hears of a key that is another replica's now: what is remembered of it may be dropped.
        """
        self.name = name
        self.queue = WorkQueue(clock, rng.fork(f"queue/{name}"), backoff)
        self.failing: dict[Key, Failing] = {}
        """The keys whose last look failed."""
        self._reconcile = reconcile
        self._clock = clock
        self._workers = workers
        self._owns = owns or (lambda key: True)
        self._let_go = let_go or (lambda key: None)
        self.observe: Callable[[Key, float], None] | None = None
        """Hears how many seconds each look took, for metrics."""
        self._tasks: asyncio.TaskGroup | None = None
        self._stand_ins = 0
        self._turn = asyncio.Lock()
        self._looks = registry.counter("argosy_reconcile_total", "Looks, by result.", ("controller", "result"))
        self._seconds = registry.histogram("argosy_reconcile_seconds", "Time of one look.", ("controller",))
        registry.gauge("argosy_queue_depth", "Keys that are ready.", ("controller",)).watch(
            lambda: len(self.queue), controller=name
        )

    def owns(self, key: Key) -> bool:
        """Whether a key is this replica's: what decides whether to begin, and whether a write may still be made."""
        return self._owns(key)

    def enqueue(self, key: Key) -> None:
        self.queue.add(key)

    def watch(self, cache: Cache, keys: Keys | None = None) -> Callable[[], None]:
        """Every change in `cache` enqueues the keys it concerns, by its old and its new state; returns how to stop."""
        wanted = keys or own_key

        def changed(old: JsonObject | None, new: JsonObject | None) -> None:
            for obj in (old, new):
                if obj is not None:
                    for key in wanted(obj):
                        self.queue.add(key)

        return cache.on_change(changed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for number in range(self._workers):
                self._tasks.create_task(self._work(), name=f"{self.name} worker {number}")

    async def stop(self) -> None:
        """Takes no more work and waits until what was begun is done."""
        self.queue.shut_down()
        await self.queue.wait_idle()

    async def _work(self) -> None:
        while True:
            try:
                key = await self.queue.get()
            except QueueClosed:
                return
            try:
                if not self._owns(key):
                    self._forget(key)
                    self._let_go(key)
                else:
                    await self._own_turn()
                    if await self._look_beside_others(key):
                        return
            finally:
                self.queue.done(key)

    async def _own_turn(self) -> None:
        """One look begins or goes on in each turn of the loop, however many could."""
        async with self._turn:
            await self._clock.sleep(0)

    async def _look_beside_others(self, key: Key) -> bool:
        """Whether a worker that stood in meanwhile takes this one's place from now on."""
        stood_in = False

        def stand_in() -> None:
            nonlocal stood_in
            if not stood_in and self._stand_ins < STAND_INS * self._workers and self._tasks is not None:
                stood_in = True
                self._stand_ins += 1
                self._tasks.create_task(self._work(), name=f"{self.name} worker that stands in")

        timer = self._clock.call_later(SLOW_LOOK, stand_in, background=True)
        token = _LOOK.set(_Look(stand_in, self._own_turn))
        try:
            await self._look(key)
        finally:
            _LOOK.reset(token)
            timer.cancel()
        if stood_in:
            self._stand_ins -= 1
        return stood_in

    async def _look(self, key: Key) -> None:
        began = self._clock.monotonic()
        WORKING_ON.set(Turn(self.name, key, self._owns))
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                outcome = await self._reconcile(key)
            _refuse_sleepless(outcome)
        except Exception as error:
            self._failed(key, error)
        else:
            self._forget(key)
            if outcome.requeue_after is not None:
                self.queue.add_after(key, outcome.requeue_after, background=outcome.background)
            self._looks.add(controller=self.name, result="ok")
        seconds = self._clock.monotonic() - began
        self._seconds.observe(seconds, controller=self.name)
        if self.observe is not None:
            self.observe(key, seconds)

    def _forget(self, key: Key) -> None:
        self.failing.pop(key, None)
        self.queue.forget(key)

    def _failed(self, key: Key, error: Exception) -> None:
        is_conflict = isinstance(error, StatusError) and error.is_conflict
        at_least = float(error.retry_after) if isinstance(error, StatusError) else 0.0
        delay = self.queue.retry(key, at_least=at_least)
        text = described(error)
        self.failing[key] = Failing(self.queue.failures(key), text, self._clock.now(), delay)
        self._looks.add(controller=self.name, result="conflict" if is_conflict else "error")
        # A conflict is the expected answer to a stale view, and who lost the key has no say in it any more.
        level = logging.DEBUG if is_conflict or isinstance(error, FencedOff) else logging.ERROR
        log.log(level, "%s failed on %s, again in %.1f s: %s", self.name, key, delay, text)


def own_key(obj: JsonObject) -> tuple[Key, ...]:
    return (key_of(obj),)


def owner_keys(kind: str, group: str = "") -> Keys:
    """The key of the controlling owner of this kind, in the object's own namespace."""

    def keys(obj: JsonObject) -> tuple[Key, ...]:
        metadata = obj["metadata"]
        for owner in metadata.get("ownerReferences") or ():
            owner_group = owner["apiVersion"].rpartition("/")[0]
            if owner.get("controller") and owner["kind"] == kind and owner_group == group:
                return (Key(metadata.get("namespace") or "", owner["name"]),)
        return ()

    return keys


def _refuse_sleepless(outcome: Outcome) -> None:
    if not outcome.acted and outcome.requeue_after is not None and outcome.requeue_after <= 0:
        raise SleeplessError(
            f"nothing was done and the wake-up was asked for in {outcome.requeue_after:g} s: a wake time must lie ahead"
        )
