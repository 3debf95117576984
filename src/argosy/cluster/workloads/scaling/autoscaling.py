"""HorizontalPodAutoscaler: scales by simulated resource metrics (kinds sheet 5.5).

Metrics come from rules; `readings.py` compares them to the targets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from argosy.cluster.workloads.apps.rollout_arithmetic import size
from argosy.cluster.workloads.chance import fnv1a
from argosy.cluster.workloads.decision import Controller, Decision, Event, Step, merge, stamp, with_status
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.pods import is_active
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rules import Effect
from argosy.cluster.workloads.scaling.readings import Reading, Sample, readings_of
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.selectors import parse_labels

PERIOD = timedelta(seconds=15)
TOLERANCE = 0.1
REQUESTS = "http_requests_per_second"
"""The metric of type Pods that simulated traffic produces."""
_TARGETS = {
    "Deployment": "deployments",
    "ReplicaSet": "replicasets",
    "StatefulSet": "statefulsets",
    "Rollout": "rollouts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    scaler: JsonObject
    target: JsonObject | None
    pods: tuple[Sample, ...]
    """Active Pods of the target with their containers' effects."""
    recommendations: tuple[tuple[datetime, int], ...]
    """Recommendations within the scale-down stabilization window; lost on restart, as upstream's are."""


