"""The metrics of AnalysisRuns and their templates under upstream's names. Source: spec/metrics.md E2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from argosy.apis.rollouts.metrics import MetricError, dry_run_metrics
from argosy.machinery.objects import JsonObject
from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.caches.informer import Cache

NAMES: Final = ("namespace", "name")
PHASES: Final = ("Pending", "Error", "Failed", "Successful", "Running", "Inconclusive")
_NAMES_OF_TYPES: Final = {
    "newRelic": "NewRelic",
    "cloudWatch": "CloudWatch",
    "influxdb": "Influxdb",
    "skywalking": "skywalking",
    "plugin": "RPCPlugin",
}


class AnalysisMetrics:
    def __init__(self, runs: Cache, templates: tuple[Cache, ...], registry: Registry = REGISTRY) -> None:
        self._runs, self._templates = runs, templates
        phase = (*NAMES, "phase")
        registry.collected("analysis_run_info", "How each AnalysisRun is.", phase, self._info)
        registry.collected("analysis_run_phase", "Deprecated: use analysis_run_info.", phase, self._phases)
        kind = (*NAMES, "metric", "type")
        registry.collected("analysis_run_metric_type", "Who measures a metric of a run.", kind, self._types)
        whole = (*kind, "dry_run", "phase")
        registry.collected("analysis_run_metric_phase", "How each metric of a run is.", whole, self._metric_phases)
        registry.collected("analysis_template_info", "The templates of analyses.", NAMES, self._named)
        told = (*NAMES, "type", "metric")
        registry.collected("analysis_template_metric_info", "Their metrics.", told, self._template_metrics)

    def _info(self) -> Iterator[Sample]:
        for obj in self._runs.list():
            yield (*_names(obj), str((obj.get("status") or {}).get("phase") or "")), 1.0

    def _phases(self) -> Iterator[Sample]:
        for obj in self._runs.list():
            phase = (obj.get("status") or {}).get("phase") or "Pending"
            for one in PHASES:
                yield (*_names(obj), one), float(one == phase)

    def _types(self) -> Iterator[Sample]:
        for obj in self._runs.list():
            for metric in _metrics(obj):
                yield (*_names(obj), str(metric.get("name")), type_of(metric)), 1.0

    def _metric_phases(self) -> Iterator[Sample]:
        for obj in self._runs.list():
            results = {one.get("name"): one for one in _tables((obj.get("status") or {}).get("metricResults"))}
            dry = _dry_run(obj)
            for metric in _metrics(obj):
                name = str(metric.get("name"))
                phase = (results.get(name) or {}).get("phase") or "Pending"
                told = (*_names(obj), name, type_of(metric), str(name in dry).lower())
                for one in PHASES:
                    yield (*told, one), float(one == phase)

    def _named(self) -> Iterator[Sample]:
        for cache in self._templates:
            for obj in cache.list():
                yield _names(obj), 1.0

    def _template_metrics(self) -> Iterator[Sample]:
        for cache in self._templates:
            for obj in cache.list():
                for metric in _metrics(obj):
                    yield (*_names(obj), type_of(metric), str(metric.get("name"))), 1.0


def type_of(metric: dict[str, Any]) -> str:
    """The provider, spelled as in upstream's metrics."""
    provider = next(iter(metric.get("provider") or {}), "")
    return _NAMES_OF_TYPES.get(provider, provider[:1].upper() + provider[1:])


def _metrics(obj: JsonObject) -> list[dict[str, Any]]:
    """The valid metrics: a stored object need not be valid."""
    spec = obj.get("spec")
    return _tables(spec.get("metrics") if isinstance(spec, dict) else None)


def _tables(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _dry_run(obj: JsonObject) -> frozenset[str]:
    names = [str(metric.get("name")) for metric in _metrics(obj)]
    try:
        return dry_run_metrics((obj.get("spec") or {}).get("dryRun") or (), names)
    except MetricError:
        return frozenset()


def _names(obj: JsonObject) -> tuple[str, str]:
    metadata = obj["metadata"]
    return str(metadata.get("namespace") or ""), str(metadata["name"])
