"""Sync windows: when a project's applications may be synced, by whom (spec 2.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from argosy.gitops.clusters.resolution import Cluster
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.globs import matches

BLOCKED = "Sync operation blocked by sync window"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants to sync. `started`: when the operation began, for windows that let a running one go on."""

    manual: bool
    started: datetime | None = None


def matching(windows: Iterable[JsonObject], app: str, cluster: Cluster, namespace: str) -> list[JsonObject]:
    """The windows that concern the application."""
    return [window for window in windows if _concerns(window, app, cluster, namespace)]


def allows(windows: Sequence[JsonObject], asked: Asked, now: datetime) -> bool:
    """`windows`: those that concern the application."""
    return _allows(windows, asked, now)


def next_change(windows: Iterable[JsonObject], now: datetime) -> datetime | None:
    """When a window opens or closes next; None when none ever does."""
    found = []
    for window in windows:
        length = _length(window)
        opened = _first_after(window, now - length, now)
        found += [opened + length] if opened is not None and opened < now else []
        found += [opened] if opened is not None and opened >= now else []
        following = _first_after(window, now, now)
        found += [following] if following is not None else []
    return min((at for at in found if at > now), default=None)


def wait(windows: Iterable[JsonObject], now: datetime) -> float | None:
    """Seconds until it is worth asking again: a window counts from just after its first moment."""
    at = next_change(windows, now)
    return None if at is None else (at - now).total_seconds() + 1.0


def is_active(window: JsonObject, now: datetime) -> bool:
    """The schedule's next moment after (now - duration) lies before now."""
    opened = _first_after(window, now - _length(window), now)
    return opened is not None and opened < now


def _allows(windows: Sequence[JsonObject], asked: Asked, now: datetime) -> bool:
    denies = [window for window in windows if window.get("kind") == "deny" and is_active(window, now)]
    permits = [window for window in windows if window.get("kind") == "allow"]
    if denies:
        return _excepted(denies, windows, asked)
    if not permits or any(is_active(window, now) for window in permits):
        return True
    return _excepted(permits, windows, asked)


def _excepted(against: Sequence[JsonObject], windows: Sequence[JsonObject], asked: Asked) -> bool:
    """A manual sync, or one that was allowed when it began, if every window that speaks against it lets it."""
    if asked.manual and all(window.get("manualSync") for window in against):
        return True
    if asked.started is None or not all(window.get("syncOverrun") for window in against):
        return False
    return _allows(windows, Asked(asked.manual), asked.started)


def _concerns(window: JsonObject, app: str, cluster: Cluster, namespace: str) -> bool:
    texts = {"applications": (app,), "clusters": (cluster.name, cluster.server), "namespaces": (namespace,)}
    found = [
        any(matches(pattern, text) for pattern in window[name] for text in texts[name])
        for name in texts
        if window.get(name)
    ]
    return bool(found) and (all(found) if window.get("andOperator") else any(found))


def _first_after(window: JsonObject, after: datetime, now: datetime) -> datetime | None:
    """The offset is the zone's present one: a change of the clocks inside a window is not modelled, as upstream."""
    try:
        offset = ZoneInfo(str(window.get("timeZone") or "UTC")).utcoffset(now.replace(tzinfo=None)) or timedelta()
    except (ZoneInfoNotFoundError, ValueError):
        offset = timedelta()
    try:
        found = next(CronSim(str(window.get("schedule") or ""), after.astimezone(UTC).replace(tzinfo=None) + offset))
    except (CronSimError, StopIteration):
        return None
    return found.replace(tzinfo=UTC) - offset


def _length(window: JsonObject) -> timedelta:
    try:
        return duration.parse(str(window.get("duration") or "0s"))
    except duration.DurationError:
        return timedelta()
