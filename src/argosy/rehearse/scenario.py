"""The scenario file: what the world outside answers during a rehearsal, and what people do in the middle of it. Pure.

Every field is in docs/rehearsals.md. What cannot be read is a ScenarioError that names the field, its value and what
would be right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from argosy.machinery import duration, timestamps
from argosy.machinery.duration import DurationError
from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml
from argosy.rehearse.changes import Change, Merge, NewImage, Promote, Push, Resume, Sync

RESULTS: Final = ("Successful", "Failed", "Inconclusive", "Error")
WITHIN: Final = timedelta(days=7)


class ScenarioError(ValueError):
    """The text names the field, what it holds, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRule:
    """Answers for measurements; the first rule whose patterns all match counts. `values` in turn, the last one again
    and again; or `result`: how each measurement ends."""

    provider: str = "*"
    metric: str = "*"
    namespace: str = "*"
    run: str = "*"
    values: tuple[Any, ...] = ()
    result: str = ""

    def matches(self, provider: str, metric: str, namespace: str, run: str) -> bool:
        pairs = (provider, self.provider), (metric, self.metric), (namespace, self.namespace), (run, self.run)
        return all(fnmatchcase(*pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: after the change was made."""

    at: timedelta
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    start: datetime | None = None
    within: timedelta = WITHIN
    images: tuple[NewImage, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    rules: tuple[JsonObject, ...] = ()
    """Of the simulation (docs/simulation.md)."""
    events: tuple[Event, ...] = ()
    opens_gates: bool = False
    """Somebody opens each gate as soon as it waits."""


def scenario_of(text: str) -> Scenario:
    """Raises ScenarioError."""
    try:
        found = yaml.load(text)
    except yaml.YamlError as error:
        raise ScenarioError(f"the scenario cannot be read: {error}") from None
    if found is None:
        return Scenario()
    given = _Fields("", _mapping("the scenario", found))
    made = Scenario(
        start=given.read("start", _moment, None),
        within=given.read("within", _span, WITHIN),
        images=tuple(one for entry in given.many("registries") for one in _registry(entry)),
        metrics=tuple(_metric(entry) for entry in given.many("metrics")),
        rules=tuple(entry.whole() for entry in given.many("rules")),
        events=tuple(sorted((_event(entry) for entry in given.many("events")), key=lambda event: event.at)),
        opens_gates=given.read("gates", _gates, False),
    )
    given.end()
    return made


def simulation(rules: Sequence[JsonObject]) -> list[JsonObject]:
    """The rules as the simulation finds them: in a labelled ConfigMap."""
    if not rules:
        return []
    metadata = {"name": "rehearsal", "namespace": "argocd", "labels": {"argosy.dev/simulation-rules": "true"}}
    data = {"rules": json.dumps({"rules": list(rules)})}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]


class _Fields:
    """A mapping that is read field by field, so that what nobody knows is told at the `end`."""

    def __init__(self, path: str, found: Mapping[str, Any]) -> None:
        self.path, self._found = path, dict(found)
        self._known: list[str] = []

    def read(self, name: str, shape: Callable[[str, Any], Any], missing: Any) -> Any:
        self._known.append(name)
        return shape(self._at(name), self._found.pop(name)) if name in self._found else missing

    def need(self, name: str, shape: Callable[[str, Any], Any]) -> Any:
        self._known.append(name)
        if name not in self._found:
            raise ScenarioError(f"{self._at(name)}: is required")
        return shape(self._at(name), self._found.pop(name))

    def many(self, name: str) -> list[_Fields]:
        listed = self.read(name, _list, ())
        return [
            _Fields(f"{self._at(name)}[{index}]", _mapping(f"{self._at(name)}[{index}]", entry))
            for index, entry in enumerate(listed)
        ]

    def whole(self) -> JsonObject:
        return self._found

    def end(self) -> None:
        for name in self._found:
            raise ScenarioError(f"{self._at(name)}: is no field here; there are: {', '.join(self._known)}")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _registry(given: _Fields) -> list[NewImage]:
    repository = given.need("repository", _text)
    found = [_tag(repository, path, tag) for path, tag in given.need("tags", _paths)]
    given.end()
    return found


def _tag(repository: str, path: str, tag: Any) -> NewImage:
    if isinstance(tag, str):
        return NewImage(repository, tag)
    given = _Fields(path, _mapping(path, tag))
    annotations = given.read("annotations", _mapping, {})
    made = NewImage(
        repository,
        given.need("tag", _text),
        digest=given.read("digest", _text, ""),
        created_at=given.read("createdAt", _moment_text, ""),
        annotations=tuple(sorted((str(name), str(text)) for name, text in annotations.items())),
    )
    given.end()
    return made


def _metric(given: _Fields) -> MetricRule:
    match = _Fields(f"{given.path}.match", given.read("match", _mapping, {}))
    patterns = {name: match.read(name, _text, "*") for name in ("provider", "metric", "namespace", "run")}
    match.end()
    values = given.read("values", _list, None)
    value = given.read("value", lambda _, found: [found], None)
    result = given.read("result", _choice(RESULTS), "")
    given.end()
    if sum((values is not None, value is not None, bool(result))) != 1:
        raise ScenarioError(f"{given.path}: give one of values, value and result")
    return MetricRule(**patterns, values=tuple(values or value or ()), result=result)


def _event(given: _Fields) -> Event:
    at = given.need("at", _span)
    kinds: Mapping[str, Callable[[_Fields], Change]] = {
        "push": _push, "image": _image, "promote": _promote, "resume": _resume, "sync": _sync, "merge": _merge,
    }  # fmt: skip
    found = [
        read(_Fields(f"{given.path}.{name}", entry))
        for name, read in kinds.items()
        if (entry := given.read(name, _mapping, None)) is not None
    ]
    given.end()
    if len(found) != 1:
        raise ScenarioError(f"{given.path}: give one of {', '.join(kinds)}")
    return Event(at, found[0])


def _push(given: _Fields) -> Change:
    made = Push(given.need("repository", _text), given.read("branch", _text, ""), given.need("revision", _text))
    return _ended(given, made)


def _image(given: _Fields) -> Change:
    made = NewImage(given.need("repository", _text), given.need("tag", _text), digest=given.read("digest", _text, ""))
    return _ended(given, made)


def _promote(given: _Fields) -> Change:
    made = Promote(given.need("project", _text), given.need("stage", _text), given.read("freight", _text, ""))
    return _ended(given, made)


def _resume(given: _Fields) -> Change:
    made = Resume(
        given.need("namespace", _text),
        given.need("rollout", _text),
        full=given.read("full", _flag, False),
        cluster=given.read("cluster", _text, ""),
    )
    return _ended(given, made)


def _sync(given: _Fields) -> Change:
    return _ended(given, Sync(given.read("namespace", _text, "argocd"), given.need("application", _text)))


def _merge(given: _Fields) -> Change:
    return _ended(given, Merge(given.need("repository", _text), given.need("number", _whole)))


def _ended(given: _Fields, made: Change) -> Change:
    given.end()
    return made


def _text(path: str, found: Any) -> str:
    if not isinstance(found, str) or not found:
        raise ScenarioError(f"{path}: {found!r} is no text: put it in quotes")
    return found


def _flag(path: str, found: Any) -> bool:
    if not isinstance(found, bool):
        raise ScenarioError(f"{path}: {found!r} is neither true nor false")
    return found


def _whole(path: str, found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ScenarioError(f"{path}: {found!r} is no number from 1 on")
    return found


def _list(path: str, found: Any) -> Sequence[Any]:
    if not isinstance(found, list):
        raise ScenarioError(f"{path}: {found!r} is no list")
    return found


def _paths(path: str, found: Any) -> list[tuple[str, Any]]:
    return [(f"{path}[{index}]", entry) for index, entry in enumerate(_list(path, found))]


def _mapping(path: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ScenarioError(f"{path}: {found!r} is no mapping of fields")
    return found


def _span(path: str, found: Any) -> timedelta:
    text = f"{found}s" if isinstance(found, int) and not isinstance(found, bool) else str(found)
    days, unit, rest = text.partition("d")
    try:
        if unit and not rest and days.isdecimal():
            return timedelta(days=int(days))
        return duration.parse(text)
    except (DurationError, OverflowError):
        raise ScenarioError(f"{path}: {found!r} is no duration: give one such as 90s, 1h30m or 7d") from None


def span_of(text: str) -> timedelta:
    """A duration as scenarios have it. Raises ScenarioError."""
    return _span("the duration", text)


def _moment(path: str, found: Any) -> datetime:
    try:
        moment = timestamps.parse(str(found))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ScenarioError(f"{path}: {found!r} is no time: give one such as 2026-03-01T09:00:00Z")
    return moment


def _moment_text(path: str, found: Any) -> str:
    return timestamps.seconds(_moment(path, found))


def _gates(path: str, found: Any) -> bool:
    return bool(_choice(("open", "closed"))(path, found) == "open")


def _choice(known: Sequence[str]) -> Callable[[str, Any], str]:
    def read(path: str, found: Any) -> str:
        if found not in known:
            raise ScenarioError(f"{path}: {found!r} is not known: give one of {', '.join(known)}")
        return str(found)

    return read
