"""Gathers what a notification decision needs: the object, related objects, configurations, answers.

For an object without a destination only its annotations and labels are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from argosy.apis.argoproj import Application
from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.apis.schema import read
from argosy.machinery.controller import PENDING, Hidden, Question, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.notify.configuration import Configuration, configuration
from argosy.notify.functions import Waiting, functions
from argosy.notify.memory import Memory
from argosy.notify.ports import Deliver, Delivered, Undelivered
from argosy.notify.records import Record, read_records
from argosy.notify.settings import NotifySettings
from argosy.notify.subjects import OWN_CONFIG_MAP, OWN_SECRET, Subject
from argosy.notify.subscriptions import Destinations, GlobalSubscriptions, annotated, legacy, merged, unreadable_in
from argosy.notify.templates import Renderer, TemplateFailed
from argosy.notify.triggers import run

FAR: Final = datetime(2999, 1, 1, tzinfo=UTC)
"""A time after every time limit, at which evaluations are run to find out which questions they ask."""


@dataclass(frozen=True, slots=True)
class Configured:
    """One configuration; `namespace` is set for a self-service one, else ""."""

    namespace: str
    configuration: Configuration
    subscriptions: GlobalSubscriptions = field(repr=False)


class Configurations:
    """Parses each ConfigMap and Secret once per version."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], tuple[tuple[str, str], Configured]] = {}

    def of(self, snapshot: Snapshot, namespace: str, names: tuple[str, str], *, is_self_service: bool) -> Configured:
        settings = snapshot.get(ConfigMap, Key(namespace, names[0]))
        secret = snapshot.get(Secret, Key(namespace, names[1]))
        version = (
            settings.metadata.resource_version if settings else "",
            secret.metadata.resource_version if secret else "",
        )
        place = (namespace, names[0])
        if (known := self._read.get(place)) is not None and known[0] == version:
            return known[1]
        values = {key: secret.value(key) or b"" for key in secret.data} if secret else {}
        found = configuration(settings.data if settings else {}, values)
        made = Configured(namespace if is_self_service else "", found, GlobalSubscriptions(found))
        self._read[place] = (version, made)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    subject: Subject
    obj: JsonObject
    variables: Mapping[str, Any]
    configured: tuple[Configured, ...]
    destinations: tuple[Destinations, ...]
    """One for each configuration."""
    records: tuple[Record, ...]
    unreadable: tuple[str, ...] = ()
    """Errors in subscription annotations."""
    answers: Mapping[Question[Any], Any] = field(default_factory=dict)
    delivered: Mapping[str, Delivered | Undelivered] = field(default_factory=dict)
    """By state key."""
    memory: Memory = field(default_factory=Memory)
    renderer: Renderer | None = field(default=None, repr=False)
    is_waiting: bool = False
    """A question that an evaluation needs has no answer yet."""
    occurrence: str = ""
    """The occurrence, where a condition alone does not identify it; part of the state key."""
    needs_condition: bool = True
    """False: a trigger without a condition always fires."""
    happened_at: datetime | None = None
    """Variables of an occurrence."""
    concerned: JsonObject | None = None
    """The object on which problems are reported, if not `obj`."""


class Look:
    def __init__(self, subject: Subject, settings: NotifySettings, renderer: Renderer) -> None:
        self._subject, self._settings, self._renderer = subject, settings, renderer
        self._configurations = Configurations()

    def __call__(self, snapshot: Snapshot, key: Key) -> Seen | None:
        obj = snapshot.object(self._subject.resource, key)
        if obj is None or not self._settings.selector.matches(obj["metadata"].get("labels")):
            return None
        if not self._subject.is_own and not self._settings.permits(key.namespace, snapshot):
            return None
        configured = self._configured(snapshot, key)
        around = self._subject.around(snapshot, obj, self._settings.namespace)
        destinations = tuple(self._destinations(one, obj, around) for one in configured)
        annotations = obj["metadata"].get("annotations") or {}
        records, unreadable = read_records(annotations), unreadable_in(annotations)
        if not records and not any(destinations) and not unreadable:
            return None
        memory = snapshot.memory or Memory()
        seen = Seen(
            subject=self._subject,
            obj=obj,
            variables={self._subject.variable: obj, **around},
            configured=configured,
            destinations=destinations,
            records=records,
            unreadable=unreadable,
            delivered=dict(delivered_of(snapshot, self._subject, obj, configured, records, memory)),
            memory=memory,
            renderer=self._renderer,
        )
        return with_answers(seen, snapshot)

    def _configured(self, snapshot: Snapshot, key: Key) -> tuple[Configured, ...]:
        settings = self._settings
        names = (OWN_CONFIG_MAP, OWN_SECRET) if self._subject.is_own else (settings.config_map, settings.secret)
        found = [self._configurations.of(snapshot, settings.namespace, names, is_self_service=False)]
        if settings.self_service and key.namespace != settings.namespace:
            found.insert(0, self._configurations.of(snapshot, key.namespace, names, is_self_service=True))
        return tuple(found)

    def _destinations(self, one: Configured, obj: JsonObject, around: Mapping[str, Any]) -> Destinations:
        metadata = obj["metadata"]
        parts = [one.subscriptions.destinations(metadata.get("labels") or {})]
        parts.append(annotated(metadata.get("annotations") or {}, one.configuration))
        if self._subject.parent:
            annotations = ((around.get(self._subject.parent) or {}).get("metadata") or {}).get("annotations") or {}
            parts += [annotated(annotations, one.configuration), legacy(annotations, one.configuration)]
        return merged(*parts)


