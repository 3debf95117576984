"""Metrics of ApplicationSets under upstream's names, read from the cache at each scrape. Source: spec/metrics.md E1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.schema import read
from argosy.machinery.controller import Controller
from argosy.machinery.objects import JsonObject, Key
from argosy.observe.metrics import REGISTRY, Registry, Sample, label_name
from argosy.runtime.caches.informer import Cache

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SET: Final[tuple[str, ...]] = ("namespace", "name")
LABELS: Final = "ARGOCD_APPLICATIONSET_CONTROLLER_METRICS_APPLICATIONSET_LABELS"
"""Comma-separated: which labels have a series."""


class ApplicationSetMetrics:
    def __init__(self, cache: Cache, environ: Mapping[str, str], registry: Registry = REGISTRY) -> None:
        self._cache = cache
        self._labels = [word for part in environ.get(LABELS, "").split(",") if (word := part.strip())]
        status = (*SET, "resource_update_status")
        registry.collected("argocd_appset_info", "What each ApplicationSet is.", status, self._info)
        self._seconds = registry.histogram("argocd_appset_reconcile", "Time of one look.", SET, SECONDS)
        owned = "argocd_appset_owned_applications"
        registry.collected(owned, "Applications of an ApplicationSet.", SET, self._owned)
        if self._labels:
            names = (*SET, *(label_name(label) for label in self._labels))
            registry.collected("argocd_appset_labels", "Labels of an ApplicationSet.", names, self._label)

    def of(self, controller: Controller[Any]) -> Controller[Any]:
        """The controller, whose looks are timed from now on; series of a deleted set are removed."""
        self._cache.on_change(self._changed)
        return replace(controller, timed=self._timed)

    def _timed(self, key: Key, seconds: float, failed: bool) -> None:
        self._seconds.observe(seconds, namespace=key.namespace, name=key.name)

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None and old is not None:
            gone = _place(old)
            self._seconds.forget(lambda labels: (labels["namespace"], labels["name"]) != gone)

    def _info(self) -> Iterator[Sample]:
        for obj in self._cache.list():
            yield (*_place(obj), _status(obj)), 1.0

    def _owned(self) -> Iterator[Sample]:
        for obj in self._cache.list():
            yield _place(obj), float(len(read(ApplicationSet, obj).status.resources))

    def _label(self) -> Iterator[Sample]:
        for obj in self._cache.list():
            labels = read(ApplicationSet, obj).metadata.labels
            yield (*_place(obj), *(labels.get(label) or "" for label in self._labels)), 1.0


def _place(obj: JsonObject) -> tuple[str, str]:
    return str(obj["metadata"]["namespace"]), str(obj["metadata"]["name"])


def _status(obj: JsonObject) -> str:
    """The reason of `ResourcesUpToDate`."""
    reasons = (one.reason for one in read(ApplicationSet, obj).status.conditions if one.type == "ResourcesUpToDate")
    return next(reasons, "") or "Unknown"
