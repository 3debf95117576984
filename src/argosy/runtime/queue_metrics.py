"""Metrics of work queues under client-go's names, which dashboards of every controller ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.queue import WorkQueue

Queues = Callable[[], Iterable[tuple[str, WorkQueue]]]
"""By the name that the `name` label shows."""


def register_queues(queues: Queues, registry: Registry = REGISTRY) -> None:
    def read(number: Callable[[WorkQueue], int]) -> Callable[[], Iterable[Sample]]:
        return lambda: [((name,), float(number(queue))) for name, queue in queues()]

    names = ("name",)
    registry.collected("workqueue_depth", "Keys that are ready.", names, read(len))
    registry.collected("workqueue_adds_total", "Keys that were added.", names, read(_added), "counter")
    registry.collected("workqueue_retries_total", "Keys that are tried again.", names, read(_retried), "counter")
    registry.collected("argosy_queue_working", "Keys that are worked on.", names, read(_working))


def _added(queue: WorkQueue) -> int:
    return queue.added_count


def _retried(queue: WorkQueue) -> int:
    return queue.retried_count


def _working(queue: WorkQueue) -> int:
    return queue.working_count
