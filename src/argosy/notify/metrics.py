"""The room's metrics, under upstream's names. Source: spec/metrics.md E1 (9001), E2 for those of Rollouts."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import Key
from argosy.notify.memory import Memory
from argosy.notify.ports import Deliver
from argosy.observe.metrics import REGISTRY, Registry

SEND_SECONDS: Final = (0.01, 0.15, 0.25, 0.5, 1.0)


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


class RolloutSends:
    """Deliveries about Rollouts, under Argo Rollouts' names."""

    def __init__(self, registry: Registry = REGISTRY) -> None:
        names, labels = ("namespace", "name"), ("namespace", "name", "type", "reason")
        self._sent = registry.counter("notification_send_success", "Notifications that were taken.", labels)
        self._failed = registry.counter("notification_send_error", "Notifications that were not taken.", labels)
        self._seconds = registry.histogram("notification_send", "Time of sending.", names, SEND_SECONDS)

    def sent(self, question: Deliver, seconds: float, *, succeeded: bool) -> None:
        namespace, _, name = question.about.rpartition(" ")[2].rpartition("/")
        kind, _, reason = question.occasion.partition("/")
        counter = self._sent if succeeded else self._failed
        counter.add(namespace=namespace, name=name, type=kind, reason=reason)
        self._seconds.observe(seconds, namespace=namespace, name=name)
