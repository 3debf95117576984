"""Parses the scenario file; docs/rehearsals.md describes every field. Pure.

A ScenarioError names the field, its value and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.machinery.text import yaml
from argosy.rehearse.changes import Change, Merge, NewImage, Promote, Push, Resume, Sync
from argosy.rehearse.scenario.fields import (
    Fields,
    ScenarioError,
    choice_of,
    flag_of,
    list_of,
    mapping_of,
    moment_of,
    moment_text,
    placed,
    span_at,
    text_of,
    whole_of,
)
from argosy.rehearse.scenario.model import RESULTS, WITHIN, Event, MetricRule, Scenario


def scenario_of(text: str) -> Scenario:
    """Raises ScenarioError."""
    try:
        found = yaml.load(text)
    except yaml.YamlError as error:
        raise ScenarioError(f"the scenario cannot be read: {error}") from None
    if found is None:
        return Scenario()
    given = Fields("", mapping_of("the scenario", found))
    made = Scenario(
        start=given.read("start", moment_of, None),
        within=given.read("within", span_at, WITHIN),
        images=tuple(one for entry in given.many("registries") for one in _registry(entry)),
        metrics=tuple(_metric(entry) for entry in given.many("metrics")),
        rules=tuple(entry.whole() for entry in given.many("rules")),
        events=tuple(sorted((_event(entry) for entry in given.many("events")), key=lambda event: event.at)),
        opens_gates=given.read("gates", _gates, False),
    )
    given.end()
    return made


def _registry(given: Fields) -> list[NewImage]:
    repository = given.need("repository", text_of)
    found = [_tag(repository, path, tag) for path, tag in given.need("tags", placed)]
    given.end()
    return found


def _tag(repository: str, path: str, tag: Any) -> NewImage:
    if isinstance(tag, str):
        return NewImage(repository, tag)
    given = Fields(path, mapping_of(path, tag))
    annotations = given.read("annotations", mapping_of, {})
    made = NewImage(
        repository,
        given.need("tag", text_of),
        digest=given.read("digest", text_of, ""),
        created_at=given.read("createdAt", moment_text, ""),
        annotations=tuple(sorted((str(name), str(text)) for name, text in annotations.items())),
    )
    given.end()
    return made


def _metric(given: Fields) -> MetricRule:
    match = Fields(f"{given.path}.match", given.read("match", mapping_of, {}))
    patterns = {name: match.read(name, text_of, "*") for name in ("provider", "metric", "namespace", "run")}
    match.end()
    values = given.read("values", list_of, None)
    value = given.read("value", lambda _, found: [found], None)
    result = given.read("result", choice_of(RESULTS), "")
    given.end()
    if sum((values is not None, value is not None, bool(result))) != 1:
        raise ScenarioError(f"{given.path}: give one of values, value and result")
    return MetricRule(**patterns, values=tuple(values or value or ()), result=result)


def _event(given: Fields) -> Event:
    at = given.need("at", span_at)
    kinds: Mapping[str, Callable[[Fields], Change]] = {
        "push": _push, "image": _image, "promote": _promote, "resume": _resume, "sync": _sync, "merge": _merge,
    }  # fmt: skip
    found = [
        read(Fields(f"{given.path}.{name}", entry))
        for name, read in kinds.items()
        if (entry := given.read(name, mapping_of, None)) is not None
    ]
    given.end()
    if len(found) != 1:
        raise ScenarioError(f"{given.path}: give one of {', '.join(kinds)}")
    return Event(at, found[0])


def _push(given: Fields) -> Change:
    made = Push(given.need("repository", text_of), given.read("branch", text_of, ""), given.need("revision", text_of))
    return _ended(given, made)


def _image(given: Fields) -> Change:
    made = NewImage(
        given.need("repository", text_of), given.need("tag", text_of), digest=given.read("digest", text_of, "")
    )
    return _ended(given, made)


def _promote(given: Fields) -> Change:
    made = Promote(given.need("project", text_of), given.need("stage", text_of), given.read("freight", text_of, ""))
    return _ended(given, made)


def _resume(given: Fields) -> Change:
    made = Resume(
        given.need("namespace", text_of),
        given.need("rollout", text_of),
        full=given.read("full", flag_of, False),
        cluster=given.read("cluster", text_of, ""),
    )
    return _ended(given, made)


def _sync(given: Fields) -> Change:
    return _ended(given, Sync(given.read("namespace", text_of, "argocd"), given.need("application", text_of)))


def _merge(given: Fields) -> Change:
    return _ended(given, Merge(given.need("repository", text_of), given.need("number", whole_of)))


def _ended(given: Fields, made: Change) -> Change:
    given.end()
    return made


def _gates(path: str, found: Any) -> bool:
    return bool(choice_of(("open", "closed"))(path, found) == "open")
