"""Metrics of work queues under client-go's names, which dashboards of every controller use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.workqueue.queue import WorkQueue
from argosy.runtime.workqueue.timing import QueueTiming

Queues = Callable[[], Iterable[tuple[str, WorkQueue]]]
"""By the value of the `name` label."""
SECONDS: Final = tuple(10.0**power for power in range(-8, 2))
"""Buckets of client-go."""


def register_queues(queues: Queues, registry: Registry = REGISTRY) -> None:
    """Queues added later are timed from their first scrape on."""
    names = ("name",)
    waits = registry.histogram("workqueue_queue_duration_seconds", "How long keys wait for a turn.", names, SECONDS)
    works = registry.histogram("workqueue_work_duration_seconds", "How long a turn takes.", names, SECONDS)

    def timed(name: str, queue: WorkQueue) -> QueueTiming:
        if queue.timing is None:
            queue.timing = QueueTiming(
                queue.clock, partial(waits.observe, name=name), partial(works.observe, name=name)
            )
        return queue.timing

    def read(number: Callable[[WorkQueue], float]) -> Callable[[], Iterable[Sample]]:
        return lambda: [((name,), float(number(queue))) for name, queue in queues()]

    def read_timing(number: Callable[[QueueTiming], float]) -> Callable[[], Iterable[Sample]]:
        return lambda: [((name,), number(timed(name, queue))) for name, queue in queues()]

    for name, queue in queues():
        timed(name, queue)
    registry.collected("workqueue_depth", "Keys that are ready.", names, read(len))
    registry.collected("workqueue_adds_total", "Keys that were added.", names, read(_added), "counter")
    registry.collected("workqueue_retries_total", "Keys that are tried again.", names, read(_retried), "counter")
    registry.collected(
        "workqueue_unfinished_work_seconds", "Seconds of turns under way.", names, read_timing(QueueTiming.unfinished)
    )
    registry.collected(
        "workqueue_longest_running_processor_seconds",
        "Seconds of the longest turn under way.",
        names,
        read_timing(QueueTiming.longest),
    )
    registry.collected("argosy_queue_working", "Keys that are worked on.", names, read(_working))


def _added(queue: WorkQueue) -> int:
    return queue.added_count


def _retried(queue: WorkQueue) -> int:
    return queue.retried_count


def _working(queue: WorkQueue) -> int:
    return queue.working_count
