"""The metrics of controller-runtime for each controller of the engine, since upstream's dashboards use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

from argosy.observe.metrics import Registry

Result = Literal["success", "error", "requeue_after"]
SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75,
    2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0,
)  # fmt: skip


class RuntimeMetrics:
    """`active`: how many turns are in progress."""

    def __init__(self, registry: Registry, controller: str, workers: int, active: Callable[[], int]) -> None:
        name = ("controller",)
        turns = registry.counter("controller_runtime_reconcile_total", "Turns, by result.", (*name, "result"))
        self._ended = {result: turns.adding(controller=controller, result=result) for result in get_args(Result)}
        errors = registry.counter("controller_runtime_reconcile_errors_total", "Turns that failed.", name)
        self._failed = errors.adding(controller=controller)
        seconds = registry.histogram("controller_runtime_reconcile_time_seconds", "Time of a turn.", name, SECONDS)
        self._took = seconds.observing(controller=controller)
        most = registry.gauge("controller_runtime_max_concurrent_reconciles", "Turns at once, at most.", name)
        most.set(float(workers), controller=controller)
        working = registry.gauge("controller_runtime_active_workers", "Turns under way.", name)
        working.watch(lambda: float(active()), controller=controller)

    def took(self, seconds: float, result: Result) -> None:
        self._ended[result]()
        self._took(seconds)
        if result == "error":
            self._failed()
