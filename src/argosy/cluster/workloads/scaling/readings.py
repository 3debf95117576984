"""The metrics of a HorizontalPodAutoscaler, from the numbers in rules (kinds sheet 5.5). Pure.

`metrics: {cpu: 120}` in a rule is each container's usage of a resource, in percent of its request; for a metric of
type Pods it is the number itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from argosy.cluster.workloads.pods import is_ready
from argosy.cluster.workloads.rules.rules import Effect
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import NANO, nano_units, of, spelled

Sample = tuple[JsonObject, Mapping[str, Effect]]
"""A Pod, and the effect on each of its containers."""
MILLI = 10**6
_SOURCES = {"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods"}


@dataclass(frozen=True, slots=True)
class Reading:
    ratio: float
    """The ratio of usage to target."""
    current: JsonObject
    """An entry of status.currentMetrics."""


def readings_of(spec: JsonObject, pods: Sequence[Sample]) -> list[Reading | None]:
    """One per metric, over ready Pods; None for a metric without a number."""
    ready = [sample for sample in pods if is_ready(sample[0])]
    return [_reading(metric, ready) for metric in spec.get("metrics") or ()]


def _reading(metric: JsonObject, pods: Sequence[Sample]) -> Reading | None:
    field = _SOURCES.get(metric.get("type", ""))
    if field is None:
        return None
    source = metric.get(field) or {}
    target = source.get("target") or {}
    if field == "pods":
        return _of_numbers(source, target, pods)
    name, container = source.get("name", ""), source.get("container", "")
    shares = [share for pod, effects in pods for _, share in _used(pod, effects, name, container)]
    if not shares:
        return None
    value = _value_per_pod(pods, name, container)
    current: JsonObject = {"averageValue": spelled(value or 0, like=of(target.get("averageValue") or "0"))}
    ratio = None
    if goal := target.get("averageUtilization"):
        used = sum(shares) / len(shares)
        ratio, current["averageUtilization"] = used / goal, round(used)
    elif (wanted := _amount(target)) and value is not None:
        ratio = value / wanted
    own = {name: source[name] for name in ("name", "container") if name in source}
    return None if ratio is None else Reading(ratio, {"type": metric["type"], field: {**own, "current": current}})


def _used(pod: JsonObject, effects: Mapping[str, Effect], name: str, only: str) -> Iterator[tuple[JsonObject, float]]:
    """Containers with their usage, in percent of their request."""
    for container in pod["spec"]["containers"]:
        metrics = effects[container["name"]].metrics if container["name"] in effects else None
        if metrics is not None and name in metrics and only in ("", container["name"]):
            yield container, metrics[name]


def _value_per_pod(pods: Sequence[Sample], name: str, only: str) -> int | None:
    """Nano-units; None when no container that uses it has a request."""
    total, said = 0.0, False
    for pod, effects in pods:
        for container, share in _used(pod, effects, name, only):
            request = ((container.get("resources") or {}).get("requests") or {}).get(name)
            if request is not None:
                total, said = total + nano_units(of(request)) * share / 100, True
    return _to_milli(total / len(pods)) if said else None


def _to_milli(nanos: float) -> int:
    """With the precision of upstream's averages."""
    return round(nanos / MILLI) * MILLI


def _of_numbers(source: JsonObject, target: JsonObject, pods: Sequence[Sample]) -> Reading | None:
    name = (source.get("metric") or {}).get("name", "")
    numbers = [sum(used) for pod, effects in pods if (used := [share for _, share in _used(pod, effects, name, "")])]
    goal = _amount(target)
    if not numbers or not goal:
        return None
    average = _to_milli(sum(numbers) / len(numbers) * NANO)
    current = {"averageValue": spelled(average, like=of(target["averageValue"]))}
    return Reading(average / goal, {"type": "Pods", "pods": {"metric": source["metric"], "current": current}})


def _amount(target: JsonObject) -> int:
    return nano_units(of(target["averageValue"])) if target.get("averageValue") else 0
