"""Creates Promotions automatically, where the project's policies say so and no hold exists (spec/kargo.md 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.kargo import Freight, Promotion
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Apart, Event
from argosy.machinery.requests import Write, create
from argosy.promotion.events import promotion_event
from argosy.promotion.freight.availability import availability
from argosy.promotion.kinds import PROMOTIONS
from argosy.promotion.promotions.naming import promotion_name, ulid
from argosy.promotion.stages import holds as holding
from argosy.promotion.stages.candidates import candidates, eligible
from argosy.promotion.stages.order import is_terminal
from argosy.promotion.stages.policies import PolicyError, auto_promotion_enabled
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import ACTOR, Work

AFTER: Final = timedelta(seconds=1)
"""Times have a resolution of seconds: one more second is certainly later, and names of Promotions sort by time."""


def auto_promote(seen: Seen, work: Work, now: datetime) -> Work:
    status_ = work.status
    try:
        enabled = auto_promotion_enabled(seen.policies, seen.stage)
    except PolicyError as error:
        work.conditions.set("Reconciling", "True", "RetryAfterError", str(error))
        return work
    status_["autoPromotionEnabled"] = enabled or None
    kept = holding.of_requests(seen.status.auto_promotion_holds, seen.requests) if enabled else {}
    status_["autoPromotionHolds"] = holding.as_json(kept)
    every = holding.effective(kept, seen.promotions, seen.status.last_name)
    in_force = holding.of_requests(every, seen.requests) if enabled else {}
    status_["effectiveAutoPromotionHolds"] = holding.as_json(in_force)
    if not enabled:
        return work
    return _promoted(seen, work, in_force, now)


def _promoted(seen: Seen, work: Work, in_force: Container[str], now: datetime) -> Work:
    chosen = candidates(seen.stage, eligible(seen.stage, seen.freight, now))
    chains: list[tuple[Write | Event, ...]] = []
    for origin, piece in chosen.items():
        if origin not in in_force and _is_due(seen, piece):
            write = _promotion(seen, piece, now)
            message = f'Automatically promoted Freight from origin "{origin}" for Stage "{seen.key.name}"'
            about = {**write.body, "metadata": {**write.body["metadata"], "creationTimestamp": timestamps.seconds(now)}}
            made, place = read(Promotion, about), seen.settings.argocd_namespace
            event = promotion_event(made, piece, "PromotionCreated", message, applications=place, actor=ACTOR)
            chains.append((write, event))
    # After the status, and separately: a refused one blocks neither the status nor the Freight of another origin.
    after = (Apart(tuple(chains)),) if chains else ()
    return replace(work, after=after, wake_at=_soak_ends(seen, now))


def _is_due(seen: Seen, piece: Freight) -> bool:
    """Not held already, not in progress, and not tried before without success."""
    name = piece.metadata.name
    if seen.status.held and name in seen.status.held.names:
        return False
    own = [one for one in seen.promotions if one.spec.freight == name]
    if any(not is_terminal(one) for one in own):
        return False
    if any(one.status.phase == "Succeeded" and one.metadata.name > seen.status.last_name for one in own):
        return False
    newest = max(own, key=lambda one: one.metadata.name, default=None)
    return newest is None or newest.status.phase == "Succeeded"


def _promotion(seen: Seen, piece: Freight, now: datetime) -> Write:
    """Admission builds the rest.

    The name derives from the Freight and the previous Promotion, its time from theirs: a process that missed its own
    success, or whose cache is stale, creates the same one again.
    """
    stage, made_of, last = seen.stage.metadata, piece.metadata, seen.status.last_promotion
    text = f"{stage.uid}|{made_of.name}|{last.name if last else None}"
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    since = [stage.creation_timestamp, made_of.creation_timestamp]
    moment = max(map(timestamps.parse, [*since, *([last.finished_at] if last and last.finished_at else [])]))
    name = promotion_name(stage.name, made_of.name, ulid(moment + AFTER, bits))
    metadata = {"name": name, "namespace": stage.namespace}
    spec = {"stage": stage.name, "freight": made_of.name, "steps": [{"uses": "fail", "as": "unbuilt"}]}
    body = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Promotion", "metadata": metadata, "spec": spec}
    return create(PROMOTIONS, body)


def _soak_ends(seen: Seen, now: datetime) -> datetime | None:
    times = [found.ripe_at for piece in seen.freight if (found := availability(seen.stage, piece, now)).ripe_at]
    return min((moment for moment in times if moment and moment > now), default=None)
