"""Revision, its history and the size at the last sync: a ReplicaSet's annotations. Sections 2.3 and 2.4."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.machinery import timestamps
from argosy.rollouts.resources import (
    DESIRED_REPLICAS,
    LAST_APPLIED,
    NOTIFIED,
    REVISION,
    REVISION_HISTORY,
    SCALE_DOWN_DEADLINE,
    WAITING,
)

_NOT_COPIED = frozenset({LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, NOTIFIED, WAITING})


def revision_of(annotations: dict[str, str]) -> int:
    """0 if there is none."""
    text = annotations.get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def highest_revision(sets: Iterable[ReplicaSet]) -> int:
    return max((revision_of(found.annotations) for found in sets), default=0)


def newest_first(sets: Iterable[ReplicaSet]) -> list[ReplicaSet]:
    return sorted(sets, key=lambda found: (revision_of(found.annotations), found.created), reverse=True)


def annotations_for_new(rollout: Rollout, existing: dict[str, str], revision: int) -> dict[str, str]:
    """The Rollout's annotations and the revision; one that becomes new again records its earlier numbers."""
    found = {**existing, **{key: value for key, value in rollout.annotations.items() if key not in _NOT_COPIED}}
    old = existing.get(REVISION, "")
    if old and not old.isdecimal():
        return found
    if int(old or 0) < revision:
        found[REVISION] = str(revision)
    if old and found != existing:
        found[REVISION_HISTORY] = ",".join(filter(None, (existing.get(REVISION_HISTORY, ""), old)))
    return found


def desired_replicas(found: ReplicaSet) -> int | None:
    """spec.replicas of the Rollout when it was last scaled."""
    text = found.annotations.get(DESIRED_REPLICAS, "")
    return int(text) if text.isdecimal() else None


def size_note_is_outdated(found: ReplicaSet, replicas: int) -> bool:
    if found.annotations.get(DESIRED_REPLICAS) != str(replicas):
        return True
    return replicas == 0 and bool(found.annotations.get(SCALE_DOWN_DEADLINE))


def has_deadline(found: ReplicaSet | None) -> bool:
    return found is not None and bool(found.annotations.get(SCALE_DOWN_DEADLINE))


def deadline_of(found: ReplicaSet) -> datetime | None:
    """When its pods are removed; None if the annotation is missing or invalid."""
    try:
        return timestamps.parse(found.annotations.get(SCALE_DOWN_DEADLINE, ""))
    except ValueError:
        return None
