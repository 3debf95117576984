"""Reports invalid configuration: an Event on the ConfigMap for each item, and a gauge.

Valid items keep working; see `configuration.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.notify.configuration import Problem, configuration
from argosy.observe.metrics import REGISTRY, Registry

REASON = "InvalidNotificationConfiguration"


@dataclass(frozen=True, slots=True)
class Seen:
    config_map: JsonObject
    problems: tuple[Problem, ...]
    reported: tuple[Problem, ...]


def problems_controller(
    names: dict[str, str], reporter: str, name: str = "notifications-configuration", registry: Registry = REGISTRY
) -> Controller[Seen]:
    """`names`: ConfigMaps, each with the name of its Secret."""
    gauge = registry.gauge(
        "argosy_notifications_configuration_problems",
        "Items of a notification configuration that cannot be read.",
        ("namespace", "name"),
    )

    def measure(key: Key, memory: Any) -> None:
        labels = {"namespace": key.namespace, "name": key.name}
        gauge.remove(**labels) if memory is None else gauge.set(float(len(memory)), **labels)

    return Controller(
        name=name,
        kind=ConfigMap,
        look=_look(names),
        decide=decide,
        background=True,
        reporter=reporter,
        measure=measure,
    )


def _look(names: dict[str, str]) -> Callable[[Snapshot, Key], Seen | None]:
    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        if key.name not in names or (found := snapshot.get(ConfigMap, key)) is None:
            return None
        secret = snapshot.get(Secret, Key(key.namespace, names[key.name]))
        values = {entry: secret.value(entry) or b"" for entry in secret.data} if secret else {}
        return Seen(found.raw, configuration(found.data, values).problems, snapshot.memory or ())

    return look


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.problems == seen.reported:
        return NOTHING
    new = [problem for problem in seen.problems if problem not in seen.reported]
    events = tuple(
        Event(about=seen.config_map, reason=REASON, message=f"{problem.key}: {problem.message}", type="Warning")
        for problem in new
    )
    return Decision(steps=events, memory=seen.problems)
