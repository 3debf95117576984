"""Errors of an AppProject, as text: upstream's API refuses it, kubectl stores it (spec 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from argosy.apis.argoproj import AppProject
from argosy.apis.argoproj.project import AppProjectSpec, SyncWindow
from argosy.gitops.projects import roles
from argosy.machinery import duration
from argosy.machinery.timestamps import parse

MONDAY = parse("2024-01-01T00:00:00Z")
"""Any time will do to check that a schedule can be parsed."""


def problems(project: AppProject) -> list[str]:
    """Each names the field, the value and what would be right."""
    spec = project.spec
    return [*_destinations(spec), *_sources(spec), *roles.problems(project), *_windows(spec)]


def _destinations(spec: AppProjectSpec) -> Iterator[str]:
    seen = set()
    for item in spec.destinations:
        places = (item.server, item.name, item.namespace)
        if "!*" in places:
            yield "spec.destinations: '!*' denies everything, so it is not a server, name or namespace"
        if places in seen:
            yield f"spec.destinations: destination '{places[0] or places[1]}/{places[2]}' already added"
        seen.add(places)


def _sources(spec: AppProjectSpec) -> Iterator[str]:
    given = spec.source_repos
    if "!*" in given:
        yield "spec.sourceRepos: '!*' denies every repository: leave the list empty instead"
    for url in dict.fromkeys(given):
        if given.count(url) > 1:
            yield f"spec.sourceRepos: source repository '{url}' already added"


def _windows(spec: AppProjectSpec) -> Iterator[str]:
    seen = set()
    for number, window in enumerate(spec.sync_windows):
        where = f"spec.syncWindows[{number}]"
        identity = _identity(window)
        if identity in seen:
            yield f"{where}: the window '{window.kind}:{window.schedule}' already exists"
        seen.add(identity)
        if window.kind not in ("allow", "deny"):
            yield f"{where}.kind: '{window.kind}' mismatch: can only be allow or deny"
        if not (window.applications or window.namespaces or window.clusters):
            yield f"{where}: requires one of applications, namespaces or clusters"
        yield from _times(window, where)


def _identity(window: SyncWindow) -> tuple[object, ...]:
    """Two windows with the same identity are duplicates."""
    lists = (window.applications, window.namespaces, window.clusters)
    return (window.kind, window.schedule, window.duration, *lists, window.time_zone, window.and_operator)


def _times(window: SyncWindow, where: str) -> Iterator[str]:
    schedule = window.schedule
    try:
        CronSim(schedule, MONDAY)
    except CronSimError:
        yield f"{where}.schedule: cannot parse schedule '{schedule}': five cron fields are wanted"
    try:
        duration.parse(window.duration)
    except duration.DurationError:
        yield f"{where}.duration: cannot parse duration '{window.duration}': such as 1h30m"
    zone = window.time_zone or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{where}.timeZone: there is no time zone '{zone}': UTC counts"
