"""Anti-affinity that keeps the pods of an update away from the stable ones. Section 8.3."""

from __future__ import annotations

from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.strategy import AntiAffinity
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.sums import HASH_LABEL
from argosy.rollouts.revisions.hashing import pod_template_hash

PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def rule_of(rollout: Rollout) -> AntiAffinity | None:
    strategy = rollout.spec.strategy
    found = strategy.canary.anti_affinity if strategy.canary and strategy.canary.anti_affinity else None
    found = found or (strategy.blue_green.anti_affinity if strategy.blue_green else None)
    if found is None or (
        _preferred(found) is None and found.required_during_scheduling_ignored_during_execution is None
    ):
        return None
    return found


def _preferred(rule: AntiAffinity) -> int | None:
    preferred = rule.preferred_during_scheduling_ignored_during_execution
    return preferred.weight if preferred is not None else None


def affinity_for(rollout: Rollout) -> JsonObject | None:
    """The wanted affinity of the new ReplicaSet."""
    template = rollout.spec.template or {}
    own: JsonObject | None = (template.get("spec") or {}).get("affinity")
    rule, stable = rule_of(rollout), rollout.status.stable_rs
    if rule is None or not stable or stable == pod_template_hash(template, rollout.status.collision_count):
        return own
    term: JsonObject = {
        "labelSelector": {"matchExpressions": [{"key": HASH_LABEL, "operator": "In", "values": [stable]}]},
        "namespaces": [rollout.namespace],
        "topologyKey": "kubernetes.io/hostname",
    }
    anti = dict((own or {}).get("podAntiAffinity") or {})
    if (weight := _preferred(rule)) is not None:
        anti[PREFERRED] = [*(anti.get(PREFERRED) or ()), {"weight": weight, "podAffinityTerm": term}]
    else:
        anti[REQUIRED] = [*(anti.get(REQUIRED) or ()), term]
    return {**(own or {}), "podAntiAffinity": anti}


def without_injected(rollout: Rollout, affinity: JsonObject | None) -> JsonObject | None:
    """A live affinity without the injected term."""
    rule = rule_of(rollout)
    if rule is None or not affinity or (at := _injected_at(rule, affinity)) is None:
        return affinity
    anti = dict(affinity["podAntiAffinity"])
    kind = PREFERRED if _preferred(rule) is not None else REQUIRED
    anti[kind] = [*anti[kind][:at], *anti[kind][at + 1 :]]
    anti = {name: terms for name, terms in anti.items() if terms}
    rest = {name: value for name, value in affinity.items() if name != "podAntiAffinity"}
    return ({**rest, "podAntiAffinity": anti} if anti else rest) or None


def is_outdated(rollout: Rollout, affinity: JsonObject | None) -> bool:
    """Whether the injected term names a ReplicaSet that is no longer the stable one."""
    rule, stable = rule_of(rollout), rollout.status.stable_rs
    if rule is None or not affinity or (at := _injected_at(rule, affinity)) is None:
        return False
    if stable == pod_template_hash(rollout.spec.template or {}, rollout.status.collision_count):
        return False
    values = [
        value for wanted in _expressions(_terms(rule, affinity)[at]) for value in (wanted.get("values") or ())[:1]
    ]
    return any(value != stable for value in values)


def _terms(rule: AntiAffinity, affinity: JsonObject) -> list[JsonObject]:
    anti = affinity.get("podAntiAffinity") or {}
    if _preferred(rule) is not None:
        return [item.get("podAffinityTerm") or {} for item in anti.get(PREFERRED) or ()]
    return list(anti.get(REQUIRED) or ())


def _expressions(term: JsonObject) -> list[JsonObject]:
    found = (term.get("labelSelector") or {}).get("matchExpressions") or ()
    return [item for item in found if item.get("key") == HASH_LABEL]


def _injected_at(rule: AntiAffinity, affinity: JsonObject) -> int | None:
    return next((at for at, term in enumerate(_terms(rule, affinity)) if _expressions(term)), None)