def delivered_of(
    snapshot: Snapshot,
    subject: Subject,
    obj: JsonObject,
    configured: tuple[Configured, ...],
    records: tuple[Record, ...],
    memory: Memory,
) -> list[tuple[str, Delivered | Undelivered]]:
    found: list[tuple[str, Delivered | Undelivered]] = []
    for record in records:
        content = memory.ready.get((record.key, record.tries))
        if content is None:
            continue
        question = delivery(subject, obj, configured, record, content)
        if isinstance(question, Undelivered):
            found.append((record.key, question))
            continue
        answer = snapshot.ask(question)
        if isinstance(answer, Delivered | Undelivered):
            found.append((record.key, answer))
        elif answer is not PENDING:
            found.append((record.key, Undelivered(message=f"the delivery failed: {answer.reason}")))
    return found


def delivery(
    subject: Subject, obj: JsonObject, configured: tuple[Configured, ...], record: Record, content: Hidden
) -> Deliver | Undelivered:
    of = next((one for one in configured if one.namespace == record.namespace), None)
    service = of.configuration.services.get(record.service) if of is not None else None
    if service is None:
        return Undelivered(message=f"notification service '{record.service}' is not supported")
    event = obj if obj.get("involvedObject") else {}
    about = event.get("involvedObject") or obj["metadata"]
    return Deliver(
        key=record.key,
        trigger=record.trigger,
        service=service.type,
        name=service.name,
        recipient=record.recipient,
        options=Hidden(orjson.dumps(service.options, option=orjson.OPT_SORT_KEYS)),
        content=content,
        about=f"{subject.variable} {about.get('namespace', '')}/{about.get('name', '')}",
        occasion=f"{event.get('type', '')}/{event.get('reason', '')}" if event else "",
        attempt=record.tries,
    )


def with_answers(seen: Seen, snapshot: Snapshot) -> Seen:
    """Only expressions that name a repository are evaluated here, to find out what they ask."""
    answers: dict[Question[Any], Any] = {}
    is_waiting = False

    def ask(question: Question[Any]) -> Any:
        answers[question] = answer = snapshot.ask(question)
        return answer

    for attempt in _askers(seen, ask):
        try:
            attempt()
        except Waiting:
            is_waiting = True
        except TemplateFailed:
            continue
    if not answers:
        return seen
    return replace(seen, answers=answers, is_waiting=is_waiting)


def _askers(seen: Seen, ask: Callable[[Question[Any]], Any]) -> list[Callable[[], Any]]:
    found: list[Callable[[], Any]] = []
    variables = {**seen.variables, **functions(FAR, ask, application_of(seen))}
    for one, destinations in zip(seen.configured, seen.destinations, strict=True):
        for trigger in destinations:
            conditions = one.configuration.triggers.get(trigger, ())
            asking = [entry for entry in conditions if "repo." in entry.when or "repo." in entry.once_per]
            found += [lambda asking=asking: run(asking, variables, FAR) for _ in asking[:1]]  # type: ignore[misc]
    for record in seen.records:
        if (record.key, record.tries) not in seen.memory.ready and _names_repository(seen, record):
            found.append(lambda record=record: render(seen, record, FAR, ask))  # type: ignore[misc]
    return found


def application_of(seen: Seen) -> JsonObject | None:
    found: JsonObject | None = seen.variables.get("app")
    return found


def _names_repository(seen: Seen, record: Record) -> bool:
    of = next((one for one in seen.configured if one.namespace == record.namespace), None)
    conditions = of.configuration.triggers.get(record.trigger, ()) if of is not None else ()
    if of is None or record.index >= len(conditions):
        return False
    return any(".repo." in str(of.configuration.templates.get(name)) for name in conditions[record.index].send)


def render(seen: Seen, record: Record, now: datetime, ask: Callable[[Question[Any]], Any]) -> Hidden:
    """The content of a delivery. Raises TemplateFailed, and Waiting for an answer that has not arrived."""
    of = next((one for one in seen.configured if one.namespace == record.namespace), None)
    conditions = of.configuration.triggers.get(record.trigger, ()) if of is not None else ()
    if of is None or record.index >= len(conditions):
        raise TemplateFailed(f"trigger '{record.trigger}' is not configured")
    assert seen.renderer is not None
    variables = {
        **seen.variables,
        **functions(now, ask, application_of(seen)),
        "context": {**of.configuration.context, "notificationType": record.service},
        # A user who may write a namespace's templates need not be allowed to read its Secret.
        "secrets": {} if of.namespace else dict(of.configuration.secrets),
        "serviceType": record.service,
        "recipient": record.recipient,
    }
    names = conditions[record.index].send
    found = seen.renderer.notification(names, of.configuration.templates, variables)
    return Hidden(
        orjson.dumps({**found, "": object_defaults(seen.obj, names)}, default=str, option=orjson.OPT_SORT_KEYS)
    )


def object_defaults(obj: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Defaults that some services take from the object if the template does not set them."""
    app = read(Application, obj)  # other kinds have none of these fields
    url = next((source.repo_url for source in app.spec.all_sources), "")
    result = app.status.operation_state.sync_result
    revision = result.revision or next(iter(result.revisions), "")
    return {"repoURL": url, "revision": revision, "template": next(iter(names), "")}
