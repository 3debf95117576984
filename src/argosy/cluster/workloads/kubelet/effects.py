"""The effect of rules and annotations on one Pod: for the kubelet, its logs, and autoscalers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from argosy.cluster.workloads.kubelet.commanded import commanded
from argosy.cluster.workloads.pods import containers_of
from argosy.cluster.workloads.rules.rule_reading import RuleError, annotated
from argosy.cluster.workloads.rules.rules import DEFAULTS, Effect, Rule, means
from argosy.cluster.workloads.view import View, controller_of
from argosy.machinery.objects import JsonObject, Key


def effects_of(
    pod: JsonObject, rules: Sequence[Rule], ordinal: int | None, owners: Sequence[tuple[str, str]], now: datetime
) -> dict[str, Effect]:
    """The effect for each container, by name."""
    return {item["name"]: effect_for(rules, pod, item, ordinal, owners, now) for item in containers_of(pod)}


def effect_for(
    rules: Sequence[Rule],
    pod: JsonObject,
    container: JsonObject,
    ordinal: int | None,
    owners: Sequence[tuple[str, str]],
    now: datetime,
) -> Effect:
    """`owners`: (kind, name) of the controller and of its controllers."""
    found = next((rule.effect for rule in rules if means(rule.match, pod, container, ordinal, owners, now)), Effect())
    return _annotated(pod).over(found).over(commanded(container)).over(DEFAULTS)


def _annotated(pod: JsonObject) -> Effect:
    try:
        return annotated(pod)
    except RuleError:
        return Effect()


def ordinal_of(view: View, pod: JsonObject) -> int | None:
    labels = pod["metadata"].get("labels") or {}
    for name in ("apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index"):
        if labels.get(name, "").isdigit():
            return int(labels[name])
    return view.index_of(pod)


def owners_of(view: View, pod: JsonObject) -> tuple[tuple[str, str], ...]:
    """The Pod's controller, and that one's: a rule may name the Deployment as well as the ReplicaSet."""
    first = _controller(pod)
    if first is None:
        return ()
    plural = {"ReplicaSet": "replicasets", "Job": "jobs"}.get(first[0])
    parent = view.get(plural, Key(pod["metadata"]["namespace"], first[1])) if plural else None
    second = _controller(parent) if parent is not None else None
    return (first, second) if second is not None else (first,)


def _controller(pod: JsonObject) -> tuple[str, str] | None:
    owner = controller_of(pod)
    return (owner["kind"], owner["name"]) if owner is not None else None
