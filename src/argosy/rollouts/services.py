"""Releases a Service that no Rollout refers to any more: removes the hash in its selector and the Rollout's mark.

Owns only that; while a Rollout refers to the Service, the Rollout's own turn writes both. Section 8.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Rollout
from argosy.machinery.controller import NOTHING, Decision, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import merge
from argosy.rollouts.resources import HASH_LABEL, MANAGED_BY

_PLACES = {
    "canary": ("canaryService", "stableService"),
    "blueGreen": ("activeService", "previewService"),
}


def _named_services(obj: JsonObject) -> Iterable[str]:
    strategy = (obj.get("spec") or {}).get("strategy") or {}
    names = [(strategy.get(kind) or {}).get(field) for kind, fields in _PLACES.items() for field in fields]
    pair = (strategy.get("canary") or {}).get("pingPong") or {}
    names += [pair.get("pingService"), pair.get("pongService")]
    namespace = (obj.get("metadata") or {}).get("namespace")
    return {f"{namespace}/{name}" for name in names if name}


BY_SERVICE = Index("rollout-by-service", Rollout, _named_services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    service: Service
    rollouts: tuple[Rollout, ...]
    """Rollouts that refer to it."""


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    service = snapshot.get(Service, key)
    if service is None or service.metadata.deletion_timestamp or MANAGED_BY not in service.metadata.annotations:
        return None
    return Seen(service=service, rollouts=snapshot.indexed(BY_SERVICE, str(key)))


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.rollouts:
        return NOTHING
    patch = {
        "metadata": {"annotations": {MANAGED_BY: None}},
        "spec": {"selector": {HASH_LABEL: None}},
    }
    return Decision((merge(Service, seen.service, patch),))
