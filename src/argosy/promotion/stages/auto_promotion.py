"""Makes Promotions by itself, where the project's policies want that and nobody holds it (spec/kargo.md 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Apart, Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, create
from argosy.promotion.events import promotion_event
from argosy.promotion.freight.availability import availability
from argosy.promotion.freight.references import freight_names
from argosy.promotion.kinds import PROMOTIONS
from argosy.promotion.promotions.naming import promotion_name, ulid
from argosy.promotion.stages import holds as holding
from argosy.promotion.stages.candidates import candidates, eligible
from argosy.promotion.stages.order import is_terminal, phase_of
from argosy.promotion.stages.policies import PolicyError, auto_promotion_enabled
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import ACTOR, Work

AFTER: Final = timedelta(seconds=1)
"""Times are kept in seconds: so much later is later in any case, and names of Promotions sort by time."""


def auto_promote(seen: Seen, work: Work, now: datetime) -> Work:
    status_ = work.status
    try:
        enabled = auto_promotion_enabled(seen.policies, seen.stage)
    except PolicyError as error:
        work.conditions.set("Reconciling", "True", "RetryAfterError", str(error))
        return work
    status_["autoPromotionEnabled"] = enabled or None
    kept = holding.of_requests(status_.get("autoPromotionHolds") or {}, seen.requests) if enabled else {}
    status_["autoPromotionHolds"] = kept or None
    processed = str((status_.get("lastPromotion") or {}).get("name") or "")
    in_force = (
        holding.of_requests(holding.effective(kept, seen.promotions, processed), seen.requests) if enabled else {}
    )
    status_["effectiveAutoPromotionHolds"] = in_force or None
    if not enabled:
        return work
    return _promoted(seen, work, in_force, now)


def _promoted(seen: Seen, work: Work, in_force: Mapping[str, Any], now: datetime) -> Work:
    chosen = candidates(seen.stage, eligible(seen.stage, seen.freight, now))
    chains: list[tuple[Write | Event, ...]] = []
    for origin, piece in chosen.items():
        if origin not in in_force and _is_due(seen, piece):
            write = _promotion(seen, piece, now)
            message = f'Automatically promoted Freight from origin "{origin}" for Stage "{seen.key.name}"'
            about = {**write.body, "metadata": {**write.body["metadata"], "creationTimestamp": timestamps.seconds(now)}}
            place = seen.settings.argocd_namespace
            event = promotion_event(about, piece, "PromotionCreated", message, applications=place, actor=ACTOR)
            chains.append((write, event))
    # After the status, and apart: one that is refused keeps neither that nor the Freight of another origin back.
    after = (Apart(tuple(chains)),) if chains else ()
    return replace(work, after=after, wake_at=_soak_ends(seen, now))


def _is_due(seen: Seen, piece: JsonObject) -> bool:
    """Not held already, not under way, and not tried in vain."""
    name = piece["metadata"]["name"]
    history = seen.status.get("freightHistory") or ()
    if history and name in freight_names(history[0]):
        return False
    own = [one for one in seen.promotions if one["spec"].get("freight") == name]
    if any(not is_terminal(one) for one in own):
        return False
    last = str((seen.status.get("lastPromotion") or {}).get("name") or "")
    if any(phase_of(one) == "Succeeded" and str(one["metadata"]["name"]) > last for one in own):
        return False
    newest = max(own, key=lambda one: str(one["metadata"]["name"]), default=None)
    return newest is None or phase_of(newest) == "Succeeded"


def _promotion(seen: Seen, piece: JsonObject, now: datetime) -> Write:
    """Admission builds the rest.

    The name is made of the Freight and of the Promotion before, its moment of theirs: asked for twice, by a process
    that did not learn of its success or by one that sees too little, it is the same one.
    """
    last = seen.status.get("lastPromotion") or {}
    text = f"{seen.stage['metadata']['uid']}|{piece['metadata']['name']}|{last.get('name')}"
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    since = [seen.stage["metadata"]["creationTimestamp"], piece["metadata"]["creationTimestamp"]]
    moment = max(map(timestamps.parse, [*since, *([last["finishedAt"]] if last.get("finishedAt") else [])]))
    name = promotion_name(seen.key.name, piece["metadata"]["name"], ulid(moment + AFTER, bits))
    metadata = {
        "name": name,
        "namespace": seen.key.namespace,
    }
    spec = {"stage": seen.key.name, "freight": piece["metadata"]["name"], "steps": [{"uses": "fail", "as": "unbuilt"}]}
    body = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Promotion", "metadata": metadata, "spec": spec}
    return create(PROMOTIONS, body)


def _soak_ends(seen: Seen, now: datetime) -> datetime | None:
    times = [found.ripe_at for piece in seen.freight if (found := availability(seen.stage, piece, now)).ripe_at]
    return min((moment for moment in times if moment and moment > now), default=None)
