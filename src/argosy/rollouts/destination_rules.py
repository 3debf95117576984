"""Releases an Istio DestinationRule that no Rollout refers to any more: removes subset hashes and the Rollout's mark.

As `services` does for Services; while a Rollout refers to it, the Rollout's own turn writes both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import NOTHING, Decision, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import merge
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY
from argosy.rollouts.routers.istio.resources import DESTINATION_RULES


def _named_rules(obj: JsonObject) -> Iterable[str]:
    canary = ((obj.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    rule = ((canary.get("trafficRouting") or {}).get("istio") or {}).get("destinationRule") or {}
    return (f"{(obj.get('metadata') or {}).get('namespace')}/{rule['name']}",) if rule.get("name") else ()


BY_RULE = Index("rollout-by-destination-rule", Rollout, _named_rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    rule: JsonObject
    rollouts: tuple[Rollout, ...]
    """Rollouts that refer to it."""


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    rule = snapshot.object(DESTINATION_RULES, key)
    if rule is None or MANAGED_BY not in (rule["metadata"].get("annotations") or {}):
        return None
    return Seen(rule=rule, rollouts=snapshot.indexed(BY_RULE, str(key)))


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.rollouts or seen.rule["metadata"].get("deletionTimestamp"):
        return NOTHING
    subsets = [_without_hash(subset) for subset in (seen.rule.get("spec") or {}).get("subsets") or ()]
    patch: JsonObject = {"metadata": {"annotations": {MANAGED_BY: None}}, "spec": {"subsets": subsets}}
    return Decision((merge(DESTINATION_RULES, seen.rule, patch),))


def _without_hash(subset: JsonObject) -> JsonObject:
    labels = {name: value for name, value in (subset.get("labels") or {}).items() if name != HASH_LABEL}
    rest = {name: value for name, value in subset.items() if name != "labels"}
    return {**rest, "labels": labels} if labels else rest
