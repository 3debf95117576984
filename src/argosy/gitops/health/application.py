"""An application's health from that of its objects (spec 9.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from argosy.gitops.health import Health
from argosy.gitops.health.verdict import ORDER
from argosy.gitops.keys import ResourceKey

RANK = {status: rank for rank, status in enumerate(ORDER)}
NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One object that may count. `health` None: it has no check."""

    key: ResourceKey
    health: Health | None
    is_live: bool
    counts: bool = True
    """False for hooks, the application itself, and objects that are marked as ignored."""


def aggregated(parts: Iterable[Part]) -> Health:
    """The worst that counts. If no target is live the application is Missing."""
    counted = [part for part in parts if part.counts]
    if counted and not any(part.is_live for part in counted):
        return Health("Missing")
    worst = "Healthy"
    blamed: list[ResourceKey] = []
    for part in counted:
        if not part.is_live or part.health is None or part.health.status not in RANK or _is_child_to_come(part):
            continue
        if RANK[part.health.status] > RANK[worst]:
            worst, blamed = part.health.status, []
        if part.health.status == worst and worst != "Healthy":
            blamed.append(part.key)
    return Health(worst, _blame(blamed))


def _is_child_to_come(part: Part) -> bool:
    child = (part.key.group, part.key.kind) == ("argoproj.io", "Application")
    return child and part.health is not None and part.health.status in ("Missing", "Unknown")


def _blame(keys: list[ResourceKey]) -> str:
    if not keys:
        return ""
    names = ", ".join(f"{_kind_of(key)}:{key.namespace}/{key.name}" for key in keys[:NAMED])
    return f"Caused by {names}" + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


def _kind_of(key: ResourceKey) -> str:
    """For the core group, the kind alone."""
    return f"{key.group}/{key.kind}" if key.group else key.kind
