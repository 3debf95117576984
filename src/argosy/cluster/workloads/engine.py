"""The one shell of all simulated controllers: who must look again, in which order, and when.

    commits ──routes──▶ dirty keys (FIFO, each once) ──look, decide──▶ writes ──▶ server
                              ▲                            │
                              └──── agenda (due, key) ◀── wake_at

Everything of one instant is done in one turn of the loop, without a task per object and without polling; one timer
stands for the next entry of the agenda. What survives a restart is in the objects: at the start every key is looked at
once.
"""

from __future__ import annotations

import heapq
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from argosy.cluster.ports import Clock, TimerHandle
from argosy.cluster.workloads.decision import Controller, Decision, Failure, Happening, Write
from argosy.cluster.workloads.ports import Commit, Deferred, Server
from argosy.cluster.workloads.recorder import Recorder
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError

log = logging.getLogger(__name__)

STEPS_PER_INSTANT = 200_000
TURN_STEPS = 2_000
"""How many keys are looked at before other work of the loop gets its turn; the instant goes on after it."""
FIRST_RETRY, LONGEST_RETRY = 0.01, 60.0
REFUSED_RETRY = 1.0


class Livelock(RuntimeError):
    """The controllers keep each other busy at one instant, hence time would never move."""


class Work(NamedTuple):
    controller: int
    key: Key


