"""The one shell of all simulated controllers: which keys are processed, in which order, and when.

    commits ──routes──▶ dirty keys (FIFO, each once) ──look, decide──▶ writes ──▶ server
                              ▲                            │
                              └──── agenda (due, key) ◀── wake_at

Everything due at one instant is done in one event loop turn, without a task per object and without polling; a single
timer covers the next entry of the agenda. The objects contain everything that survives a restart: at the start every
key is processed once.

An exception from a look, a decision or a route affects only its own key (security rule 16): an invalid object is
quarantined and reported by a Warning event, the key is backed off, and `troubles` names it until it succeeds.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from argosy.cluster.ports import Clock, TimerHandle
from argosy.cluster.workloads.agenda import Agenda, Work
from argosy.cluster.workloads.decision import MANAGER, Apart, Controller, Decision, Event, Failure, Write
from argosy.cluster.workloads.ports import Commit, Deferred, Server
from argosy.cluster.workloads.quarantine import Quarantine
from argosy.cluster.workloads.recorder import Recorder
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described

log = logging.getLogger(__name__)

STEPS_PER_INSTANT = 2_000
"""How often one key is processed before time must advance: more is a livelock, and the key is backed off."""
TURN_STEPS = 2_000
"""How many keys are processed before other work of the event loop gets its turn; the instant continues after it."""
FIRST_RETRY, LONGEST_RETRY = 0.01, 60.0
REFUSED_RETRY = 1.0


class Livelock(RuntimeError):
    """Controllers keep this key busy at one instant, so time would never advance."""


Route = Callable[[View, JsonObject], Iterable[Key]]
Look = Callable[[View, Key], object]
Report = Callable[[object, datetime, Failure], Decision]


class Engine:
    def __init__(self, server: Server, clock: Clock, controllers: Sequence[Controller], view: View) -> None:
        self.view = view
        self.looks = 0
        """How often a key was processed, for tests and metrics."""
        self._server, self._clock = server, clock
        self._controllers = tuple(controllers)
        self._recorder = Recorder()
        self._routes = self._routes_by_plural()
        self._queue: deque[Work] = deque()
        self._waiting: set[Work] = set()
        self._agenda = Agenda(clock, self.mark, lambda work: self._controllers[work.controller].background)
        self._drain_timer: TimerHandle | None = None
        self._failures: dict[Work, tuple[int, Failure]] = {}
        self._deferred: set[Work] = set()
        self._broken: dict[Work, int] = {}
        self._troubles: dict[Work, str] = {}
        self._quarantine = Quarantine(server, view)
        self._instant: datetime | None = None
        self._steps: Counter[Work] = Counter()
        self._stop: Callable[[], None] | None = None

    def _routes_by_plural(self) -> dict[str, list[tuple[int, Route]]]:
        routes: dict[str, list[tuple[int, Route]]] = {}
        for number, controller in enumerate(self._controllers):
            for plural, route in controller.routes.items():
                routes.setdefault(plural, []).append((number, route))
        return routes

    @property
    def troubles(self) -> dict[str, str]:
        """What cannot be simulated and why, for health checks: `controller namespace/name`, `plural namespace/name`."""
        keys = {_named(self._controllers[work.controller].name, work.key): why for work, why in self._troubles.items()}
        return keys | {_named(*place): flaw for place, flaw in self._quarantine.flaws.items()}

    # -- lifecycle ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Reads existing objects; from then on every commit is followed."""
        self._stop = self._server.subscribe(self.committed)
        for resource in RESOURCES.values():
            if resource.plural != "events":
                for obj in self._server.list(resource):
                    self._put(resource.plural, obj)
        for plural in self._routes:
            for obj in self.view.every(plural):
                self._mark_all(plural, obj)

    def stop(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self._drain_timer = None
        self._agenda.stop()
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
        self._quarantine.forget(plural, new)
        old = self._put(plural, new)
        if old is False:
            return
        self._mark_all(plural, new)
        if isinstance(old, dict) and _relations(old) != _relations(new):
            self._mark_all(plural, old)

    def _put(self, plural: str, new: JsonObject) -> JsonObject | bool | None:
        try:
            return self.view.put(plural, new)
        except Exception as error:  # an object that cannot even be indexed
            why = self._quarantine.flaw_of(plural, new) or described(error)
            self.say(self._quarantine.set_aside(plural, new, why))
            return False

    def _left(self, plural: str, old: JsonObject, *, own: bool = False) -> None:
        self._quarantine.forget(plural, old)
        if self.view.remove(plural, old, own=own):
            self._mark_all(plural, old)

    def _mark_all(self, plural: str, obj: JsonObject) -> None:
        for number, route in self._routes.get(plural, ()):
            for key in self._routed(number, route, obj):
                self.mark(Work(number, key))

    def _routed(self, number: int, route: Route, obj: JsonObject) -> Sequence[Key]:
        """The keys that a change affects. If an object involved is invalid, it is quarantined and routed again."""
        try:
            return tuple(route(self.view, obj))
        except Exception as error:
            self._set_aside(obj["metadata"].get("namespace") or "")
            try:
                return tuple(route(self.view, obj))
            except Exception:
                log.error(
                    "%s: %s: no route: %s", self._controllers[number].name, key_of(obj), described(error)
                )  # the text may quote the object
                return ()

    def mark(self, work: Work) -> None:
        if work in self._waiting or work in self._deferred:
            return
        self._waiting.add(work)
        self._queue.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if self._drain_timer is None and self._stop is not None:
            self._drain_timer = self._clock.call_later(0.0, self._drain)

    # -- processing --------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Processes every dirty key, including those that its own writes make dirty."""
        self._drain_timer = None
        try:
            for _ in range(TURN_STEPS):
                if not self._queue:
                    break
                work = self._queue.popleft()
                if work in self._waiting:
                    self._waiting.discard(work)
                    self._look_safely(work)
        finally:
            if self._queue:
                self._schedule()
            self._agenda.set_timer()

    def _look_safely(self, work: Work) -> None:
        now = self._clock.now()
        try:
            self._count(work, now)
            self._look(work, now)
        except Exception as error:
            self._failed(work, error, now)

    def _count(self, work: Work, now: datetime) -> None:
        if now != self._instant:
            self._instant = now
            self._steps.clear()
        self._steps[work] += 1
        if self._steps[work] > STEPS_PER_INSTANT:
            raise Livelock

    def _failed(self, work: Work, error: Exception, now: datetime) -> None:
        """The look or the decision raised: this key backs off, longer each time; all others continue."""
        controller = self._controllers[work.controller]
        count = self._broken[work] = self._broken.get(work, 0) + 1
        found = not isinstance(error, Livelock) and self._set_aside(work.key.namespace)
        why = self._troubles[work] = described(error)
        if count == 1 and not found:
            log.error("%s %s: %s", controller.name, work.key, why)
            about = self.view.get(next(iter(controller.routes)), work.key)
            if about is not None:
                text = f"{controller.name} cannot decide about it: {why}"
                self.say(Event(about, "NotSimulated", text, "Warning", component=MANAGER))
        wait = 0.0 if found else min(REFUSED_RETRY * 2 ** min(count - 1, 20), LONGEST_RETRY)
        self._again(work, wait, now)

    def _set_aside(self, namespace: str) -> bool:
        try:
            found = self._quarantine.search(namespace)
        except Exception as error:
            log.error("search for malformed objects in %s: %s", namespace, described(error))
            return False
        for event in found:
            log.warning("%s %s: %s", event.about["kind"], key_of(event.about), event.message)
            self.say(event)
        return bool(found)

    def say(self, event: Event) -> None:
        try:
            self._record(event, self._clock.now())
        except Exception as error:
            log.error("event %s is lost: %s", event.reason, described(error))

    def _look(self, work: Work, now: datetime) -> None:
        self.looks += 1
        controller = self._controllers[work.controller]
        seen = controller.look(self.view, work.key)
        if seen is None:
            self._agenda.unplan(work)
            self._failures.pop(work, None)
            self._recovered(work)
            return
        decision = controller.decide(seen, now)
        self._agenda.plan(work, decision.wake_at, now)
        outcome = self._carry_out(decision, now, work)
        self._recovered(work)
        if isinstance(outcome, Deferred):
            self._deferred.add(work)
        elif outcome:
            self._refused(work, controller, outcome, now)
        elif decision.steps:
            self._failures.pop(work, None)

    def _recovered(self, work: Work) -> None:
        if self._broken:
            self._broken.pop(work, None)
            self._troubles.pop(work, None)

    def _carry_out(self, decision: Decision, now: datetime, work: Work) -> list[Failure] | Deferred:
        """Stops at the first failure, or after the batch of independent steps that contains it."""
        for uid, label in decision.marks:
            self.view.mark(uid, label, now)
        for step in decision.steps:
            failures: list[Failure] = []
            for chain in step.chains if isinstance(step, Apart) else ((step,),):
                outcome = self._chain(chain, now, work)
                if isinstance(outcome, Deferred):
                    return outcome
                failures += outcome
            if failures:
                return failures
        return []

    def _chain(self, chain: Iterable[Write | Event], now: datetime, work: Work) -> tuple[Failure, ...] | Deferred:
        for step in chain:
            if isinstance(step, Event):
                self._record(step, now)
                continue
            try:
                self._submit(step, work)
            except StatusError as error:
                if not (error.is_not_found and step.verb == "delete"):
                    return (Failure(step, error),)
            except Deferred as waits:
                return waits
        return ()

    def _submit(self, write: Write, work: Work) -> None:
        stored = self._server.submit(write, partial(self._settled, work))
        plural = write.resource.plural
        if stored is not None:
            self._arrived(plural, stored)
            return
        present = self.view.get(plural, write.key)
        if present is not None and present["metadata"]["uid"] == write.uid:
            self._left(plural, present, own=True)

    def _settled(self, work: Work, error: StatusError | None) -> None:
        """A write that waited for a webhook has finished: its decision is made again from the current state.

        A refusal is handled like any other: reported, and retried only after a delay.
        """
        if work not in self._deferred:
            return
        self._deferred.discard(work)
        if error is None:
            self.mark(work)
            return
        self._again(work, REFUSED_RETRY, self._clock.now())
        self._agenda.set_timer()

    def _record(self, event: Event, now: datetime) -> None:
        asked = self._recorder.write_for(event, now)
        if asked is None:
            return
        write, verdict = asked
        try:
            if self._server.submit(write, lambda error: None) is None:
                self._recorder.lost(verdict)
        except StatusError as error:
            self._recorder.lost(verdict)
            if not (error.is_not_found or error.code == 403):
                log.warning("event %s about %s is lost: %s", event.reason, write.key, error)
        except Deferred:
            self._recorder.lost(verdict)

    def _refused(self, work: Work, controller: Controller, failures: list[Failure], now: datetime) -> None:
        failure = failures[0]
        count = self._failures[work][0] + 1 if work in self._failures else 1
        self._failures[work] = (count, failure)
        conflict = failure.error.code in (404, 409)
        if controller.report is not None and not conflict:
            self._report(work, controller.look, controller.report, failures, now)
        if not conflict and failure.error.code not in (403, 429) and count == 1:
            log.warning("%s %s: %s", controller.name, work.key, failure.error)
        first = FIRST_RETRY if conflict else REFUSED_RETRY
        self._again(work, min(first * 2 ** min(count - 1, 20), LONGEST_RETRY), now)

    def _report(self, work: Work, look: Look, report: Report, failures: list[Failure], now: datetime) -> None:
        for failure in failures:
            seen = look(self.view, work.key)
            if seen is not None:
                self._carry_out(report(seen, now, failure), now, work)

    def _again(self, work: Work, wait: float, now: datetime) -> None:
        """Not before the back-off is over, whatever made it dirty meanwhile (its place in the queue is skipped)."""
        self._waiting.discard(work)
        self._agenda.plan(work, now + timedelta(seconds=wait), now)


def _named(name: str, key: Key) -> str:
    return f"{name} {key.namespace}/{key.name}" if key.namespace else f"{name} {key.name}"


def _relations(obj: JsonObject) -> tuple[object, ...]:
    """The fields that routes depend on: when they change, the keys affected before must be processed too."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    return (metadata.get("ownerReferences"), metadata.get("labels"), spec.get("nodeName"), spec.get("selector"))
