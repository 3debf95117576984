"""The numbers of a Deployment: pure arithmetic on ReplicaSets (kinds sheet 5.1).

Never more than desired + surge Pods that are not terminating, never fewer than desired - unavailable available ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from argosy.cluster.workloads.pods import percent_of
from argosy.machinery.objects import JsonObject

DESIRED, MAXIMUM = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
Sizes: TypeAlias = list[tuple[JsonObject, int]]
"""ReplicaSets with their new sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    desired: int
    surge: int
    unavailable: int
    rolling: bool

    @classmethod
    def of(cls, spec: JsonObject) -> Numbers:
        desired = spec.get("replicas")
        desired = 1 if desired is None else desired
        strategy = spec.get("strategy") or {}
        if strategy.get("type") == "Recreate":
            return cls(desired=desired, surge=0, unavailable=0, rolling=False)
        rolling = strategy.get("rollingUpdate") or {}
        surge = percent_of(rolling.get("maxSurge"), desired, up=True)
        unavailable = percent_of(rolling.get("maxUnavailable"), desired, up=False)
        if not surge and not unavailable:
            unavailable = 1
        return cls(desired=desired, surge=surge, unavailable=min(unavailable, desired), rolling=True)

    @property
    def maximum(self) -> int:
        return self.desired + self.surge

    @property
    def minimum(self) -> int:
        return self.desired - self.unavailable


def size(item: JsonObject) -> int:
    replicas = item["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def available(item: JsonObject | None) -> int:
    return int((item.get("status") or {}).get("availableReplicas") or 0) if item is not None else 0


def total(items: Iterable[JsonObject]) -> int:
    return sum(size(item) for item in items)


def size_annotations(numbers: Numbers) -> dict[str, str]:
    return {DESIRED: str(numbers.desired), MAXIMUM: str(numbers.maximum)}


def size_changed(spec: JsonObject, sets: Iterable[JsonObject]) -> bool:
    """An active ReplicaSet was sized for another number of replicas."""
    desired = str(Numbers.of(spec).desired)
    return any(
        size(item) and (item["metadata"].get("annotations") or {}).get(DESIRED, desired) != desired for item in sets
    )


def new_set_size(numbers: Numbers, new: JsonObject | None, sets: Iterable[JsonObject]) -> int:
    """The size that the new ReplicaSet may have now; `sets` are all."""
    current = size(new) if new is not None else 0
    if not numbers.rolling or current > numbers.desired:
        return numbers.desired
    room = numbers.maximum - total(sets)
    return current + min(room, numbers.desired - current) if room > 0 else current


def old_set_sizes(numbers: Numbers, new: JsonObject, old: Sequence[JsonObject]) -> Sizes:
    """Old ReplicaSets, oldest first, to scale down now: unhealthy Pods first, then what availability allows."""
    busy = [item for item in old if size(item)]
    allowed = total(busy) + size(new) - numbers.minimum - (size(new) - available(new))
    if not busy or allowed <= 0:
        return []
    left = {item["metadata"]["name"]: size(item) for item in busy}
    for item in busy:
        name = item["metadata"]["name"]
        removed = max(0, min(allowed, left[name] - available(item)))
        left[name], allowed = left[name] - removed, allowed - removed
    spare = available(new) + sum(available(item) for item in old) - numbers.minimum
    for item in busy:
        name = item["metadata"]["name"]
        removed = max(0, min(spare, left[name]))
        left[name], spare = left[name] - removed, spare - removed
    return [(item, left[item["metadata"]["name"]]) for item in busy if left[item["metadata"]["name"]] != size(item)]


def scaled(numbers: Numbers, new: JsonObject | None, old: Sequence[JsonObject]) -> Sizes:
    """Sizes after `desired` changed: a single active ReplicaSet gets all, several share it."""
    every = [*old, new] if new is not None else list(old)
    active = [item for item in every if size(item)]
    if len(active) <= 1:
        chosen = active[0] if active else new or (every[-1] if every else None)
        return [(chosen, numbers.desired)] if chosen is not None else []
    if new is not None and size(new) == numbers.desired and available(new) == numbers.desired:
        return [(item, 0) for item in old if size(item)]
    return _shared(numbers, active) if numbers.rolling else []


def _shared(numbers: Numbers, active: list[JsonObject]) -> Sizes:
    """Proportionally to each one's share of the previous maximum; the rest goes to the largest."""
    allowed = numbers.maximum if numbers.desired else 0
    to_add = allowed - total(active)
    newest_first = sorted(active, key=lambda item: item["metadata"]["creationTimestamp"], reverse=to_add > 0)
    by_size = sorted(newest_first, key=size, reverse=True)
    added, sizes = 0, []
    for item in by_size:
        part = _share(numbers, item, to_add, added) if to_add else 0
        added += part
        sizes.append(size(item) + part)
    sizes[0] = max(0, sizes[0] + to_add - added)
    return list(zip(by_size, sizes, strict=True))


def _share(numbers: Numbers, item: JsonObject, to_add: int, added: int) -> int:
    if not numbers.desired:
        return -size(item)
    text = (item["metadata"].get("annotations") or {}).get(MAXIMUM, "")
    former = int(text) if text.isdigit() and int(text) else numbers.maximum
    wanted = (size(item) * numbers.maximum * 2 + former) // (former * 2) - size(item)
    return min(wanted, to_add - added) if to_add > 0 else max(wanted, to_add - added)
