"""The room's metrics, under upstream's names. Source: spec/metrics.md E1 (9001)."""

from __future__ import annotations

from typing import Any

from argosy.machinery.objects import Key
from argosy.notify.memory import Memory
from argosy.notify.ports import Deliver
from argosy.observe.metrics import REGISTRY, Registry


class Metrics:
    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._deliveries = registry.counter(
            "argocd_notifications_deliveries_total",
            "Notifications that were sent, by trigger, service and result.",
            ("trigger", "service", "succeeded"),
        )
        self._evaluations = registry.counter(
            "argocd_notifications_trigger_eval_total",
            "Evaluations of a trigger's conditions, by result.",
            ("name", "triggered"),
        )

    def delivered(self, question: Deliver, *, succeeded: bool) -> None:
        self._deliveries.add(
            trigger=question.trigger, service=question.name, succeeded="true" if succeeded else "false"
        )

    def measure(self, key: Key, memory: Any) -> None:
        if isinstance(memory, Memory):
            for (trigger, holds), count in memory.evaluated.items():
                self._evaluations.add(float(count), name=trigger, triggered="true" if holds else "false")
