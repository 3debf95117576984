"""A scenario: results of measurements, images, simulation rules, and acts of people. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.rehearse.changes import Change, NewImage

RESULTS: Final = ("Successful", "Failed", "Inconclusive", "Error")
WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRule:
    """Results for measurements; the first rule whose patterns all match applies. `values` are used in turn, the last
    repeatedly; `result` instead sets the outcome of each measurement."""

    provider: str = "*"
    metric: str = "*"
    namespace: str = "*"
    run: str = "*"
    values: tuple[Any, ...] = ()
    result: str = ""

    def matches(self, provider: str, metric: str, namespace: str, run: str) -> bool:
        pairs = (provider, self.provider), (metric, self.metric), (namespace, self.namespace), (run, self.run)
        return all(fnmatchcase(*pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: time after the change."""

    at: timedelta
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    start: datetime | None = None
    within: timedelta = WITHIN
    images: tuple[NewImage, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    rules: tuple[JsonObject, ...] = ()
    """Rules of the simulation (docs/simulation.md)."""
    events: tuple[Event, ...] = ()
    opens_gates: bool = False
    """Whether each gate is opened as soon as it waits."""


def simulation(rules: Sequence[JsonObject]) -> list[JsonObject]:
    """The rules as the simulation reads them: a labelled ConfigMap."""
    if not rules:
        return []
    metadata = {"name": "rehearsal", "namespace": "argocd", "labels": {"argosy.dev/simulation-rules": "true"}}
    data = {"rules": json.dumps({"rules": list(rules)})}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]
