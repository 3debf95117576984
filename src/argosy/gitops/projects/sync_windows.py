"""Sync windows: when a project's applications may be synced, and by whom (spec 2.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from argosy.apis.argoproj.project import SyncWindow
from argosy.gitops.clusters.resolution import Cluster
from argosy.machinery import duration
from argosy.machinery.text.globs import matches

BLOCKED = "Sync operation blocked by sync window"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants to sync. `started`: when the operation started, for windows that let a running one continue."""

    manual: bool
    started: datetime | None = None


def matching(windows: Iterable[SyncWindow], app: str, cluster: Cluster, namespace: str) -> list[SyncWindow]:
    """The windows that apply to the application."""
    return [window for window in windows if _concerns(window, app, cluster, namespace)]


def allows(windows: Sequence[SyncWindow], asked: Asked, now: datetime) -> bool:
    """`windows`: those that apply to the application."""
    return _allows(windows, asked, now)


def next_change(windows: Iterable[SyncWindow], now: datetime) -> datetime | None:
    """When a window opens or closes next; None if none ever does."""
    found = []
    for window in windows:
        length = _length(window)
        opened = _first_after(window, now - length, now)
        found += [opened + length] if opened is not None and opened < now else []
        found += [opened] if opened is not None and opened >= now else []
        following = _first_after(window, now, now)
        found += [following] if following is not None else []
    return min((at for at in found if at > now), default=None)


def wait(windows: Iterable[SyncWindow], now: datetime) -> float | None:
    """Seconds until the next check is useful: a window counts from just after its first moment."""
    at = next_change(windows, now)
    return None if at is None else (at - now).total_seconds() + 1.0


def is_active(window: SyncWindow, now: datetime) -> bool:
    """The schedule's next time after (now - duration) is before now."""
    opened = _first_after(window, now - _length(window), now)
    return opened is not None and opened < now


def _allows(windows: Sequence[SyncWindow], asked: Asked, now: datetime) -> bool:
    denies = [window for window in windows if window.kind == "deny" and is_active(window, now)]
    permits = [window for window in windows if window.kind == "allow"]
    if denies:
        return _excepted(denies, windows, asked)
    if not permits or any(is_active(window, now) for window in permits):
        return True
    return _excepted(permits, windows, asked)


def _excepted(against: Sequence[SyncWindow], windows: Sequence[SyncWindow], asked: Asked) -> bool:
    """A manual sync, or one that was allowed when it started, if every denying window permits it."""
    if asked.manual and all(window.manual_sync for window in against):
        return True
    if asked.started is None or not all(window.sync_overrun for window in against):
        return False
    return _allows(windows, Asked(asked.manual), asked.started)


def _concerns(window: SyncWindow, app: str, cluster: Cluster, namespace: str) -> bool:
    sides = (
        (window.applications, (app,)),
        (window.clusters, (cluster.name, cluster.server)),
        (window.namespaces, (namespace,)),
    )
    found = [
        any(matches(pattern, text) for pattern in patterns for text in texts) for patterns, texts in sides if patterns
    ]
    return bool(found) and (all(found) if window.and_operator else any(found))


def _first_after(window: SyncWindow, after: datetime, now: datetime) -> datetime | None:
    """The offset is the zone's current one: daylight saving changes inside a window are not modelled, as upstream."""
    try:
        offset = ZoneInfo(window.time_zone or "UTC").utcoffset(now.replace(tzinfo=None)) or timedelta()
    except (ZoneInfoNotFoundError, ValueError):
        offset = timedelta()
    try:
        found = next(CronSim(window.schedule, after.astimezone(UTC).replace(tzinfo=None) + offset))
    except (CronSimError, StopIteration):
        return None
    return found.replace(tzinfo=UTC) - offset


def _length(window: SyncWindow) -> timedelta:
    try:
        return duration.parse(window.duration or "0s")
    except duration.DurationError:
        return timedelta()
