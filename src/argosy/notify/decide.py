"""Decides what is notified: which conditions became true, which deliveries are due, and their results.

Owns the annotations `notified.notifications.argoproj.io` and `argosy.dev/notifications-pending`. A notification is
recorded in both before it is sent, and removed from the second when it was delivered or has permanently failed.
Source: spec/notifications.md D4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.machinery.controller import NOTHING, PENDING, Decision, Event, Hidden, Question
from argosy.machinery.requests import merge
from argosy.notify import records, state, triggers
from argosy.notify.configuration import Destination
from argosy.notify.functions import Waiting, functions
from argosy.notify.look import Configured, Seen, application_of, render
from argosy.notify.memory import Memory
from argosy.notify.ports import Undelivered
from argosy.notify.records import TRIES, Record
from argosy.notify.state import State
from argosy.notify.subscriptions import Destinations
from argosy.notify.templates import TemplateFailed
from argosy.notify.triggers import Result

RESYNC: Final = timedelta(seconds=60)
"""How often a time-dependent condition is evaluated."""
OLD: Final = timedelta(hours=1)
"""Older occurrences are not notified: they are from before this process, or from before a migration."""
MOST: Final = 1000
"""How many destinations one object may have; an annotation holds no more."""
FAILED: Final = "NotificationFailed"
UNKNOWN: Final = "UnknownTrigger"
UNREADABLE: Final = "UnreadableSubscription"


@dataclass(slots=True)
class _Course:
    """The decision while it is being made."""

    seen: Seen
    now: datetime
    state: State
    records: list[Record]
    ready: dict[tuple[str, int], Hidden]
    events: list[Event] = field(default_factory=list)
    wakes: list[datetime] = field(default_factory=list)
    holding: set[str] = field(default_factory=set)
    """Keys whose condition is true now."""
    evaluated: dict[tuple[str, bool], int] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def ask(self, question: Question[Any]) -> Any:
        return self.seen.answers.get(question, PENDING)

    def warn(self, reason: str, text: str) -> None:
        self.events.append(
            Event(about=self.seen.concerned or self.seen.obj, reason=reason, message=text, type="Warning")
        )

    def report(self, record: Record, message: str, *, last: bool) -> None:
        tail = "it is not tried again" if last else "it is tried again"
        text = f"{record.trigger} for {record.destination}: {message}; {tail}"
        self.warn(FAILED, text)


def decide(seen: Seen, now: datetime) -> Decision:
    annotations = seen.obj["metadata"].get("annotations") or {}
    if not seen.records and seen.happened_at is not None and now - seen.happened_at > OLD:
        return NOTHING
    course = _Course(seen, now, state.read_state(annotations), list(seen.records), dict(seen.memory.ready))
    _report_unknown_triggers(course)
    _report_invalid_annotations(course)
    _conclude_deliveries(course)
    _prepare_deliveries(course)
    if not seen.is_waiting and seen.subject.is_settled(seen.obj):
        for one, destinations in zip(seen.configured, seen.destinations, strict=True):
            _evaluate(course, one, destinations)
    return _decision(course, annotations)


# -- what was sent -----------------------------------------------------------------------------------------------------


def _conclude_deliveries(course: _Course) -> None:
    kept: list[Record] = []
    for record in course.records:
        answer = course.seen.delivered.get(record.key)
        if answer is None:
            kept.append(record)
        elif isinstance(answer, Undelivered):
            kept += _failed(course, record, answer)
    course.records = kept
    course.ready = {key: content for key, content in course.ready.items() if key in {(r.key, r.tries) for r in kept}}


def _failed(course: _Course, record: Record, answer: Undelivered) -> list[Record]:
    tries = record.tries + 1
    last = answer.final or tries >= TRIES
    if last or tries == 1:
        course.report(record, answer.message, last=last)
    if last:
        return []
    at = records.next_try(tries, course.now, answer.retry_seconds)
    return [replace(record, tries=tries, next=-int(-at.timestamp() // 1))]


def _prepare_deliveries(course: _Course) -> None:
    """Renders what is due: the content is remembered first, then a delivery is requested."""
    kept: list[Record] = []
    for record in course.records:
        due = datetime.fromtimestamp(record.next, UTC)
        if (record.key, record.tries) in course.ready:
            kept.append(record)
        elif course.now < due:
            course.wakes.append(due)
            kept.append(record)
        else:
            kept += _prepared(course, record)
    course.records = kept


def _prepared(course: _Course, record: Record) -> list[Record]:
    try:
        course.ready[(record.key, record.tries)] = render(course.seen, record, course.now, course.ask)
    except Waiting:
        return [record]
    except TemplateFailed as error:
        return _failed(course, record, Undelivered(message=str(error)))
    return [record]


def _report_unknown_triggers(course: _Course) -> None:
    """Once for each name, until it is configured: a mistyped subscription would otherwise wait forever."""
    seen = course.seen
    known = {trigger for one in seen.configured for trigger in one.configuration.triggers}
    course.unknown = frozenset(name for destinations in seen.destinations for name in destinations if name not in known)
    for trigger in sorted(course.unknown - seen.memory.unknown):
        text = f"trigger '{trigger}' is subscribed to and not configured: nobody is notified of it"
        course.warn(UNKNOWN, text)


def _report_invalid_annotations(course: _Course) -> None:
    for text in course.seen.unreadable:
        if text not in course.seen.memory.unknown:
            course.warn(UNREADABLE, f"{text}: nobody is notified by it")
    course.unknown |= frozenset(course.seen.unreadable)


# -- what is to be sent ------------------------------------------------------------------------------------------------


def _evaluate(course: _Course, one: Configured, destinations: Destinations) -> None:
    seen = course.seen
    variables = {**seen.variables, **functions(course.now, course.ask, application_of(seen))}
    for trigger in sorted(destinations):
        conditions = one.configuration.triggers.get(trigger)
        if conditions is None:
            continue
        try:
            results = triggers.run(conditions, variables, course.now, needs_condition=seen.needs_condition)
        except Waiting:
            continue
        if triggers.depends_on_time(conditions):
            course.wakes.append(course.now + RESYNC)
        for result in results:
            held = (trigger, result.holds)
            course.evaluated[held] = course.evaluated.get(held, 0) + 1
            _note(course, one.namespace, trigger, result, list(destinations[trigger])[:MOST])
            if len(destinations[trigger]) > MOST and course.records:
                text = f"{trigger}: {len(destinations[trigger])} recipients subscribe; the first {MOST} are notified"
                course.warn(FAILED, text)


def _note(course: _Course, namespace: str, trigger: str, result: Result, destinations: list[Destination]) -> None:
    for destination, key in _keys(namespace, trigger, result, destinations):
        if not result.holds:
            course.state.pop(key, None)
            continue
        key, older = _occurrence(course.seen, key, result)
        if older and older in course.state:
            key = older
        course.holding.add(key)
        if key in course.state:
            continue
        course.state[key] = int(course.now.timestamp())
        course.records.append(
            Record(
                key=key,
                trigger=trigger,
                index=result.index,
                service=destination.service,
                recipient=destination.recipient,
                namespace=namespace,
            )
        )


def _keys(
    namespace: str, trigger: str, result: Result, destinations: list[Destination]
) -> Iterator[tuple[Destination, str]]:
    """The keys without the occurrence."""
    blank = Destination("", "")
    start = state.state_key(blank, trigger=trigger, index=result.index, when=result.condition.when, namespace=namespace)
    start = start[:-1]
    for destination in destinations:
        yield destination, f"{start}{destination.service}:{destination.recipient}"


def _occurrence(seen: Seen, key: str, result: Result) -> tuple[str, str]:
    """The key of this occurrence, and upstream's key if ours differs.

    With several sources upstream's `syncResult.revision` is empty, which makes all occurrences the same.
    """
    if seen.occurrence:
        return f"{seen.occurrence}:{key}", ""
    if result.once_per:
        return f"{result.once_per}:{key}", ""
    if not result.condition.once_per or "syncResult" not in result.condition.once_per:
        return key, ""
    revisions = read(Application, seen.obj).status.operation_state.sync_result.revisions
    return (f"{','.join(map(str, revisions))}:{key}", key) if revisions else (key, "")


# -- the decision ------------------------------------------------------------------------------------------------------


def _decision(course: _Course, annotations: Mapping[str, Any]) -> Decision:
    patch = _changed(
        annotations,
        {
            state.ANNOTATION: state.written(course.state, course.holding),
            records.ANNOTATION: records.written(course.records),
        },
    )
    seen = course.seen
    memory = Memory(ready=course.ready, evaluated=course.evaluated, unknown=course.unknown)
    steps: tuple[Any, ...] = tuple(course.events)
    if patch:
        steps = (merge(seen.subject.resource, seen.obj, {"metadata": {"annotations": patch}}), *steps)
    # Rendered content is delivered by the next look, which a changed memory triggers at once unless a time is set.
    is_ready = not patch and course.ready != seen.memory.ready
    wake_at = None if is_ready else min(course.wakes, default=None)
    return Decision(steps=steps, wake_at=wake_at, memory=memory)


def _changed(annotations: Mapping[str, Any], wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    """Compares the meaning: upstream may have written the same map in another order."""
    found = {name: text for name, text in wanted.items() if annotations.get(name) != text}
    before = state.read_state(annotations)
    if state.ANNOTATION in found and state.written(before, before) == found[state.ANNOTATION]:
        del found[state.ANNOTATION]
    return found
