"""What is wrong with an AppProject, in words: upstream's API refuses it, kubectl stores it (spec 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from argosy.gitops.projects import roles
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

SAME_WINDOW = ("kind", "schedule", "duration", "applications", "namespaces", "clusters", "timeZone", "andOperator")
MONDAY = parse("2024-01-01T00:00:00Z")
"""Any moment will do to see whether a schedule can be read."""


def problems(project: JsonObject) -> list[str]:
    """Each names the field, the value and what would be right."""
    spec = project.get("spec") or {}
    return [*_destinations(spec), *_sources(spec), *roles.problems(project), *_windows(spec)]


def _destinations(spec: JsonObject) -> Iterator[str]:
    seen = set()
    for item in spec.get("destinations") or ():
        places = tuple(str(item.get(name) or "") for name in ("server", "name", "namespace"))
        if "!*" in places:
            yield "spec.destinations: '!*' denies everything, hence is no server, name or namespace"
        if places in seen:
            yield f"spec.destinations: destination '{places[0] or places[1]}/{places[2]}' already added"
        seen.add(places)


def _sources(spec: JsonObject) -> Iterator[str]:
    given = list(spec.get("sourceRepos") or ())
    if "!*" in given:
        yield "spec.sourceRepos: '!*' denies every repository: leave the list empty instead"
    for url in dict.fromkeys(given):
        if given.count(url) > 1:
            yield f"spec.sourceRepos: source repository '{url}' already added"


def _windows(spec: JsonObject) -> Iterator[str]:
    seen: list[JsonObject] = []
    for number, window in enumerate(spec.get("syncWindows") or ()):
        where = f"spec.syncWindows[{number}]"
        identity = {name: window.get(name) or None for name in SAME_WINDOW}
        if identity in seen:
            yield f"{where}: the window '{window.get('kind')}:{window.get('schedule')}' already exists"
        seen.append(identity)
        if window.get("kind") not in ("allow", "deny"):
            yield f"{where}.kind: '{window.get('kind') or ''}' mismatch: can only be allow or deny"
        if not any(window.get(name) for name in ("applications", "namespaces", "clusters")):
            yield f"{where}: requires one of applications, namespaces or clusters"
        yield from _times(window, where)


def _times(window: JsonObject, where: str) -> Iterator[str]:
    schedule = str(window.get("schedule") or "")
    try:
        CronSim(schedule, MONDAY)
    except CronSimError:
        yield f"{where}.schedule: cannot parse schedule '{schedule}': five cron fields are wanted"
    try:
        duration.parse(str(window.get("duration") or ""))
    except duration.DurationError:
        yield f"{where}.duration: cannot parse duration '{window.get('duration') or ''}': such as 1h30m"
    zone = str(window.get("timeZone") or "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{where}.timeZone: there is no time zone '{zone}': UTC counts"