def wanted_size(readings: Sequence[Reading | None], current: int) -> int | None:
    """The largest value that any metric asks for; None when no metric has a number."""
    ratios = [reading.ratio for reading in readings if reading is not None]
    asked = [current if abs(ratio - 1) <= TOLERANCE else -int(-(current * ratio) // 1) for ratio in ratios]
    return max(asked) if asked else None


def decide(seen: Seen, now: datetime) -> Decision:
    scaler, spec, target = seen.scaler, seen.scaler["spec"], seen.target
    status = dict(scaler.get("status") or {})
    if target is None:
        text = f'{spec["scaleTargetRef"]["kind"].lower()}s "{spec["scaleTargetRef"]["name"]}" not found'
        _set(status, "AbleToScale", "False", "FailedGetScale", text, now)
        return _written(scaler, status, [], now)
    _set(status, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size", now)
    current = size(target)
    readings = readings_of(spec, seen.pods)
    status |= {"observedGeneration": scaler["metadata"].get("generation") or 1, "currentReplicas": current}
    wanted = wanted_size(readings, current) if current else None
    if current and (bound := _out_of_bounds(spec, current)) is not None:
        size_now, why = bound
        status["desiredReplicas"] = size_now
        return _written(scaler, status, _rescale(seen, target, status, size_now, why, now), now)
    if wanted is None:
        reason, text = ("ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
        if current:
            reason, text = "FailedGetResourceMetric", "the simulation has no rule with metrics for these Pods"
        _set(status, "ScalingActive", "False", reason, text, now)
        status["desiredReplicas"] = current
        return _written(scaler, status, [], now)
    _set(
        status,
        "ScalingActive",
        "True",
        "ValidMetricFound",
        "the HPA was able to successfully calculate a replica count",
        now,
    )
    status["currentMetrics"] = [reading.current if reading else {"type": ""} for reading in readings]
    steady = max([wanted, *(count for _, count in seen.recommendations)])
    chosen = _limited(spec, status, max(wanted, min(steady, current)), now)
    status["desiredReplicas"] = chosen
    steps: list[Step] = []
    if chosen != current:
        why = "All metrics below target" if chosen < current else "metric above target"
        steps = _rescale(seen, target, status, chosen, why, now)
    return _written(scaler, status, steps, now)


def _out_of_bounds(spec: JsonObject, current: int) -> tuple[int, str] | None:
    """The exceeded bound, which needs no metric, and its wording in the Event."""
    low, high = spec.get("minReplicas") or 1, spec["maxReplicas"]
    if current > high:
        return high, "Current number of replicas above Spec.MaxReplicas"
    return (low, "Current number of replicas below Spec.MinReplicas") if current < low else None


def _rescale(seen: Seen, target: JsonObject, status: JsonObject, size_now: int, why: str, now: datetime) -> list[Step]:
    """`status` in place."""
    text = f"New size: {size_now}; reason: {why}"
    status["lastScaleTime"] = stamp(now)
    able = f"the HPA controller was able to update the target scale to {size_now}"
    _set(status, "AbleToScale", "True", "SucceededRescale", able, now)
    said = Event(about=seen.scaler, reason="SuccessfulRescale", message=text, component="horizontal-pod-autoscaler")
    return [merge(target, {"spec": {"replicas": size_now}}), said]


def _limited(spec: JsonObject, status: JsonObject, wanted: int, now: datetime) -> int:
    low, high = spec.get("minReplicas") or 1, spec["maxReplicas"]
    chosen = int(min(max(wanted, low), high))
    if chosen == wanted:
        _set(
            status,
            "ScalingLimited",
            "False",
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
            now,
        )
    else:
        reason, word = (
            ("TooFewReplicas", "less than the minimum")
            if chosen > wanted
            else ("TooManyReplicas", "more than the maximum")
        )
        _set(status, "ScalingLimited", "True", reason, f"the desired replica count is {word} replica count", now)
    return chosen


def _set(status: JsonObject, kind: str, truth: str, reason: str, message: str, now: datetime) -> None:
    conditions = list(status.get("conditions") or ())
    place = next((index for index, item in enumerate(conditions) if item["type"] == kind), None)
    new = {"type": kind, "status": truth, "lastTransitionTime": stamp(now), "reason": reason, "message": message}
    if place is None:
        conditions.append(new)
    else:
        if conditions[place]["status"] == truth:
            new["lastTransitionTime"] = conditions[place]["lastTransitionTime"]
        conditions[place] = new
    status["conditions"] = conditions


def _written(scaler: JsonObject, status: JsonObject, steps: list[Step], now: datetime) -> Decision:
    if status != (scaler.get("status") or {}):
        steps.append(with_status(scaler, status))
    return Decision(tuple(steps), now + PERIOD)


class _Memory:
    """Past recommendations and times of the last runs; lost on restart, as upstream's are."""

    def __init__(self) -> None:
        self.history: dict[Key, list[tuple[datetime, int]]] = {}
        self.looked: dict[Key, tuple[datetime, int]] = {}

    def forget(self, key: Key) -> None:
        self.history.pop(key, None)
        self.looked.pop(key, None)

    def decide(self, seen: Seen, now: datetime) -> Decision:
        """Once per period, whatever wakes the autoscaler in between; at once after a change of its spec."""
        key, generation = key_of(seen.scaler), _generation(seen.scaler)
        last, known = self.looked.get(key, (None, 0))
        if last is not None and known == generation and now < last + PERIOD:
            return Decision((), last + PERIOD)
        self.looked[key] = (now, generation)
        decision = decide(seen, now)
        if seen.target is not None:
            self._remember(key, seen, now)
        return decision

    def _remember(self, key: Key, seen: Seen, now: datetime) -> None:
        spec = seen.scaler["spec"]
        assert seen.target is not None
        wanted = wanted_size(readings_of(spec, seen.pods), size(seen.target))
        behavior = (spec.get("behavior") or {}).get("scaleDown") or {}
        window = timedelta(seconds=behavior.get("stabilizationWindowSeconds", 300))
        kept = [item for item in seen.recommendations if now - item[0] < window]
        self.history[key] = [*kept, (now, wanted)] if wanted is not None else kept


def _generation(scaler: JsonObject) -> int:
    return fnv1a(repr(scaler["spec"]).encode())


def make_controller(book: RuleBook, requests_to: Callable[[str, str], float | None]) -> Controller:
    """`requests_to`: requests per second that reach a Pod, by namespace and name; None where none are simulated."""
    memory = _Memory()

    def look(view: View, key: Key) -> Seen | None:
        scaler = view.get("horizontalpodautoscalers", key)
        if scaler is None:
            memory.forget(key)
            return None
        reference = scaler["spec"]["scaleTargetRef"]
        plural = _TARGETS.get(reference["kind"])
        target = view.get(plural, Key(key.namespace, reference["name"])) if plural else None
        pods = _pods_of(view, target) if target is not None else []
        return Seen(
            scaler=scaler,
            target=target,
            pods=tuple((pod, _with_requests(pod, _effects(view, book, pod), requests_to)) for pod in pods),
            recommendations=tuple(memory.history.get(key, ())),
        )

    return Controller(
        name="autoscaler", background=True, look=look, decide=memory.decide, routes={"horizontalpodautoscalers": itself}
    )


def _pods_of(view: View, target: JsonObject) -> list[JsonObject]:
    parents = view.owned("replicasets", target) if target["kind"] in ("Deployment", "Rollout") else [target]
    pods = [pod for parent in parents for pod in view.owned("pods", parent) if is_active(pod)]
    if target["kind"] != "Rollout":
        return pods
    # The scale subresource's selector: of a blue-green Rollout only the active version counts.
    selector = parse_labels(str((target.get("status") or {}).get("selector") or ""))
    return [pod for pod in pods if selector.matches(pod["metadata"].get("labels") or {})]


def _with_requests(
    pod: JsonObject, effects: dict[str, Effect], requests_to: Callable[[str, str], float | None]
) -> dict[str, Effect]:
    """The first container reports the Pod's request metric, unless a rule sets its number."""
    rate = requests_to(pod["metadata"]["namespace"], pod["metadata"]["name"])
    if rate is None:
        return effects
    first = pod["spec"]["containers"][0]["name"]
    effect = effects.get(first) or Effect()
    return {**effects, first: replace(effect, metrics={REQUESTS: rate, **(effect.metrics or {})})}


def _effects(view: View, book: RuleBook, pod: JsonObject) -> dict[str, Effect]:
    moment = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return effects_of(pod, book.current, ordinal_of(view, pod), owners_of(view, pod), moment)
