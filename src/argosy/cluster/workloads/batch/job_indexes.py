"""Completion indexes of Jobs: which are done, which have failed, which run next (kinds sheet 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from argosy.cluster.workloads.pods import is_active, phase
from argosy.machinery.objects import JsonObject

INDEX = "batch.kubernetes.io/job-completion-index"
HIGHEST = 1_000_000
"""Upper limit of indexes that are read: a status may be written by anyone who has the right."""
FAILURES = "batch.kubernetes.io/job-index-failure-count"
"""How often the index had failed when the Pod was created; with backoffLimitPerIndex only."""


def is_indexed(job: JsonObject) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: JsonObject) -> int | None:
    return _number(pod, INDEX)


def earlier_failures(pod: JsonObject) -> int:
    return _number(pod, FAILURES) or 0


def _number(pod: JsonObject, annotation: str) -> int | None:
    text = (pod["metadata"].get("annotations") or {}).get(annotation, "")
    return int(text) if text.isdecimal() else None


def open_indexes(job: JsonObject, pods: Iterable[JsonObject]) -> Iterator[int]:
    """Those without a running or succeeded Pod, lowest first."""
    status = job.get("status") or {}
    taken: set[int | None] = {*unranges(status.get("completedIndexes")), *unranges(status.get("failedIndexes"))}
    taken |= {index_of(pod) for pod in pods if is_active(pod) or phase(pod) == "Succeeded"}
    return (index for index in range(int(job["spec"].get("completions") or 0)) if index not in taken)


def ranges(indexes: Iterable[int]) -> str:
    """`{0, 1, 2, 5}` as `0-2,5`."""
    parts: list[list[int]] = []
    for index in sorted(indexes):
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def unranges(text: str | None) -> set[int]:
    found: set[int] = set()
    for part in filter(None, (text or "").split(",")):
        low, _, high = part.partition("-")
        found |= set(range(int(low), min(int(high or low), HIGHEST) + 1))
    return found