class Engine:
    def __init__(self, server: Server, clock: Clock, controllers: Sequence[Controller], view: View) -> None:
        self.view = view
        self.looks = 0
        """How often a key was looked at, for tests and figures."""
        self._server, self._clock = server, clock
        self._controllers = tuple(controllers)
        self._recorder = Recorder()
        self._routes = self._routes_by_plural()
        self._queue: deque[Work] = deque()
        self._waiting: set[Work] = set()
        self._agenda: list[tuple[datetime, int, Work]] = []
        self._due: dict[Work, datetime] = {}
        self._foreground = 0
        """How many planned looks must keep a rehearsal alive."""
        self._sequence = 0
        self._timer: TimerHandle | None = None
        self._timer_at: tuple[datetime | None, bool] = (None, False)
        self._drain_timer: TimerHandle | None = None
        self._failures: dict[Work, tuple[int, Failure]] = {}
        self._deferred: set[Work] = set()
        self._instant: datetime | None = None
        self._steps: Counter[Work] = Counter()
        self._stop: Callable[[], None] | None = None

    def _routes_by_plural(self) -> dict[str, list[tuple[int, Callable[[View, JsonObject], object]]]]:
        routes: dict[str, list[tuple[int, Callable[[View, JsonObject], object]]]] = {}
        for number, controller in enumerate(self._controllers):
            for plural, route in controller.routes.items():
                routes.setdefault(plural, []).append((number, route))
        return routes

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Reads what is there; from now on every commit is followed."""
        self._stop = self._server.subscribe(self.committed)
        for resource in RESOURCES.values():
            if resource.plural != "events":
                for obj in self._server.list(resource):
                    self.view.put(resource.plural, obj)
        for plural in self._routes:
            for obj in self.view.every(plural):
                self._mark_all(plural, obj)

    def stop(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None
        for timer in (self._timer, self._drain_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._drain_timer = None
        self._queue.clear()
        self._waiting.clear()

    # -- what changed ------------------------------------------------------------------------------------------------

    def committed(self, batch: Sequence[Commit]) -> None:
        for commit in batch:
            plural = commit.resource.plural
            if plural == "events" or RESOURCES.get(plural) is None:
                continue
            if commit.new is not None:
                self._arrived(plural, commit.new)
            elif commit.old is not None:
                self._left(plural, commit.old)

    def _arrived(self, plural: str, new: JsonObject) -> None:
        old = self.view.put(plural, new)
        if old is False:
            return
        self._mark_all(plural, new)
        if isinstance(old, dict) and _relations(old) != _relations(new):
            self._mark_all(plural, old)

    def _left(self, plural: str, old: JsonObject, *, own: bool = False) -> None:
        if self.view.remove(plural, old, own=own):
            self._mark_all(plural, old)

    def _mark_all(self, plural: str, obj: JsonObject) -> None:
        for number, route in self._routes.get(plural, ()):
            for key in route(self.view, obj):  # type: ignore[attr-defined]  # every route gives keys
                self.mark(Work(number, key))

    def mark(self, work: Work) -> None:
        if work in self._waiting or work in self._deferred:
            return
        self._waiting.add(work)
        self._queue.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if self._drain_timer is None and self._stop is not None:
            self._drain_timer = self._clock.call_later(0.0, self._drain)

    # -- what is done about it ---------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Looks at every dirty key, those included that its own writes make dirty."""
        for _ in range(TURN_STEPS):
            if not self._queue:
                break
            work = self._queue.popleft()
            self._waiting.discard(work)
            now = self._clock.now()
            self._count(work, now)
            self._look(work, now)
        self._drain_timer = None
        if self._queue:
            self._schedule()
        self._set_timer()

    def _count(self, work: Work, now: datetime) -> None:
        if now != self._instant:
            self._instant = now
            self._steps.clear()
        self._steps[work] += 1
        if self._steps[work] > STEPS_PER_INSTANT // 100 or self._steps.total() > STEPS_PER_INSTANT:
            busiest = ", ".join(
                f"{self._controllers[item.controller].name} {item.key} ({count} times)"
                for item, count in self._steps.most_common(5)
            )
            raise Livelock(f"simulated controllers do not come to rest at {now.isoformat()}: {busiest}")

    def _look(self, work: Work, now: datetime) -> None:
        self.looks += 1
        controller = self._controllers[work.controller]
        seen = controller.look(self.view, work.key)
        if seen is None:
            self._unplan(work)
            self._failures.pop(work, None)
            return
        decision = controller.decide(seen, now)
        self._plan(work, decision.wake_at, now)
        failure = self._carry_out(decision, now)
        if failure is None:
            if decision.steps:
                self._failures.pop(work, None)
        elif isinstance(failure, Failure):
            self._refused(work, controller, failure, now)
        else:
            self._deferred.add(work)

    def _carry_out(self, decision: Decision, now: datetime) -> Failure | Deferred | None:
        for uid, label in decision.marks:
            self.view.mark(uid, label, now)
        for step in decision.steps:
            if isinstance(step, Happening):
                self._record(step, now)
                continue
            try:
                self._submit(step)
            except StatusError as error:
                if not (error.is_not_found and step.verb == "delete"):
                    return Failure(step, error)
            except Deferred as waits:
                return waits
        return None

    def _submit(self, write: Write) -> None:
        stored = self._server.submit(write, self._resume)
        plural = write.resource.plural
        if stored is not None:
            self._arrived(plural, stored)
            return
        present = self.view.get(plural, Key(write.namespace, write.name))
        uid = (write.body.get("preconditions") or {}).get("uid")
        if present is not None and present["metadata"]["uid"] == uid:
            self._left(plural, present, own=True)

    def _resume(self, error: StatusError | None) -> None:
        """A write that waited for a webhook is through: its decision is made again from what is there now.

        After a refusal only after a while, for everyone who waits: which of them was refused does not matter.
        """
        waiting, self._deferred = sorted(self._deferred), set()
        for work in waiting:
            if error is None:
                self.mark(work)
            else:
                now = self._clock.now()
                self._plan(work, now + timedelta(seconds=REFUSED_RETRY), now)
        self._set_timer()

    def _record(self, happening: Happening, now: datetime) -> None:
        asked = self._recorder.write_for(happening, now)
        if asked is None:
            return
        write, key = asked
        try:
            self._recorder.stored(key, self._server.submit(write, lambda error: None))
        except StatusError as error:
            self._recorder.stored(key, None)
            if not (error.is_not_found or error.code == 403):
                log.warning("event %s about %s is lost: %s", happening.reason, key, error)
        except Deferred:
            self._recorder.stored(key, None)

    def _refused(self, work: Work, controller: Controller, failure: Failure, now: datetime) -> None:
        count = self._failures[work][0] + 1 if work in self._failures else 1
        self._failures[work] = (count, failure)
        conflict = failure.error.code in (404, 409)
        if controller.report is not None and not conflict:
            seen = controller.look(self.view, work.key)
            if seen is not None:
                self._carry_out(controller.report(seen, now, failure), now)
        if not conflict and failure.error.code not in (403, 429) and count == 1:
            log.warning("%s %s: %s", controller.name, work.key, failure.error)
        first = FIRST_RETRY if conflict else REFUSED_RETRY
        wait = min(first * 2 ** min(count - 1, 20), LONGEST_RETRY)
        self._waiting.discard(work)
        if work in self._queue:
            self._queue.remove(work)
        self._plan(work, now + timedelta(seconds=wait), now)

    # -- when to look again ------------------------------------------------------------------------------------------

    def _plan(self, work: Work, at: datetime | None, now: datetime) -> None:
        if at is not None and at > now and self._due.get(work) == at:
            return
        self._unplan(work)
        if at is None:
            return
        self._due[work] = at
        self._foreground += not self._controllers[work.controller].background
        self._sequence += 1
        heapq.heappush(self._agenda, (at, self._sequence, work))

    def _unplan(self, work: Work) -> datetime | None:
        at = self._due.pop(work, None)
        if at is not None:
            self._foreground -= not self._controllers[work.controller].background
        return at

    def _set_timer(self) -> None:
        while self._agenda and self._due.get(self._agenda[0][2]) != self._agenda[0][0]:
            heapq.heappop(self._agenda)
        at, background = (self._agenda[0][0] if self._agenda else None), not self._foreground
        if self._timer_at == (at, background):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, (at, background)
        if at is not None and self._stop is not None:
            wait = max(0.0, (at - self._clock.now()).total_seconds())
            self._timer = self._clock.call_later(wait, self._ring, background=background)

    def _ring(self) -> None:
        self._timer, self._timer_at = None, (None, False)
        now = self._clock.now()
        while self._agenda and self._agenda[0][0] <= now:
            at, _, work = heapq.heappop(self._agenda)
            if self._due.get(work) == at:
                self._unplan(work)
                self.mark(work)
        self._set_timer()


def _relations(obj: JsonObject) -> tuple[object, ...]:
    """What routes go by: when it changes, whoever was concerned before must look too."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    return (metadata.get("ownerReferences"), metadata.get("labels"), spec.get("nodeName"), spec.get("selector"))
