"""The metrics of Rollouts and Experiments under upstream's names. Source: spec/metrics.md E2.

Gauges are read from the caches at each scrape; durations of updates are counted when the status shows them, so that
it does not matter which process wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from argosy import __version__
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.caches.informer import Cache

DURATION: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)
PROGRESSION: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
PAUSE: Final = (0.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)
NAMES: Final = ("namespace", "name")
PHASES: Final = {
    "NewReplicaSetAvailable": "Completed",
    "RolloutPaused": "Paused",
    "ReplicaSetCreateError": "Error",
    "ProgressDeadlineExceeded": "Timeout",
    "RolloutAborted": "Abort",
}
"""By the reason of the condition Progressing; any other reason counts as Progressing."""
OLD_PHASES: Final = ("Completed", "Progressing", "Paused", "Timeout", "Error", "Abort")
EXPERIMENT_PHASES: Final = ("Pending", "Error", "Failed", "Successful", "Running", "Inconclusive")
ROUTERS: Final = {
    "alb": "ALB",
    "ambassador": "Ambassador",
    "istio": "Istio",
    "nginx": "Nginx",
    "smi": "SMI",
    "appMesh": "AppMesh",
}


class RolloutMetrics:
    def __init__(self, rollouts: Cache, experiments: Cache, registry: Registry = REGISTRY) -> None:
        self._rollouts, self._experiments = rollouts, experiments
        info = (*NAMES, "strategy", "traffic_router", "phase")
        registry.collected("rollout_info", "What each Rollout is and how it is.", info, self._info)
        for what in ("desired", "available", "unavailable", "updated"):
            name = f"rollout_info_replicas_{what}"
            registry.collected(name, f"Pods of a Rollout that are {what}.", NAMES, partial(self._pods, what))
        old = (*NAMES, "strategy", "phase")
        registry.collected("rollout_phase", "Deprecated: use rollout_info.", old, self._phases)
        phase = (*NAMES, "phase")
        registry.collected("experiment_info", "How each Experiment is.", phase, self._experiment)
        registry.collected("experiment_phase", "Deprecated: use experiment_info.", phase, self._experiment_phases)
        labels = ("status",)
        self._took = registry.histogram("rollout_duration_seconds", "Of updates that ended.", labels, DURATION)
        self._moved = registry.histogram(
            "rollout_progression_duration_seconds",
            "Of updates that ended, without pauses by hand.",
            labels,
            PROGRESSION,
        )
        self._paused = registry.histogram(
            "rollout_manual_pause_duration_seconds", "Pauses by hand of updates that ended.", labels, PAUSE
        )
        version = registry.gauge("argo_rollouts_controller_info", "The version that runs.", ("version",))
        version.set(1, version=__version__)
        rollouts.on_change(self._changed)

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        before, after = _duration(old), _duration(new)
        began, ended = _time(after.get("rolloutStartedAt")), _time(after.get("finishedAt"))
        if old is None or before.get("finishedAt") == after.get("finishedAt") or began is None or ended is None:
            return
        status = str(after.get("completionStatus") or "")
        seconds = max(0.0, (ended - began).total_seconds())
        paused = float(after.get("totalManualPauseDurationSeconds") or 0)
        self._took.observe(seconds, status=status)
        self._moved.observe(max(0.0, seconds - paused), status=status)
        self._paused.observe(paused, status=status)

    # -- at a scrape ---------------------------------------------------------------------------------------------------

    def _info(self) -> Iterator[Sample]:
        for obj in self._rollouts.list():
            yield (*_names(obj), *strategy_of(obj), phase_of(obj)), 1.0

    def _pods(self, what: str) -> Iterator[Sample]:
        for obj in self._rollouts.list():
            status = obj.get("status") or {}
            available = int(status.get("availableReplicas") or 0)
            counts = {
                "desired": int(obj["spec"].get("replicas", 1)),
                "available": available,
                "unavailable": int(status.get("replicas") or 0) - available,
                "updated": int(status.get("updatedReplicas") or 0),
            }
            yield _names(obj), float(counts[what])

    def _phases(self) -> Iterator[Sample]:
        for obj in self._rollouts.list():
            phase = phase_of(obj)
            for one in OLD_PHASES:
                yield (*_names(obj), strategy_of(obj)[0], one), float(one == phase)

    def _experiment(self) -> Iterator[Sample]:
        for obj in self._experiments.list():
            yield (*_names(obj), str((obj.get("status") or {}).get("phase") or "")), 1.0

    def _experiment_phases(self) -> Iterator[Sample]:
        for obj in self._experiments.list():
            phase = str((obj.get("status") or {}).get("phase") or "Pending")
            for one in EXPERIMENT_PHASES:
                yield (*_names(obj), one), float(one == phase)


def strategy_of(obj: JsonObject) -> tuple[str, str]:
    """The strategy and its router. Without a view, as all of this module: each scrape reads every object."""
    strategy = obj["spec"].get("strategy") or {}
    if strategy.get("blueGreen") is not None:
        return "blueGreen", ""
    if strategy.get("canary") is None:
        return "none", ""
    routing = (strategy["canary"] or {}).get("trafficRouting") or {}
    named = [name for kind, name in ROUTERS.items() if routing.get(kind) is not None]
    return "canary", named[-1] if named else ""


def phase_of(obj: JsonObject) -> str:
    """As this metric defines it, which is not status.phase."""
    conditions = {one.get("type"): one for one in (obj.get("status") or {}).get("conditions") or ()}
    if "InvalidSpec" in conditions:
        return "InvalidSpec"
    return PHASES.get(str((conditions.get("Progressing") or {}).get("reason")), "Progressing")


def _names(obj: JsonObject) -> tuple[str, str]:
    metadata = obj["metadata"]
    return str(metadata.get("namespace") or ""), str(metadata["name"])


def _duration(obj: JsonObject | None) -> dict[str, Any]:
    return dict(((obj or {}).get("status") or {}).get("duration") or {})


def _time(text: object) -> datetime | None:
    try:
        return timestamps.parse(str(text)) if text else None
    except ValueError:
        return None
